"""A company's month on its way to a sent invoice, one step after another, each of which may be run again.

Running a step twice changes nothing the second time. A step that cannot go on says why in the row's `blocks` and when
it will be tried again; another company's month knows nothing of it. Only a person moves a month from approve to issue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from billing.einvoice import vies
from billing.invoices import drafting, issuing, profiles, sending, taxing
from billing.invoices.blocks import AGAINST, block, stands_against
from billing.invoices.documents import Build, build as build_document
from billing.invoices.models import (
    CHANGEABLE,
    DeliveryState,
    Invoice,
    InvoiceKind,
    InvoiceState,
    MonthClose,
    Step,
)
from billing.invoices.seller import missing_seller_facts
from billing.invoices.taxing import AskVies
from billing.rating.charges import Charges, Period, Problem, month_of
from tenants.models import Company
from tenants.services import audit, due
from tenants.services.audit import Actor

KIND = "close_month"
# How long after the month reports of its last messages may still come in; what comes later goes onto the next invoice.
GRACE = timedelta(days=2)
AGAIN = timedelta(hours=1)
LONGEST_AGAIN = timedelta(hours=12)
SENDING_AGAIN = timedelta(minutes=2)
# A net amount that differs from the last one by more than this is worth a reviewer's look.
JUMP = Decimal("0.5")
KEEP = object()


@dataclass(frozen=True)
class Rating:
    """Who rates. A draft claims its charges in its own transaction, so what comes late makes charges of its own.

    charges_for(company, period, *, now)     all that is open for the period
    claim(company, charges, *, by, now)      they are on the draft `by` from now on
    release(company, *, by)                  they are open again
    """

    charges_for: Callable[..., Charges]
    claim: Callable[..., Any]
    release: Callable[..., Any]


@dataclass(frozen=True)
class Tools:
    """What a month's steps reach outside with."""

    rating: Rating
    ask_vies: AskVies = vies.ask
    build: Build = build_document


@dataclass(frozen=True)
class Outcome:
    """Where a month goes from a step; the same step again means it waits, and `blocks` says for what."""

    step: Step
    blocks: tuple[dict[str, Any], ...] = ()
    notes: tuple[dict[str, Any], ...] | None = None
    invoice: Any = KEEP
    again: timedelta | None = None


class Overtaken(Exception):
    """Another worker has taken this step meanwhile."""


class Unrated(Exception):
    """Charges are missing, so there is no draft."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__()
        self.blocks = tuple(
            block("rating", **asdict(problem) | {"day": problem.day.isoformat()}) for problem in problems
        )


# --- Beginning, and going on -----------------------------------------------------------------------


def last_month(now: datetime) -> Period:
    """The month before the seller's day."""
    return month_of(taxing.seller_day(now).replace(day=1) - timedelta(days=1))


@transaction.atomic
def begin_months(period: Period, *, now: datetime | None = None) -> int:
    """Open the month of every company that was there in it, once; how many are new."""
    now = now or timezone.now()
    due_at = max(now, _end_of(period) + GRACE)
    there = Company.objects.filter(opened_at__lt=_end_of(period)).exclude(months__first=period.first)
    months = [MonthClose(company=company, first=period.first, last=period.last, due_at=due_at) for company in there]
    MonthClose.objects.bulk_create(months, ignore_conflicts=True)
    for month in months:
        due.announce(KIND, month.company, at=None if due_at <= now else due_at)
    return len(months)


def _end_of(period: Period) -> datetime:
    after = period.last + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=taxing.SELLER_ZONE)


def close_company(company: Company, *, now: datetime, tools: Tools) -> datetime | None:
    """Take a company's open months as far as they go, oldest first; when to look again, if ever by itself."""
    for month in _open_months(company).filter(due_at__lte=now).order_by("first"):
        close_month(month, now=now, tools=tools)
    waiting = _open_months(company).exclude(step=Step.APPROVE)
    next_at: datetime | None = waiting.aggregate(first=Min("due_at"))["first"]
    return next_at


def _open_months(company: Company) -> Any:
    return MonthClose.objects.filter(company=company).exclude(step=Step.DONE)


def close_month(month: MonthClose, *, now: datetime, tools: Tools) -> MonthClose:
    """Run a month's steps until one waits; the month as it stands then."""
    for _step in Step:
        month = MonthClose.objects.select_related("company", "invoice").get(pk=month.pk)
        if month.step not in STEPS:
            break
        outcome = _run(month, now, tools)
        if not _record(month, outcome, now) or outcome.step == month.step:
            break
    return MonthClose.objects.select_related("company", "invoice").get(pk=month.pk)


def _run(month: MonthClose, now: datetime, tools: Tools) -> Outcome:
    """A step's outcome; what it may run into is a block, never the end of the whole night's run."""
    step = Step(month.step)
    try:
        return STEPS[step](month, now, tools)
    except Overtaken:
        return Outcome(step)
    except Unrated as problem:
        return Outcome(step, problem.blocks, again=_later(month))
    except AGAINST as problem:
        return Outcome(step, (stands_against(problem),), again=_later(month))


def _later(month: MonthClose) -> timedelta:
    return min(AGAIN * 2**month.tries, LONGEST_AGAIN) if month.tries < 6 else LONGEST_AGAIN


def _record(month: MonthClose, outcome: Outcome, now: datetime) -> bool:
    """Move by compare-and-set; False when another worker moved it first. Saying the same again writes nothing but
    the time of the next try."""
    moved = outcome.step != month.step
    waits = outcome.again is not None
    values: dict[str, Any] = {
        "step": outcome.step,
        "blocks": list(outcome.blocks),
        "tries": 0 if moved else month.tries + (1 if waits else 0),
        "due_at": now + outcome.again if outcome.again else month.due_at,
    }
    if outcome.notes is not None:
        values["notes"] = list(outcome.notes)
    if outcome.invoice is not KEEP:
        values["invoice"] = outcome.invoice
    changed = {name: value for name, value in values.items() if getattr(month, name) != value}
    if not changed:
        return True
    same = MonthClose.objects.filter(pk=month.pk, step=month.step, tries=month.tries)
    return bool(same.update(**changed, updated_at=now))


# --- The steps -------------------------------------------------------------------------------------


def _collect(month: MonthClose, now: datetime, tools: Tools) -> Outcome:
    """Charges in, a draft out. An unrated message blocks this company's month, and says so."""
    taxing.check_vat_id(month.company, now=now, ask=tools.ask_vies)
    draft = _collected(month, now, tools.rating)
    if draft is None:
        return Outcome(Step.DONE, (block("nothing_to_bill"),), invoice=None)
    return Outcome(Step.REVIEW, invoice=draft)


@transaction.atomic
def _collected(month: MonthClose, now: datetime, rating: Rating) -> Invoice | None:
    """The draft with its charges claimed, both or neither. Charges of no worth are claimed too, for no invoice.

    Under the month's lock, which names its draft before it is let go: a second worker with an older look at the month
    would find no open charges, and throw away the draft that has claimed them.
    """
    month = _locked(month)
    if month.step != Step.COLLECT:
        raise Overtaken
    company, period = month.company, Period(month.first, month.last)
    nobody = f"no invoice {month.first:%Y-%m}"
    for claimant in (nobody, month.invoice.public_id if month.invoice else ""):
        if claimant:
            rating.release(company, by=claimant)
    rated = rating.charges_for(company, period, now=now)
    if rated.problems:
        raise Unrated(rated.problems)
    draft = drafting.write_draft(company, period, rated.charges, now=now)
    rating.claim(company, rated.charges, by=draft.public_id if draft else nobody, now=now)
    MonthClose.objects.filter(pk=month.pk).update(invoice=draft)
    return draft


def _review(month: MonthClose, now: datetime, tools: Tools) -> Outcome:
    """What a machine can see before a person looks: facts, tax, the official rules, and what is unusual."""
    draft = _invoice(month)
    if draft.is_issued() or draft.state == InvoiceState.APPROVED:
        return Outcome(Step.APPROVE)
    if missing := missing_seller_facts():
        return Outcome(Step.REVIEW, (block("seller", missing=missing),), again=_later(month))
    if fields := profiles.missing_buyer_facts(month.company):
        return Outcome(Step.REVIEW, (block("buyer", fields=fields),), again=_later(month))
    if not profiles.recipients_of(month.company):
        return Outcome(Step.REVIEW, (block("recipients"),), again=_later(month))
    taxing.check_vat_id(month.company, now=now, ask=tools.ask_vies)
    draft = drafting.refresh_draft(draft, now=now)
    if draft.state == InvoiceState.PENDING:
        return Outcome(Step.REVIEW, (block("vat_check", vat_id=month.company.vat_id),), again=_later(month))
    issuing.check_draft(draft, now=now, build=tools.build)
    return Outcome(Step.APPROVE, notes=tuple(notes_on(draft)))


def notes_on(draft: Invoice) -> list[dict[str, Any]]:
    """What a reviewer should look at before approving."""
    notes = []
    earlier = Invoice.objects.issued().filter(company=draft.company, kind=InvoiceKind.INVOICE, currency=draft.currency)
    last = earlier.filter(period_first__lt=draft.period_first).order_by("-period_first").first()
    if last is not None and last.tax_exclusive_amount:
        change = draft.tax_exclusive_amount / last.tax_exclusive_amount - 1
        if abs(change) > JUMP:
            percent = int((change * 100).to_integral_value())
            notes.append(block("jump", percent=percent, number=last.number, amount=str(last.tax_exclusive_amount)))
    lines = list(draft.lines.all())
    losing = [line.position for line in lines if line.margin < 0 and line.kind != "adjustment"]
    if losing:
        notes.append(block("margin", positions=losing))
    below = [line.position for line in lines if line.net < 0]
    if below:
        notes.append(block("credited", positions=below))
    return notes


def _approve(month: MonthClose, now: datetime, tools: Tools) -> Outcome:
    """Waits for a person."""
    invoice = _invoice(month)
    if invoice.is_issued() or invoice.state == InvoiceState.APPROVED:
        return Outcome(Step.ISSUE)
    return Outcome(Step.APPROVE)


def _issue(month: MonthClose, now: datetime, tools: Tools) -> Outcome:
    issuing.issue_invoice(_invoice(month), now=now, build=tools.build)
    return Outcome(Step.SEND)


def _send(month: MonthClose, now: datetime, tools: Tools) -> Outcome:
    """Queued once; then the mails are watched until each is out or has failed for good."""
    invoice = _invoice(month)
    sending.send_invoice(invoice, now=now)
    deliveries = sending.record_deliveries(invoice, now=now)
    if not deliveries:
        return Outcome(Step.SEND, (block("recipients"),), again=_later(month))
    if any(delivery.state == DeliveryState.QUEUED for delivery in deliveries):
        return Outcome(Step.SEND, again=SENDING_AGAIN)
    if failed := sending.not_reached(deliveries):
        return Outcome(Step.SEND, (block("not_sent", recipients=failed),), again=LONGEST_AGAIN)
    return Outcome(Step.DONE)


def _locked(month: MonthClose) -> MonthClose:
    """The month as it stands under its lock. Its draft is asked for afterwards: rows joined to a lock that was waited
    for are as old as the waiting."""
    return MonthClose.objects.select_for_update().get(pk=month.pk)


def _invoice(month: MonthClose) -> Invoice:
    if month.invoice is None:
        raise drafting.CannotDraft("nothing_left")
    return Invoice.objects.select_related("company").get(pk=month.invoice.pk)


StepFunction = Callable[[MonthClose, datetime, Tools], Outcome]
STEPS: dict[str, StepFunction] = {
    Step.COLLECT: _collect,
    Step.REVIEW: _review,
    Step.APPROVE: _approve,
    Step.ISSUE: _issue,
    Step.SEND: _send,
}


# --- What a person does ----------------------------------------------------------------------------


@transaction.atomic
def approve_month(month: MonthClose, *, actor: Actor, now: datetime | None = None) -> bool:
    """Approve the reviewed draft of a month, so that it is issued and sent.

    False when it does not wait for that, or is not the draft that `month` brings along.
    """
    seen = month.invoice
    month = _locked(month)
    if month.step != Step.APPROVE or seen is None or month.invoice_id != seen.pk:
        return False
    approved = issuing.approve(seen, actor=actor, now=now)
    if approved:
        _go_on(month, Step.ISSUE, now)
    return approved


def approve_months(months: Iterable[MonthClose], *, actor: Actor, now: datetime | None = None) -> int:
    """Approve several, each for itself; how many waited for it."""
    return sum(approve_month(month, actor=actor, now=now) for month in months)


@transaction.atomic
def withdraw_month(month: MonthClose, *, actor: Actor, reason: str, now: datetime | None = None) -> bool:
    """Take the approval of a month's invoice back, so that it waits for a person again; False when it is issued."""
    month = _locked(month)
    if month.invoice is None or not issuing.withdraw_approval(month.invoice, actor=actor, reason=reason):
        return False
    _go_on(month, Step.APPROVE, now)
    return True


@transaction.atomic
def collect_again(month: MonthClose, *, actor: Actor, reason: str, now: datetime | None = None) -> bool:
    """Send a month back to its beginning: before it is issued, or after its invoice was taken back as a whole."""
    month = _locked(month)
    invoice = month.invoice
    if invoice is not None and invoice.state == InvoiceState.APPROVED:
        if not issuing.withdraw_approval(invoice, actor=actor, reason=reason):
            return False
    elif invoice is not None and invoice.state not in (*CHANGEABLE, InvoiceState.CORRECTED):
        return False
    MonthClose.objects.filter(pk=month.pk).update(notes=[])
    _go_on(month, Step.COLLECT, now)
    audit.record(actor, "month.collected_again", company=month.company, target=f"{month.first:%Y-%m}", reason=reason)
    return True


@transaction.atomic
def try_again(month: MonthClose, *, now: datetime | None = None) -> None:
    """Try a waiting step now, since somebody mended what it waits for."""
    month = _locked(month)
    _go_on(month, Step(month.step), now)


def _go_on(month: MonthClose, step: Step, now: datetime | None) -> None:
    now = now or timezone.now()
    MonthClose.objects.filter(pk=month.pk).update(step=step, blocks=[], tries=0, due_at=now, updated_at=now)
    due.announce(KIND, month.company)
