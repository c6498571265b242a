"""What is wrong on an issued invoice is put right by a document of its own: in part, or the whole taken back.

Amounts are positive and the type (381) says that they are given back: the official rules round negative halves
another way than everybody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.einvoice.document import TaxShare
from billing.invoices.drafting import shares_json
from billing.invoices.issuing import left_per_category, refuse_more_than_left
from billing.invoices.models import NOT_ISSUED, Invoice, InvoiceKind, InvoiceLine, InvoiceState
from billing.invoices.standing import record_standing
from billing.invoices.totals import Amount, cents, net_of, tax_shares, totals_of
from tenants.lib.text import plain_name
from tenants.services import audit
from tenants.services.audit import Actor
from tenants.services.errors import Refused

COPIED = (
    "company",
    "currency",
    "language",
    "period_first",
    "period_last",
    "terms_days",
    "buyer_reference",
    "order_number",
    "seller",
    "buyer",
    "tax",
)
LINE_COPIED = (
    "kind",
    "description",
    "facts",
    "unit",
    "unit_price",
    "tax_category",
    "tax_rate",
    "service_from",
    "service_to",
    "rate_ref",
    "rule_ref",
    "unit_cost",
)


@transaction.atomic
def draft_correction(invoice: Invoice, quantities: Mapping[int, Decimal], *, reason: str, actor: Actor) -> Invoice:
    """A draft that takes back so much of each line (position → quantity). Refused when that is more than is left."""
    invoice = _locked(invoice, reason)
    lines = {line.position: line for line in invoice.lines.all()}
    if not quantities or not set(quantities) <= set(lines):
        raise Refused(_("Name at least one line of the invoice to correct."))
    left = quantities_left(invoice)
    wanted = [_line(place, lines[at], quantities[at], left[at]) for place, at in enumerate(sorted(quantities), start=1)]
    return _write(invoice, InvoiceKind.CORRECTION, wanted, reason=reason, actor=actor)


def quantities_left(invoice: Invoice) -> dict[int, Decimal]:
    """What no issued correction has taken back, by position."""
    taken = models.Sum("corrections__quantity", filter=models.Q(corrections__invoice__number__isnull=False))
    lines = invoice.lines.annotate(taken=taken).values_list("position", "quantity", "taken")
    return {position: quantity - (given or 0) for position, quantity, given in lines}


@transaction.atomic
def draft_cancellation(invoice: Invoice, *, reason: str, actor: Actor) -> Invoice:
    """A draft that takes a whole invoice back. Refused once a part of it is corrected: then correct the rest."""
    invoice = _locked(invoice, reason)
    if invoice.credited_amount:
        raise Refused(_("A part of this invoice is corrected already. Correct what is left instead."))
    wanted = [_line(line.position, line, line.quantity, line.quantity) for line in invoice.lines.all()]
    return _write(invoice, InvoiceKind.CANCELLATION, wanted, reason=reason, actor=actor)


def _locked(invoice: Invoice, reason: str) -> Invoice:
    locked = Invoice.objects.select_for_update(of=("self",)).select_related("company").get(pk=invoice.pk)
    if locked.kind != InvoiceKind.INVOICE or not locked.is_issued():
        raise Refused(_("Only an issued invoice can be corrected. Change a draft instead."))
    if not plain_name(reason):
        raise Refused(_("Say why the invoice is corrected: the reason stands on the document."), field="reason")
    if locked.corrections.filter(state__in=NOT_ISSUED).exists():
        raise Refused(_("A correction of this invoice is being drafted already."))
    return locked


def _line(position: int, line: InvoiceLine, quantity: Decimal, left: Decimal) -> InvoiceLine:
    if abs(quantity) > abs(left) or quantity * line.quantity < 0:
        facts = {"position": line.position, "quantity": format(left.normalize(), "f")}
        raise Refused(_("Line %(position)s has only %(quantity)s left to correct.") % facts)
    return InvoiceLine(
        **{name: getattr(line, name) for name in LINE_COPIED},
        corrects=line,
        position=position,
        charge_key=line.charge_key,
        quantity=quantity,
        net=net_of(quantity, line.unit_price, after=line.quantity - left),
        cost=cents(abs(quantity) * line.unit_cost).copy_sign(line.cost),
    )


def _write(invoice: Invoice, kind: InvoiceKind, lines: list[InvoiceLine], *, reason: str, actor: Actor) -> Invoice:
    left = left_per_category(invoice)
    amounts = [Amount(line.net, line.tax_category, line.tax_rate or Decimal(0)) for line in lines]
    shares = [_rest_whole(share, left) for share in tax_shares(amounts, at_most=_tax_left(left))]
    totals = totals_of(shares)
    correction = Invoice(
        **{name: getattr(invoice, name) for name in COPIED},
        kind=kind,
        corrects=invoice,
        state=InvoiceState.DRAFT,
        reason=plain_name(reason)[:300],
        tax_shares=[shares_json(share, str(invoice.tax["reason_code"])) for share in shares],
        tax_exclusive_amount=totals.tax_exclusive_amount,
        tax_amount=totals.tax_amount,
        tax_inclusive_amount=totals.tax_inclusive_amount,
    )
    if totals.tax_exclusive_amount <= 0:
        raise Refused(_("A correction gives something back. To charge more, write it onto the next invoice."))
    refuse_more_than_left(invoice, correction)
    correction.save()
    for line in lines:
        line.invoice = correction
    InvoiceLine.objects.bulk_create(lines)
    audit.record(
        actor,
        "invoice.correction_drafted",
        company=invoice.company,
        target=str(invoice.number),
        after={"kind": str(kind), "amount": f"{totals.tax_inclusive_amount} {invoice.currency}"},
        reason=reason,
    )
    return correction


Left = dict[tuple[str, Decimal], tuple[Decimal, Decimal]]


def _tax_left(left: Left) -> dict[tuple[str, Decimal], Decimal]:
    return {key: tax for key, (_basis, tax) in left.items()}


def _rest_whole(share: TaxShare, left: Left) -> TaxShare:
    """What takes all that is left takes all of its VAT too, or a cent would stay for ever."""
    basis, tax = left.get((share.category, share.rate), (None, share.tax))
    return TaxShare(share.category, share.rate, share.basis, tax) if share.basis == basis else share


@transaction.atomic
def drop_correction(correction: Invoice, *, actor: Actor) -> bool:
    """Throw a correction's draft away; False when it is issued."""
    draft = Invoice.objects.select_for_update(of=("self",)).filter(pk=correction.pk, state__in=NOT_ISSUED)
    found = draft.exclude(kind=InvoiceKind.INVOICE).select_related("corrects", "company").first()
    if found is None or found.corrects is None:
        return False
    audit.record(
        actor,
        "invoice.correction_dropped",
        company=found.company,
        target=str(found.corrects.number),
        reason=found.reason,
    )
    found.delete()
    return True


@transaction.atomic
def write_off(invoice: Invoice, *, reason: str, actor: Actor, now: datetime | None = None) -> bool:
    """Give up what is still owed; False when nothing is. The debt is kept as written off, not as paid."""
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("company").get(pk=invoice.pk)
    amount = invoice.open_amount
    if amount <= 0:
        return False
    if not reason.strip():
        raise Refused(_("Say why the invoice is written off."), field="reason")
    invoice.written_off_amount += amount
    invoice.write_off_reason = reason.strip()[:300]
    record_standing(invoice, now or timezone.now())
    audit.record(
        actor,
        "invoice.written_off",
        company=invoice.company,
        target=str(invoice.number),
        after={"amount": f"{amount} {invoice.currency}"},
        reason=reason,
    )
    return True
