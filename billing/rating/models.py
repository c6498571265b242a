from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import connection, models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.markets.models import days, same, same_text
from billing.rating.card import Category
from tenants.lib.ids import new_public_id
from tenants.models import Company


def hold_cards(channel_kind: str) -> None:
    """One import or publication of a kind of channel at a time, to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"billing.cards:{channel_kind}"])


class CardState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    PUBLISHED = "published", _("Published")


class RateCard(models.Model):
    """A provider's prices in one currency, from a day on: draft ─► approved (by somebody else) ─► published.

    The database keeps a published card and its rates as they are. A card that was wrong is followed by one of the same
    day with a higher `revision`. A market the card does not name keeps the rate of the card before.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    channel_kind = models.CharField(max_length=12)
    currency = models.CharField(max_length=3)
    label = models.CharField(_("version"), max_length=60)
    valid_from = models.DateField(_("valid from"))
    revision = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=CardState.choices, default=CardState.DRAFT)
    # {market: [prefixes]} from `valid_from` on; empty when the card follows the markets that are known.
    memberships = models.JSONField(default=dict)
    is_partial = models.BooleanField(default=False)
    file_hash = models.CharField(max_length=64)
    imported_by_id = models.BigIntegerField(null=True)
    approved_by_id = models.BigIntegerField(null=True)
    published_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel_kind", "currency", "valid_from", "revision"],
                condition=Q(state="published"),
                name="rate_card_one_published",
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel_kind} {self.currency} {self.label}"


class Rate(models.Model):
    """What the provider asks for one message, up to a volume: the part of a month's messages above `tier_from`."""

    card = models.ForeignKey(RateCard, on_delete=models.CASCADE, related_name="rates", db_index=False)
    market = models.CharField(max_length=60)
    category = models.CharField(max_length=40, choices=Category.choices)
    tier_from = models.PositiveBigIntegerField(default=0)
    tier_to = models.PositiveBigIntegerField(null=True)
    amount = models.DecimalField(max_digits=12, decimal_places=6)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["card", "market", "category", "tier_from"], name="rate_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="rate_not_negative"),
        ]


class PriceList(models.Model):
    """How a provider's price becomes ours, from a day to a day: for one company, or for all that have no own.

    Never below `floor`, for a message that costs us something. A change is a new list; only its end is ever set.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, related_name="price_lists")
    currency = models.CharField(max_length=3)
    label = models.CharField(max_length=60)
    markup_percent = models.DecimalField(_("mark-up"), max_digits=7, decimal_places=3, default=Decimal(0))
    floor = models.DecimalField(_("least price"), max_digits=12, decimal_places=6, default=Decimal(0))
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    created_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="price_list_one_at_a_time",
                expressions=[
                    same(Func(F("company"), Value(0), function="COALESCE")),
                    same_text("currency"),
                    days("valid_from", "valid_to"),
                ],
            ),
            models.CheckConstraint(condition=Q(markup_percent__gte=-100, floor__gte=0), name="price_list_sane"),
        ]

    def __str__(self) -> str:
        return self.label


class PriceOverride(models.Model):
    """A price of ours that stands whatever the provider asks; an empty market is every market."""

    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, related_name="overrides", db_index=False)
    market = models.CharField(max_length=60, blank=True)
    category = models.CharField(max_length=40, choices=Category.choices)
    unit_price = models.DecimalField(max_digits=12, decimal_places=6)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["price_list", "market", "category"], name="price_override_once"),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="price_override_not_negative"),
        ]


class ExchangeRate(models.Model):
    """What one unit of `base` is in `quote`, from a day until the next; entered by staff."""

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    valid_from = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    source = models.CharField(max_length=120, blank=True)
    entered_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["base", "quote", "valid_from"], name="exchange_rate_once"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_positive"),
        ]


class LineKind(models.TextChoices):
    """What a line charges. `FEE` is the plan's own fee per message."""

    USAGE = "usage", _("Messages")
    FEE = "fee", _("Message fee")
    PLAN = "plan", _("Plan")
    SEATS = "seats", _("Seats")


class RatedLineQuerySet(models.QuerySet["RatedLine"]):
    def of(self, company: Company) -> RatedLineQuerySet:
        return self.filter(company_id=company.pk)

    def open(self) -> RatedLineQuerySet:
        """Not on an invoice yet."""
        return self.filter(claimed_by=None)

    def claimed(self) -> RatedLineQuerySet:
        return self.exclude(claimed_by=None)


class RatedLine(models.Model):
    """A priced part of a company's month. Open lines follow the usage; one that an invoice has claimed never changes.

    What comes late makes another line of the same `key` with the next `turn`: the difference to what is claimed.
    `charge_key` is what lines have in common that one line of an invoice tells together.
    """

    company = models.ForeignKey(
        Company, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    month = models.DateField()
    kind = models.CharField(max_length=6, choices=LineKind.choices)
    key = models.CharField(max_length=32)
    charge_key = models.CharField(max_length=32)
    turn = models.PositiveSmallIntegerField(default=0)
    channel_public_id = models.CharField(max_length=16, blank=True)
    number = models.CharField(max_length=128, blank=True)
    market = models.CharField(max_length=60, blank=True)
    category = models.CharField(max_length=40, blank=True)
    pricing_type = models.CharField(max_length=32, blank=True)
    origin = models.CharField(max_length=12, blank=True)
    broadcast_public_id = models.CharField(max_length=16, blank=True)
    description = models.JSONField(default=dict)
    service_from = models.DateField()
    service_to = models.DateField()
    rate_ref = models.CharField(max_length=40, blank=True)
    rule_ref = models.CharField(max_length=40, blank=True)
    price_ref = models.CharField(max_length=40, blank=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    unit_cost = models.DecimalField(max_digits=12, decimal_places=6)
    cost_currency = models.CharField(max_length=3)
    exchange_rate = models.DecimalField(max_digits=18, decimal_places=8)
    # In `currency`, not rounded: an invoice rounds once per line.
    unit_price = models.DecimalField(max_digits=14, decimal_places=6)
    currency = models.CharField(max_length=3)
    cost = models.DecimalField(max_digits=28, decimal_places=14)
    net = models.DecimalField(max_digits=24, decimal_places=12)
    claimed_by = models.CharField(max_length=64, null=True)
    claimed_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(default=timezone.now)

    objects = RatedLineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "month", "key", "turn"], name="rated_line_once"),
            models.CheckConstraint(
                condition=Q(claimed_by=None, claimed_at=None) | Q(claimed_by__isnull=False, claimed_at__isnull=False),
                name="rated_line_claim_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "charge_key", "turn"], name="rated_line_charge"),
            models.Index(fields=["claimed_by"], name="rated_line_claims", condition=Q(claimed_by__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.kind} {self.market} {self.category}: {self.quantity} × {self.unit_price}"


class UnratedUsage(models.Model):
    """Why a part of a company's month has no price; written anew when the month is rated. An invoice waits for it."""

    company = models.ForeignKey(
        Company, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    month = models.DateField()
    missing = models.CharField(max_length=16)
    day = models.DateField()
    market = models.CharField(max_length=60, blank=True)
    category = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    quantity = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "month", "missing", "market", "category", "currency"], name="unrated_usage_once"
            )
        ]
