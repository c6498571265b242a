"""The audit log is only ever added to: the database itself refuses anything else."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION tenants_auditentry_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON tenants_auditentry
    FOR EACH ROW EXECUTE FUNCTION tenants_auditentry_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON tenants_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION tenants_auditentry_append_only();
"""
BACKWARD = """
DROP TRIGGER append_only_truncate ON tenants_auditentry;
DROP TRIGGER append_only ON tenants_auditentry;
DROP FUNCTION tenants_auditentry_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
