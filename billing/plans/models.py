from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _


class PlanQuerySet(models.QuerySet["Plan"]):
    def on_offer(self) -> PlanQuerySet:
        """What the public price list shows, cheapest first."""
        return self.filter(is_public=True).order_by("monthly_fee", "pk")


class Plan(models.Model):
    """What a company pays each month, apart from its messages."""

    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(_("plan"), max_length=60)
    monthly_fee = models.DecimalField(_("monthly fee"), max_digits=10, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR")
    seats = models.PositiveIntegerField(_("seats"))
    extra_seat_fee = models.DecimalField(_("each further seat"), max_digits=10, decimal_places=2)
    included_messages = models.PositiveIntegerField(_("included messages"), default=0)
    message_fee = models.DecimalField(_("fee per message"), max_digits=10, decimal_places=6, default=0)
    is_public = models.BooleanField(default=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(monthly_fee__gte=0), name="plan_fee_not_negative")]

    def __str__(self) -> str:
        return self.name

    def fee_for(self, messages: int) -> Decimal:
        """What a month with so many messages costs beside the provider's price."""
        beyond = max(0, messages - self.included_messages)
        return (self.monthly_fee + beyond * self.message_fee).quantize(Decimal("0.01"), ROUND_HALF_UP)

    def fee_per_message(self) -> Decimal:
        """The fee with four places, or with as many more as it needs."""
        shown = self.message_fee.quantize(Decimal("0.0001"))
        return shown if shown == self.message_fee else self.message_fee.normalize()
