from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.lib.ids import new_public_id
from tenants.models import Company, Mail

SETTLED = F("paid_amount") + F("credited_amount") + F("written_off_amount")


def money(**options: Any) -> models.DecimalField[Decimal, Decimal]:
    return models.DecimalField(max_digits=14, decimal_places=2, **options)


def rated() -> models.DecimalField[Decimal, Decimal]:
    """A quantity or a price: six places, as exact as rate cards are."""
    return models.DecimalField(max_digits=20, decimal_places=6)


class BillingProfile(models.Model):
    """What an invoice to a company needs beside the company's own name, country, VAT id and language."""

    company = models.OneToOneField(Company, on_delete=models.CASCADE, related_name="billing_profile")
    legal_name = models.CharField(_("legal name"), max_length=160, blank=True)
    street = models.CharField(_("street and number"), max_length=120, blank=True)
    street_more = models.CharField(_("address, second line"), max_length=120, blank=True)
    postcode = models.CharField(_("postcode"), max_length=12, blank=True)
    city = models.CharField(_("town"), max_length=80, blank=True)
    buyer_reference = models.CharField(_("your reference"), max_length=80, blank=True)
    order_number = models.CharField(_("order number"), max_length=80, blank=True)
    recipients = models.JSONField(_("invoices go to"), default=list, blank=True)
    payment_terms_days = models.PositiveSmallIntegerField(_("days to pay"), default=14)

    class Meta:
        # Beyond 60 days only by an agreement of its own: section 271a BGB.
        constraints = [
            models.CheckConstraint(condition=Q(payment_terms_days__lte=60), name="billing_profile_terms_at_most_60")
        ]


class VatCheck(models.Model):
    """A register's answer about a company's VAT id. Rows are added, never changed: they are proof."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="vat_checks")
    vat_id = models.CharField(max_length=20)
    requester = models.CharField(max_length=20, blank=True)
    outcome = models.CharField(max_length=8)
    request_id = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=250, blank=True)
    address = models.CharField(max_length=500, blank=True)
    error = models.CharField(max_length=60, blank=True)
    checked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        # A company's latest answer.
        indexes = [models.Index(fields=["company", "-checked_at"], name="vat_check_latest")]


class InvoiceKind(models.TextChoices):
    """What a document is. A correction is never called a credit note in German: that word means another thing there."""

    INVOICE = "invoice", _("Invoice")
    CORRECTION = "correction", _("Invoice correction")
    CANCELLATION = "cancellation", _("Cancellation invoice")


class InvoiceState(models.TextChoices):
    PENDING = "pending", _("Waits for the VAT check")
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    ISSUED = "issued", _("Issued")
    SENT = "sent", _("Sent")
    PART_PAID = "part_paid", _("Part paid")
    PAID = "paid", _("Paid")
    CORRECTED = "corrected", _("Corrected")
    WRITTEN_OFF = "written_off", _("Written off")


CHANGEABLE = (InvoiceState.PENDING, InvoiceState.DRAFT)
NOT_ISSUED = (*CHANGEABLE, InvoiceState.APPROVED)
# The states of an invoice that is not paid, as in the index of them.
OWING = (InvoiceState.ISSUED, InvoiceState.SENT, InvoiceState.PART_PAID)


class InvoiceSeries(models.Model):
    """The counter of one row of numbers: 1..n without a gap. Its row lock puts those who issue one after another."""

    code = models.CharField(max_length=12, unique=True)
    prefix = models.CharField(max_length=8)
    last_serial = models.PositiveIntegerField(default=0)
    last_hash = models.CharField(max_length=64, blank=True)
    last_issue_date = models.DateField(null=True)


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """The one way to read invoices; a company's pages begin with `of_company`."""

    def of_company(self, company: Company) -> InvoiceQuerySet:
        """What a company may see of its own: issued documents, newest first. Drafts are the operator's."""
        return self.filter(company=company).issued().order_by("-id")

    def issued(self) -> InvoiceQuerySet:
        return self.filter(number__isnull=False)

    def owing(self) -> InvoiceQuerySet:
        """Issued invoices that are not paid, oldest due date first."""
        unpaid = self.filter(kind="invoice", state__in=OWING, tax_inclusive_amount__gt=SETTLED)
        return unpaid.order_by("due_date", "pk")

    def overpaid(self) -> InvoiceQuerySet:
        """Invoices that were paid and then corrected: the operator owes."""
        return self.issued().filter(kind="invoice", credited_amount__gt=0, tax_inclusive_amount__lt=SETTLED)

    def overdue(self, today: date) -> InvoiceQuerySet:
        return self.owing().filter(due_date__lt=today)

    def for_list(self) -> InvoiceQuerySet:
        """With the company and the invoice it corrects, so that a row asks nothing more."""
        return self.select_related("company", "corrects").prefetch_related("company__domains")


class Invoice(models.Model):
    """An invoice, or a document that corrects one.

        pending ⇄ draft ─► approved ─► issued ─► sent ─► part_paid ─► paid
                    ▲________|            └─ from here on also: corrected, written_off, and back when a payment returns

    From `issued` on the row is as fixed as its document: a database trigger lets only the state, and what is paid,
    credited and written off, change. Overdue is not a state but a question of the day: `is_overdue`.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="invoices")
    kind = models.CharField(max_length=12, choices=InvoiceKind.choices, default=InvoiceKind.INVOICE)
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="corrections")
    state = models.CharField(max_length=12, choices=InvoiceState.choices, default=InvoiceState.DRAFT)
    reason = models.CharField(max_length=300, blank=True)
    # What stood against issuing a correction, as in a month's `blocks`.
    blocks = models.JSONField(default=list)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=5, default="en")
    period_first = models.DateField()
    period_last = models.DateField()
    issue_date = models.DateField(null=True)
    due_date = models.DateField(null=True)
    terms_days = models.PositiveSmallIntegerField(default=14)
    buyer_reference = models.CharField(max_length=80, blank=True)
    order_number = models.CharField(max_length=80, blank=True)
    # Copies of that day: a company that moves does not move its old invoices.
    seller = models.JSONField(default=dict)
    buyer = models.JSONField(default=dict)
    tax = models.JSONField(default=dict)
    tax_shares = models.JSONField(default=list)
    tax_exclusive_amount = money(default=0)
    tax_amount = money(default=0)
    tax_inclusive_amount = money(default=0)
    paid_amount = money(default=0)
    credited_amount = money(default=0)
    written_off_amount = money(default=0)
    write_off_reason = models.CharField(max_length=300, blank=True)
    series = models.ForeignKey(InvoiceSeries, on_delete=models.PROTECT, null=True, related_name="invoices")
    serial = models.PositiveIntegerField(null=True)
    number = models.CharField(max_length=24, unique=True, null=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)
    # A name beside the key, without a foreign key: who approved must outlive the person's account.
    approver_id = models.BigIntegerField(null=True)
    approver_name = models.CharField(max_length=254, blank=True)
    approved_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "period_first"],
                condition=Q(kind="invoice", state__in=["pending", "draft", "approved"]),
                name="invoice_one_draft_a_period",
            ),
            models.UniqueConstraint(fields=["series", "serial"], name="invoice_serial_once"),
            models.CheckConstraint(condition=Q(kind="invoice") ^ Q(corrects__isnull=False), name="invoice_or_corrects"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "draft", "approved"], number__isnull=True)
                | (
                    Q(number__isnull=False, series__isnull=False, serial__isnull=False, issue_date__isnull=False)
                    & Q(approver_id__isnull=False, issued_at__isnull=False)
                    & ~Q(hash="")
                    & (Q(due_date__isnull=False) | ~Q(kind="invoice"))
                    & ~Q(state__in=["pending", "draft", "approved"])
                ),
                name="invoice_issued_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(tax_inclusive_amount=F("tax_exclusive_amount") + F("tax_amount")), name="invoice_sums"
            ),
            models.CheckConstraint(
                condition=Q(paid_amount__gte=0, credited_amount__gte=0, written_off_amount__gte=0)
                & (Q(number__isnull=True) | Q(credited_amount__lte=F("tax_inclusive_amount"))),
                name="invoice_credited_at_most_whole",
            ),
        ]
        indexes = [
            # A company's list, newest first.
            models.Index(fields=["company", "-id"], name="invoice_of_company"),
            # Who owes what.
            models.Index(
                fields=["due_date"],
                name="invoice_open",
                condition=Q(state__in=["issued", "sent", "part_paid"], kind="invoice"),
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"({self.get_state_display()})"

    @property
    def open_amount(self) -> Decimal:
        """What is still owed; below zero when the operator owes. A correction's amount is set off at once."""
        if self.kind != InvoiceKind.INVOICE or self.number is None:
            return Decimal("0.00")
        return self.tax_inclusive_amount - self.paid_amount - self.credited_amount - self.written_off_amount

    def is_issued(self) -> bool:
        return self.number is not None

    def is_overdue(self, today: date) -> bool:
        return self.open_amount > 0 and self.due_date is not None and self.due_date < today

    def days_overdue(self, today: date) -> int:
        return (today - self.due_date).days if self.due_date and self.is_overdue(today) else 0


class InvoiceLine(models.Model):
    """One priced line. The cost stays in the house; the document does not show it."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="corrections")
    position = models.PositiveIntegerField()
    charge_key = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    description = models.CharField(max_length=300)
    facts = models.JSONField(default=dict)
    quantity = rated()
    unit = models.CharField(max_length=12)
    unit_price = rated()
    net = money()
    tax_category = models.CharField(max_length=2, blank=True)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    service_from = models.DateField()
    service_to = models.DateField()
    rate_ref = models.CharField(max_length=120, blank=True)
    rule_ref = models.CharField(max_length=120, blank=True)
    unit_cost = rated()
    cost = money()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_position_once"),
            models.UniqueConstraint(fields=["invoice", "charge_key"], name="invoice_line_charge_once"),
            # BR-27: what is credited has a negative quantity.
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="invoice_line_price_not_negative"),
        ]
        # Was this charge billed before?
        indexes = [models.Index(fields=["charge_key"], name="invoice_line_charge")]

    @property
    def margin(self) -> Decimal:
        return self.net - self.cost


class IssuedDocument(models.Model):
    """The bytes of an issued invoice, written once in the transaction that gave the number. Never made anew."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="document")
    number = models.CharField(max_length=24, unique=True)
    xml = models.BinaryField()
    xml_sha256 = models.CharField(max_length=64)
    pdf = models.BinaryField()
    pdf_sha256 = models.CharField(max_length=64)
    report = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    @property
    def file_name(self) -> str:
        return f"{self.number}.pdf"


class DeliveryState(models.TextChoices):
    QUEUED = "queued", _("On its way")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not sent")


class InvoiceDelivery(models.Model):
    """One sending of a document to one address. It outlives the mail row, which is tidied away."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="deliveries")
    recipient = models.EmailField()
    mail = models.ForeignKey(Mail, on_delete=models.SET_NULL, null=True, related_name="+")
    message_id = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.QUEUED)
    error = models.TextField(blank=True)
    queued_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "recipient"], condition=Q(state="queued"), name="invoice_delivery_one_under_way"
            )
        ]


class Step(models.TextChoices):
    COLLECT = "collect", _("Collect")
    REVIEW = "review", _("Review")
    APPROVE = "approve", _("Approve")
    ISSUE = "issue", _("Issue")
    SEND = "send", _("Send")
    DONE = "done", _("Done")


class MonthClose(models.Model):
    """How far a company's month is on its way to a sent invoice.

        collect ─► review ─► approve ─► issue ─► send ─► done   (a person moves approve; nothing to bill ends at once)

    `blocks` says what a step waits for or cannot do, `notes` what a reviewer should look at; both as codes with facts,
    so that everybody reads them in their language (`month_words`). Empty blocks: it goes on by itself.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="months")
    first = models.DateField()
    last = models.DateField()
    step = models.CharField(max_length=8, choices=Step.choices, default=Step.COLLECT)
    blocks = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="months")
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "first"], name="month_close_once")]
        # The invoice desk: one period, by step.
        indexes = [models.Index(fields=["first", "step"], name="month_close_desk")]
