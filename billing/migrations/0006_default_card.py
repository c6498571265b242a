"""What every installation begins with: the shipped card, its markets, and the provider's price passed on as it is.

The operator's own cards follow by import, prices by new lists; a later migration changes neither.
"""

import hashlib
from datetime import date
from decimal import Decimal

from django.db import migrations
from django.utils import timezone

from billing.rating.card import DATA, whatsapp_card
from tenants.lib.ids import new_public_id

KIND = "whatsapp"
# Before this day messages were not priced one by one.
BEGINNING = date(2025, 7, 1)


def ship(apps, schema_editor):
    card = whatsapp_card()
    markets(apps.get_model("billing", "MarketPrefix"), card)
    cards(apps.get_model("billing", "RateCard"), apps.get_model("billing", "Rate"), card)
    apps.get_model("billing", "PriceList").objects.create(
        public_id=new_public_id(),
        currency="EUR",
        label="The provider's price",
        markup_percent=Decimal(0),
        valid_from=BEGINNING,
    )


def markets(model, card):
    model.objects.bulk_create(
        model(
            channel_kind=KIND,
            prefix=prefix,
            market=one.market,
            valid_from=max(one.valid_from, BEGINNING),
            valid_to=None if one.valid_to == date.max else one.valid_to,
        )
        for prefix, memberships in card.table.by_prefix.items()
        for one in memberships
    )


def cards(card_model, rate_model, card):
    rates = [rate for history in card.rates.values() for rate in history]
    file_hash = hashlib.sha256((DATA / "whatsapp_rates.csv").read_bytes()).hexdigest()
    for currency, day in sorted({(rate.currency, rate.effective_from) for rate in rates}):
        made = card_model.objects.create(
            public_id=new_public_id(),
            channel_kind=KIND,
            currency=currency,
            label=f"{day.isoformat()} (shipped)",
            valid_from=day,
            is_partial=True,
            file_hash=file_hash,
        )
        rate_model.objects.bulk_create(
            rate_model(
                card=made, market=rate.market, category=rate.category.value, amount=rate.amount, source=rate.source[:200]
            )
            for rate in rates
            if (rate.currency, rate.effective_from) == (currency, day)
        )
        made.state, made.published_at = "published", timezone.now()
        made.save()


def withdraw(apps, schema_editor):
    """Going back drops the tables next; the triggers that guard a published card are gone with the step after this."""


class Migration(migrations.Migration):
    dependencies = [('billing', '0005_usage_guards')]
    operations = [migrations.RunPython(ship, withdraw)]
