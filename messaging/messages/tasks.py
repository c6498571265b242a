"""The pump's two queues. The rows are the queue: a nudge is only the fast way to a worker."""

from __future__ import annotations

from functools import partial

from django.utils import timezone

from messaging.messages import pump, receipts
from messaging.messages.models import Lane
from messaging.messages.nudging import KINDS
from messaging.messages.pump import IDLE
from tenants.company_task import CompanyTask, company_task
from tenants.models import Company
from tenants.services import due


@company_task(queue="replies")
def deliver_replies(company: Company) -> int:
    """Send answers for some seconds."""
    return _deliver(company, Lane.REPLIES, deliver_replies)


@company_task(queue="bulk")
def deliver_bulk(company: Company) -> int:
    """Send broadcasts and other bulk for some seconds."""
    return _deliver(company, Lane.BULK, deliver_bulk)


def _deliver(company: Company, lane: Lane, task: CompanyTask) -> int:
    call_again = partial(task.nudge, company)
    delivered = pump.deliver(company, lane, call_others=call_again)
    if delivered.again:
        call_again()
    return delivered.sent


@company_task
def send_receipts(company: Company) -> int:
    """Tell contacts what was read and that somebody types, and say when to look again."""
    round = due.begin(receipts.RECEIPTS, company)
    told = receipts.send_due()
    due.settle(round, receipts.next_due() or timezone.now() + IDLE)
    return told


def _nudge(task: CompanyTask, company: Company | None) -> None:
    if company is not None:
        task.nudge(company)


due.on_due(KINDS[Lane.REPLIES], partial(_nudge, deliver_replies))
due.on_due(KINDS[Lane.BULK], partial(_nudge, deliver_bulk))
due.on_due(receipts.RECEIPTS, partial(_nudge, send_receipts))
