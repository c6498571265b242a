"""Our own e-mail: written as a row with the wish that needs it, sent by a worker, seen again by the sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from email.utils import make_msgid
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Min, Q
from django.template.loader import render_to_string
from django.utils import timezone, translation

from tenants.models import Company, Mail, MailState
from tenants.services import due

log = structlog.get_logger(__name__)
KIND = "send_mail"
LEASE = timedelta(seconds=90)
MOST_ATTEMPTS = 8
BATCH = 20


@dataclass(frozen=True)
class Attachment:
    """A file that is kept elsewhere: what kind of thing, its key there, and how the reader sees it."""

    kind: str
    key: int
    name: str
    type: str


Load = Callable[[int], bytes]
_loaders: dict[str, Load] = {}


def on_attachment(kind: str, load: Load) -> None:
    """Name who reads the bytes of this kind of file, when a mail is sent."""
    _loaders[kind] = load


def queue_mail(
    template: str,
    *,
    to: str,
    context: dict[str, Any],
    language: str,
    company: Company | None = None,
    attachments: Sequence[Attachment] = (),
) -> Mail:
    """Write an e-mail to be sent after the commit. Attached files are named, not copied.

    `emails/<template>.txt` holds the subject in its first line and the text below; `emails/<template>.html` the rest.
    """
    context = {**context, "company": company, "base_url": f"{settings.SCHEME}://{settings.BASE_HOST}"}
    with translation.override(language):
        subject, _, text = render_to_string(f"emails/{template}.txt", context).partition("\n")
        html = render_to_string(f"emails/{template}.html", {**context, "subject": subject})
    mail = Mail.objects.create(
        company=company,
        to=to,
        subject=" ".join(subject.split())[:200],
        text=text.strip() + "\n",
        html=html,
        attachments=[asdict(attachment) for attachment in attachments],
        message_id=make_msgid(domain=settings.BASE_DOMAIN),
    )
    due.announce(KIND)
    return mail


def send_due(now: datetime | None = None) -> int:
    """Send what is due, a batch at a time, and say when to look again; how many were sent."""
    round = due.begin(KIND)
    sent = 0
    while batch := _claim(now or timezone.now()):
        sent += sum(_send(mail) for mail in batch)
    waiting = Mail.objects.filter(state__in=[MailState.QUEUED, MailState.SENDING])
    due.settle(round, waiting.aggregate(first=Min("due_at"))["first"])
    return sent


@transaction.atomic
def _claim(now: datetime) -> list[Mail]:
    """Take some mails for this worker; one whose worker died is taken when its lease is over."""
    free = Q(state=MailState.QUEUED, due_at__lte=now) | Q(state=MailState.SENDING, lease_until__lte=now)
    batch = list(Mail.objects.filter(free).select_for_update(skip_locked=True).order_by("due_at", "pk")[:BATCH])
    for mail in batch:
        mail.state, mail.attempts, mail.lease_until = MailState.SENDING, mail.attempts + 1, now + LEASE
        mail.due_at = now + LEASE
    Mail.objects.bulk_update(batch, ["state", "attempts", "lease_until", "due_at"])
    return batch


def _send(mail: Mail) -> bool:
    message = EmailMultiAlternatives(
        mail.subject,
        mail.text,
        to=[mail.to],
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(mail.html, "text/html")
    for file in mail.attachments:
        message.attach(file["name"], _loaders[file["kind"]](file["key"]), file["type"])
    try:
        with get_connection() as mail_server:
            mail_server.send_messages([message])
    except OSError as problem:  # smtplib's errors are OSErrors too
        _put_back(mail, problem)
        return False
    Mail.objects.filter(pk=mail.pk, state=MailState.SENDING).update(
        state=MailState.SENT, sent_at=timezone.now(), lease_until=None, error=""
    )
    return True


def _put_back(mail: Mail, problem: OSError) -> None:
    """Later again with growing distance, or never when it has failed too often."""
    log.warning("mail.not_sent", mail=mail.pk, attempt=mail.attempts, error=type(problem).__name__)
    final = mail.attempts >= MOST_ATTEMPTS
    Mail.objects.filter(pk=mail.pk, state=MailState.SENDING).update(
        state=MailState.FAILED if final else MailState.QUEUED,
        due_at=timezone.now() + timedelta(seconds=20 * 3**mail.attempts),
        lease_until=None,
        error=str(problem)[:500],
    )
