"""What has happened and what was published stays as it is: the database itself refuses anything else."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION billing_usagerecord_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Usage records are append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON billing_usagerecord
    FOR EACH ROW EXECUTE FUNCTION billing_usagerecord_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON billing_usagerecord
    FOR EACH STATEMENT EXECUTE FUNCTION billing_usagerecord_append_only();

CREATE FUNCTION billing_ratecard_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'published' THEN
        RAISE EXCEPTION 'A published rate card never changes';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER published BEFORE UPDATE OR DELETE ON billing_ratecard
    FOR EACH ROW EXECUTE FUNCTION billing_ratecard_published();

CREATE FUNCTION billing_rate_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND EXISTS (SELECT 1 FROM billing_ratecard WHERE id = OLD.card_id AND state = 'published')
        OR TG_OP <> 'DELETE' AND EXISTS (SELECT 1 FROM billing_ratecard WHERE id = NEW.card_id AND state = 'published')
    THEN
        RAISE EXCEPTION 'A published rate card never changes';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER published BEFORE INSERT OR UPDATE OR DELETE ON billing_rate
    FOR EACH ROW EXECUTE FUNCTION billing_rate_published();

CREATE FUNCTION billing_plan_pinned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'is_public' - 'name') IS DISTINCT FROM (to_jsonb(OLD) - 'is_public' - 'name')
        AND EXISTS (SELECT 1 FROM billing_subscription WHERE plan_id = OLD.id)
    THEN
        RAISE EXCEPTION 'A plan somebody is on never changes: publish its next version';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pinned BEFORE UPDATE ON billing_plan FOR EACH ROW EXECUTE FUNCTION billing_plan_pinned();

CREATE FUNCTION billing_pricelist_dated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'valid_to' - 'label') IS DISTINCT FROM (to_jsonb(OLD) - 'valid_to' - 'label') THEN
        RAISE EXCEPTION 'Of a price list only its end is set: a change is a new list';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dated BEFORE UPDATE ON billing_pricelist FOR EACH ROW EXECUTE FUNCTION billing_pricelist_dated();

CREATE FUNCTION billing_ratedline_claimed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.claimed_by IS NOT NULL AND (TG_OP = 'DELETE' OR NEW.claimed_by IS NOT NULL
        OR (to_jsonb(NEW) - 'claimed_by' - 'claimed_at') IS DISTINCT FROM (to_jsonb(OLD) - 'claimed_by' - 'claimed_at'))
    THEN
        RAISE EXCEPTION 'A line that is on an invoice never changes';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER claimed BEFORE UPDATE OR DELETE ON billing_ratedline
    FOR EACH ROW EXECUTE FUNCTION billing_ratedline_claimed();
"""
BACKWARD = """
DROP TRIGGER claimed ON billing_ratedline;
DROP FUNCTION billing_ratedline_claimed();
DROP TRIGGER dated ON billing_pricelist;
DROP FUNCTION billing_pricelist_dated();
DROP TRIGGER pinned ON billing_plan;
DROP FUNCTION billing_plan_pinned();
DROP TRIGGER published ON billing_rate;
DROP FUNCTION billing_rate_published();
DROP TRIGGER published ON billing_ratecard;
DROP FUNCTION billing_ratecard_published();
DROP TRIGGER append_only_truncate ON billing_usagerecord;
DROP TRIGGER append_only ON billing_usagerecord;
DROP FUNCTION billing_usagerecord_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [('billing', '0004_invoices')]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
