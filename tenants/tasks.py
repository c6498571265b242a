"""Background work of the shared schema. Rows say what is to do; these only look after them."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tenants.company_task import shared_task
from tenants.models import (
    Attempt,
    Company,
    EnterLink,
    Mail,
    MailState,
    Session,
    SignUp,
    UnroutedAccount,
    UnroutedWebhook,
)
from tenants.services import due, files, mail, opening

KEEP_MAIL = timedelta(days=30)
# Of accounts that nobody has connected: bodies, and that there was one.
KEEP_UNROUTED_BODIES, KEEP_UNROUTED = timedelta(days=14), timedelta(days=90)


@shared_task
def sweep() -> int:
    """Ask for all work that is due, whoever lost the nudge for it."""
    return due.sweep()


@shared_task
def send_mails() -> int:
    """Send the mail that is due."""
    return mail.send_due()


@shared_task
def open_company(company_id: int) -> None:
    """Go on with opening a company, from wherever it stopped."""
    company = Company.objects.filter(pk=company_id).first()
    if company is None:
        return
    round = due.begin(opening.KIND, company)
    try:
        opening.open_company(company)
    except opening.OpeningFailed:
        company.refresh_from_db()
        wait = opening.retry_at(company)
        due.settle(round, timezone.now() + wait if wait else None)


@shared_task
def delete_files() -> int:
    """Delete stored files that no row speaks of."""
    return files.delete_due()


@shared_task
def tidy() -> None:
    """Drop what has no use any more: run-out sessions, tickets, counters, unconfirmed sign-ups, old mail."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    EnterLink.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    Attempt.objects.filter(expires_at__lt=now).delete()
    SignUp.objects.filter(confirmed_at=None, expires_at__lt=now - timedelta(days=7)).delete()
    Mail.objects.filter(state=MailState.SENT, sent_at__lt=now - KEEP_MAIL).delete()
    UnroutedWebhook.objects.filter(received_at__lt=now - KEEP_UNROUTED_BODIES).delete()
    UnroutedAccount.objects.filter(last_seen_at__lt=now - KEEP_UNROUTED).delete()


def _nudge_opening(company: Company | None) -> None:
    if company is not None:
        open_company.nudge(company.pk)


due.on_due(mail.KIND, lambda company: send_mails.nudge())
due.on_due(files.KIND, lambda company: delete_files.nudge())
due.on_due(opening.KIND, _nudge_opening)
