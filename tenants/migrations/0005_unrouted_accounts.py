from django.db import migrations, models
from django.db.models.deletion import CASCADE

# What was kept so far is counted by account; no body is lost. The constraints are checked at once, since the table is
# altered in the same transaction.
COUNT = """
INSERT INTO tenants_unroutedaccount (kind, external_id, count, first_seen_at, last_seen_at)
SELECT kind, external_id, count(*), min(received_at), max(received_at) FROM tenants_unroutedwebhook GROUP BY 1, 2;
UPDATE tenants_unroutedwebhook w SET account_id = a.id FROM tenants_unroutedaccount a
WHERE a.kind = w.kind AND a.external_id = w.external_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ('tenants', '0004_route_account'),
    ]

    operations = [
        migrations.CreateModel(
            name="UnroutedAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("external_id", models.CharField(blank=True, max_length=128)),
                ("count", models.PositiveBigIntegerField(default=0)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "external_id"), name="unrouted_account_once")],
            },
        ),
        migrations.AddField(
            model_name="unroutedwebhook",
            name="account",
            field=models.ForeignKey(null=True, on_delete=CASCADE, related_name="webhooks", to="tenants.unroutedaccount"),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="unroutedwebhook",
            name="account",
            field=models.ForeignKey(on_delete=CASCADE, related_name="webhooks", to="tenants.unroutedaccount"),
        ),
        migrations.RemoveField(model_name="unroutedwebhook", name="kind"),
        migrations.RemoveField(model_name="unroutedwebhook", name="external_id"),
    ]
