from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _, pgettext_lazy

from tenants.models import Company


class Origin(models.TextChoices):
    """What a message was sent for."""

    REPLY = "reply", pgettext_lazy("what a message was sent for", "Reply")
    BOT = "bot", _("Bot")
    BROADCAST = "broadcast", _("Broadcast")
    NOTIFICATION = "notification", _("Notification")
    TEST = "test", _("Test")


class UsageRecordQuerySet(models.QuerySet["UsageRecord"]):
    def of(self, company: Company) -> UsageRecordQuerySet:
        return self.filter(company_id=company.pk)

    def standing(self) -> UsageRecordQuerySet:
        """What holds today: neither taken back nor a taking back."""
        corrected = UsageRecord.objects.filter(corrects=OuterRef("pk"))
        return self.filter(quantity__gt=0).exclude(Exists(corrected))

    def in_order(self) -> UsageRecordQuerySet:
        """As the free messages of a month are used up."""
        return self.order_by("occurred_at", "source_key")


class UsageRecord(models.Model):
    """One charge that happened, once per `source_key`. Only ever added to; the database refuses anything else.

    A correction is two records that name the one they correct: one takes it back (`quantity` below zero), one says what
    holds instead. Their `revision` counts on, so that a repeated correction is counted once too.
    """

    company = models.ForeignKey(
        Company, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    source_key = models.CharField(max_length=64)
    revision = models.PositiveSmallIntegerField(default=0)
    # Without a constraint to check on every insert: the statement that writes it has just read the other record.
    corrects = models.ForeignKey(
        "self", on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    channel_kind = models.CharField(max_length=12)
    channel_public_id = models.CharField(max_length=16)
    number = models.CharField(max_length=128)
    account_external_id = models.CharField(max_length=128, blank=True)
    market = models.CharField(max_length=60, blank=True)
    market_found_by = models.CharField(max_length=8, blank=True)
    # As the provider reported them; our own guess while `verified` is false.
    category = models.CharField(max_length=40)
    pricing_type = models.CharField(max_length=32, blank=True)
    verified = models.BooleanField()
    origin = models.CharField(max_length=12, choices=Origin.choices)
    broadcast_public_id = models.CharField(max_length=16, blank=True)
    message_public_id = models.CharField(max_length=16)
    conversation_public_id = models.CharField(max_length=16)
    author_id = models.BigIntegerField(null=True)
    occurred_at = models.DateTimeField()
    day = models.DateField()
    recorded_at = models.DateTimeField(default=timezone.now)
    quantity = models.SmallIntegerField(default=1)

    objects = UsageRecordQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source_key", "revision"], name="usage_counted_once")]
        indexes = [
            # The rollup of a day, and the messages behind a line.
            models.Index(fields=["company", "day"], name="usage_of_day"),
            models.Index(fields=["corrects"], name="usage_corrections", condition=models.Q(corrects__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.source_key


class DirtyDay(models.Model):
    """A day of a company whose rollup is behind its records; `marks` grows with every batch of new ones."""

    company = models.ForeignKey(
        Company, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    day = models.DateField()
    marks = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "day"], name="dirty_day_once")]


class DailyUsageQuerySet(models.QuerySet["DailyUsage"]):
    def of(self, company: Company) -> DailyUsageQuerySet:
        return self.filter(company_id=company.pk)

    def between(self, first: date, last: date) -> DailyUsageQuerySet:
        return self.filter(day__range=(first, last))

    def in_order(self) -> DailyUsageQuerySet:
        """One order for everybody who counts through a month."""
        return self.order_by("day", *DIMENSIONS)


class DailyUsage(models.Model):
    """What a company used on a day, counted anew from its records whenever they change; never added up."""

    company = models.ForeignKey(
        Company, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    day = models.DateField()
    channel_kind = models.CharField(max_length=12)
    channel_public_id = models.CharField(max_length=16)
    number = models.CharField(max_length=128)
    market = models.CharField(max_length=60, blank=True)
    category = models.CharField(max_length=40)
    pricing_type = models.CharField(max_length=32, blank=True)
    origin = models.CharField(max_length=12, choices=Origin.choices)
    broadcast_public_id = models.CharField(max_length=16, blank=True)
    quantity = models.PositiveIntegerField()
    unverified = models.PositiveIntegerField(default=0)

    objects = DailyUsageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "company",
                    "day",
                    "channel_kind",
                    "channel_public_id",
                    "number",
                    "market",
                    "category",
                    "pricing_type",
                    "origin",
                    "broadcast_public_id",
                ],
                name="daily_usage_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.market} {self.category}: {self.quantity}"


# What a day's usage is told apart by.
DIMENSIONS = ("channel_kind channel_public_id number market category pricing_type origin broadcast_public_id").split()
