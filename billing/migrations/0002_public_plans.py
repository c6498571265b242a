"""The plans every installation begins with. Their prices are changed by the operator, not by a later migration."""

from decimal import Decimal

from django.db import migrations

PLANS = [
    {
        "code": "start",
        "name": "Start",
        "monthly_fee": Decimal("29.00"),
        "seats": 3,
        "extra_seat_fee": Decimal("9.00"),
        "included_messages": 1_000,
        "message_fee": Decimal("0.0100"),
    },
    {
        "code": "team",
        "name": "Team",
        "monthly_fee": Decimal("99.00"),
        "seats": 10,
        "extra_seat_fee": Decimal("8.00"),
        "included_messages": 10_000,
        "message_fee": Decimal("0.0060"),
    },
    {
        "code": "haus",
        "name": "Haus",
        "monthly_fee": Decimal("349.00"),
        "seats": 40,
        "extra_seat_fee": Decimal("6.00"),
        "included_messages": 60_000,
        "message_fee": Decimal("0.0030"),
    },
]


def offer(apps, schema_editor):
    plan = apps.get_model("billing", "Plan")
    for values in PLANS:
        plan.objects.get_or_create(code=values["code"], defaults=values)


def withdraw(apps, schema_editor):
    codes = [values["code"] for values in PLANS]
    apps.get_model("billing", "Plan").objects.filter(code__in=codes).delete()


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [migrations.RunPython(offer, withdraw)]
