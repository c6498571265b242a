from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models import Company

ALERTS = (50, 80, 100)


class Budget(models.Model):
    """What a company wants to spend on messages in a month at most.

    With a hard stop nothing is sent beyond it; `reply_reserve` is the part of it that only replies may use.
    """

    company = models.OneToOneField(Company, on_delete=models.CASCADE, related_name="budget")
    currency = models.CharField(max_length=3, default="EUR")
    month_limit = models.DecimalField(_("monthly limit"), max_digits=14, decimal_places=2)
    hard_stop = models.BooleanField(_("stop at the limit"), default=False)
    reply_reserve = models.DecimalField(_("kept for replies"), max_digits=14, decimal_places=2, default=0)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    month_limit__gte=0, reply_reserve__gte=0, reply_reserve__lte=models.F("month_limit")
                ),
                name="budget_reserve_within",
            )
        ]


class BudgetMonth(models.Model):
    """Where a company stands in a month: what is rated, and what is reserved for messages that are under way.

    The row's lock orders all who want to send.
    """

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()
    rated = models.DecimalField(max_digits=18, decimal_places=6, default=0)
    reserved = models.DecimalField(max_digits=18, decimal_places=6, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "month"], name="budget_month_once"),
            models.CheckConstraint(condition=models.Q(reserved__gte=0), name="budget_reserved_not_negative"),
        ]

    @property
    def committed(self) -> Decimal:
        return self.rated + self.reserved


class ReservationState(models.TextChoices):
    """open ─► settled (delivered, its price known) ─► counted (in the rated usage) ; open ─► released (not sent)."""

    OPEN = "open", _("Open")
    SETTLED = "settled", _("Settled")
    COUNTED = "counted", _("Counted")
    RELEASED = "released", _("Released")


class Reservation(models.Model):
    """Money put aside for a message before it is sent; its `key` is that of the usage record it becomes."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, db_index=False, related_name="+")
    key = models.CharField(max_length=64)
    month = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=6)
    state = models.CharField(max_length=8, choices=ReservationState.choices, default=ReservationState.OPEN)
    reserved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "key"], name="reservation_once")]
        indexes = [
            # What is still under way in a month.
            models.Index(
                fields=["company", "month"], name="reservation_held", condition=models.Q(state__in=["open", "settled"])
            )
        ]


class BudgetAlert(models.Model):
    """A threshold that was passed in a month, once."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()
    percent = models.PositiveSmallIntegerField()
    passed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "month", "percent"], name="budget_alert_once")]
