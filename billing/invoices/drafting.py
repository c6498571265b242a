"""From charges to a draft: the same charges give the same rows, and writing them twice changes none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.einvoice.tax import Category, ProofMissing
from billing.invoices import profiles, taxing
from billing.invoices.line_words import words_for
from billing.invoices.models import CHANGEABLE, NOT_ISSUED, Invoice, InvoiceKind, InvoiceLine, InvoiceState
from billing.invoices.seller import seller_facts
from billing.invoices.totals import Amount, cents, exact, net_of, tax_shares, totals_of
from billing.rating.charges import Charge, Period
from tenants.models import Company

LINE_FIELDS = (
    "position",
    "charge_key",
    "kind",
    "description",
    "facts",
    "quantity",
    "unit",
    "unit_price",
    "net",
    "service_from",
    "service_to",
    "rate_ref",
    "rule_ref",
    "unit_cost",
    "cost",
)


class CannotDraft(Exception):
    """These charges make no invoice; `code` and `facts` say why (see month_words)."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@transaction.atomic
def write_draft(company: Company, period: Period, charges: Sequence[Charge], *, now: datetime) -> Invoice | None:
    """The draft of a period, made or brought up to date; None when there is nothing to pay.

    CannotDraft when it is approved already, or when these charges make no lawful invoice.
    """
    Company.objects.select_for_update(of=("self",), no_key=True).get(pk=company.pk)
    draft = _draft_of(company, period)
    if draft is not None and draft.state not in CHANGEABLE:
        raise CannotDraft("approved_already")
    lines = [_line(position, charge, company.language) for position, charge in enumerate(charges, start=1)]
    if not _is_worth_an_invoice(lines):
        _drop(draft)
        return None
    _refuse_billed_before(company, lines)
    currency = _one_currency(charges)
    if draft is None:
        draft = Invoice(company=company, period_first=period.first, period_last=period.last, currency=currency)
    draft.language = company.language
    return _fill(draft, currency, lines, now)


@transaction.atomic
def refresh_draft(draft: Invoice, *, now: datetime) -> Invoice:
    """The same lines with the facts of today: address, terms, VAT id and proof. An approved draft stays as it is."""
    draft = Invoice.objects.select_for_update(of=("self",)).select_related("company").get(pk=draft.pk)
    if draft.state not in CHANGEABLE:
        return draft
    return _fill(draft, draft.currency, list(draft.lines.all()), now)


def _draft_of(company: Company, period: Period) -> Invoice | None:
    drafts = Invoice.objects.filter(company=company, kind=InvoiceKind.INVOICE, period_first=period.first)
    return drafts.filter(state__in=NOT_ISSUED).select_for_update().first()


def _line(position: int, charge: Charge, language: str) -> InvoiceLine:
    quantity, price = exact(charge.quantity), exact(charge.unit_price)
    if price < 0:
        quantity, price = -quantity, -price
    cost = exact(charge.unit_cost)
    return InvoiceLine(
        position=position,
        charge_key=charge.key,
        kind=charge.kind,
        description=words_for(charge, language),
        facts=dict(charge.description),
        quantity=quantity,
        unit=charge.unit,
        unit_price=price,
        net=net_of(quantity, price),
        service_from=charge.service_from,
        service_to=charge.service_to,
        rate_ref=charge.rate_ref,
        rule_ref=charge.rule_ref,
        unit_cost=cost,
        cost=cents(charge.quantity * cost),
    )


def _is_worth_an_invoice(lines: list[InvoiceLine]) -> bool:
    net = sum((line.net for line in lines), Decimal(0))
    if net < 0:
        raise CannotDraft("below_zero", amount=str(net))
    return net > 0


def _refuse_billed_before(company: Company, lines: list[InvoiceLine]) -> None:
    """The same charge twice is the worst mistake of all, so it is asked of the issued lines themselves."""
    keys = [line.charge_key for line in lines]
    billed = InvoiceLine.objects.filter(invoice__company=company, charge_key__in=keys, invoice__number__isnull=False)
    billed = billed.filter(invoice__kind=InvoiceKind.INVOICE).exclude(invoice__state=InvoiceState.CORRECTED)
    found = billed.order_by("pk").values_list("charge_key", "invoice__number").first()
    if found:
        raise CannotDraft("billed_before", key=found[0], number=found[1])


def _one_currency(charges: Sequence[Charge]) -> str:
    currencies = sorted({charge.currency for charge in charges})
    if len(currencies) > 1:
        raise CannotDraft("currencies", currencies=currencies)
    return currencies[0]


def _drop(draft: Invoice | None) -> None:
    if draft is not None:
        draft.months.update(invoice=None)
        draft.delete()


def _fill(draft: Invoice, currency: str, lines: list[InvoiceLine], now: datetime) -> Invoice:
    company, profile = draft.company, profiles.profile_of(draft.company)
    target: dict[str, Any] = {
        "currency": currency,
        "terms_days": profile.payment_terms_days,
        "buyer_reference": profile.buyer_reference,
        "order_number": profile.order_number,
        "seller": seller_facts(),
        "buyer": profiles.buyer_facts(company, profile),
        **_taxed(company, currency, lines, now),
    }
    changed = [name for name, value in target.items() if getattr(draft, name) != value]
    for name in changed:
        setattr(draft, name, target[name])
    if draft.pk is None:
        draft.save()
    elif changed:
        draft.save(update_fields=[*changed, "language"])
    _write_lines(draft, lines)
    return draft


def _taxed(company: Company, currency: str, lines: list[InvoiceLine], now: datetime) -> dict[str, Any]:
    """Decision, sums and state; without a decision the draft waits and its VAT is open."""
    try:
        decision = taxing.decide(company, now)
    except ProofMissing:
        amounts = [Amount(line.net, "", Decimal(0)) for line in lines]
        totals = totals_of(tax_shares(amounts))
        frozen, shares, state = {}, [], InvoiceState.PENDING
    else:
        if decision.category == Category.STANDARD and currency != "EUR":
            raise CannotDraft("tax_currency", currency=currency)
        for line in lines:
            line.tax_category, line.tax_rate = str(decision.category), decision.rate
        counted = tax_shares(Amount(line.net, str(decision.category), decision.rate) for line in lines)
        totals = totals_of(counted)
        frozen, state = taxing.as_json(decision), InvoiceState.DRAFT
        shares = [shares_json(share, decision.reason_code) for share in counted]
    return {
        "state": state,
        "tax": frozen,
        "tax_shares": shares,
        "tax_exclusive_amount": totals.tax_exclusive_amount,
        "tax_amount": totals.tax_amount,
        "tax_inclusive_amount": totals.tax_inclusive_amount,
    }


def shares_json(share: Any, reason_code: str) -> dict[str, str]:
    values = {name: str(value) for name, value in asdict(share).items() if name in {"category", "rate", "basis", "tax"}}
    return {**values, "reason_code": reason_code}


def _write_lines(draft: Invoice, lines: list[InvoiceLine]) -> None:
    """Only when they differ: the rows of a draft that says the same stay the same rows."""
    fields = (*LINE_FIELDS, "tax_category", "tax_rate")
    stored = [tuple(getattr(line, name) for name in fields) for line in draft.lines.all()]
    wanted = [tuple(getattr(line, name) for name in fields) for line in lines]
    if stored == wanted:
        return
    draft.lines.all().delete()
    for line in lines:
        line.invoice = draft
    InvoiceLine.objects.bulk_create(lines)
