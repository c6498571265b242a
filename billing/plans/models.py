from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.markets.models import days, same
from tenants.lib.ids import new_public_id
from tenants.models import Company


class PlanQuerySet(models.QuerySet["Plan"]):
    def on_offer(self) -> PlanQuerySet:
        """What the public price list shows, cheapest first."""
        return self.filter(is_public=True).order_by("monthly_fee", "pk")


class Plan(models.Model):
    """One version of what a company pays each month, apart from its messages.

    A subscription pins a version; from then on the database keeps its figures. A change is the next version.
    """

    code = models.SlugField(max_length=30)
    version = models.PositiveSmallIntegerField(default=1)
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
        constraints = [
            models.CheckConstraint(condition=models.Q(monthly_fee__gte=0), name="plan_fee_not_negative"),
            models.UniqueConstraint(fields=["code", "version"], name="plan_version_once"),
            models.UniqueConstraint(fields=["code"], condition=Q(is_public=True), name="plan_one_on_offer"),
        ]

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


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def of(self, company: Company) -> SubscriptionQuerySet:
        return self.filter(company=company).select_related("plan")

    def between(self, first: date, last: date) -> SubscriptionQuerySet:
        """Those that run on any of these days, in order."""
        return self.filter(Q(until=None) | Q(until__gte=first), since__lte=last).order_by("since")

    def on(self, day: date) -> SubscriptionQuerySet:
        return self.between(day, day)


class Subscription(models.Model):
    """A company's plan, from a day to a day, both included; one at a time.

    `included` holds messages per category and month whose price the company does not pay, such as {"utility": 500}.
    A month with two plans has what the plan in force says, less what was covered before the change.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="subscriptions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    seats = models.PositiveIntegerField(_("included seats"))
    included = models.JSONField(default=dict)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="subscription_one_at_a_time", expressions=[same(F("company")), days("since", "until")]
            )
        ]

    def __str__(self) -> str:
        return f"{self.company} {self.plan}"


class SeatPeak(models.Model):
    """The most seats a company had taken on any day of a month."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()
    seats = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "month"], name="seat_peak_once")]
