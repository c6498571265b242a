from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.invoices.models import Invoice, money
from tenants.lib.ids import new_public_id
from tenants.models import Company


class PaymentSource(models.TextChoices):
    TRANSFER = "transfer", _("Bank transfer")
    OTHER = "other", _("Other")


class PaymentQuerySet(models.QuerySet["Payment"]):
    def loose(self) -> PaymentQuerySet:
        """Those with money that pays nothing and was not paid back."""
        return self.filter(reversed_at=None, amount__gt=F("allocated_amount") + F("refunded_amount"))


class Payment(models.Model):
    """Money that came in. What no invoice takes stays here as the company's credit, until it is paid back.

    A row is never edited: one that was wrong, or that the bank took back, is reversed and gives its invoices back.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="payments")
    amount = money()
    currency = models.CharField(max_length=3)
    received_date = models.DateField(_("received on"))
    reference = models.CharField(_("reference"), max_length=200, blank=True)
    source = models.CharField(max_length=10, choices=PaymentSource.choices, default=PaymentSource.TRANSFER)
    # A bank's key of the entry: the same entry again is the same payment.
    external_id = models.CharField(max_length=120, null=True)
    allocated_amount = money(default=0)
    refunded_amount = money(default=0)
    reversed_at = models.DateTimeField(null=True)
    reversal_reason = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="payment_booked_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_more_than_nothing"),
            models.CheckConstraint(
                condition=Q(allocated_amount__gte=0, refunded_amount__gte=0)
                & Q(amount__gte=F("allocated_amount") + F("refunded_amount")),
                name="payment_spent_once",
            ),
        ]
        # A company's payments, newest first.
        indexes = [models.Index(fields=["company", "-id"], name="payment_of_company")]

    @property
    def unallocated_amount(self) -> Decimal:
        return Decimal("0.00") if self.reversed_at else self.amount - self.allocated_amount - self.refunded_amount


class Allocation(models.Model):
    """The part of a payment that pays an invoice, until it is released: then the money is free again."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    amount = money()
    released_at = models.DateTimeField(null=True)
    release_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="allocation_more_than_nothing")]


class Refund(models.Model):
    """Money of a payment that was paid back. One that was entered wrongly, or that came back, is taken back."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = money()
    refund_date = models.DateField(_("paid back on"))
    reference = models.CharField(_("reference"), max_length=200, blank=True)
    # The form's own key: sent twice it is one refund.
    external_id = models.CharField(max_length=120)
    reversed_at = models.DateTimeField(null=True)
    reversal_reason = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "external_id"], name="refund_booked_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_more_than_nothing"),
        ]
