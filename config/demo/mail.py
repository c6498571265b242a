"""Without a mail server every mail is kept as a MIME file, and the demo shows them on a page."""

from __future__ import annotations

import email
import email.policy
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage as MimeMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

FILE_NAME = re.compile(r"[0-9]{20}-[0-9a-f]{8}\Z")


class CatchingBackend(BaseEmailBackend):
    """Writes what a mail server would have been given, byte for byte."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.CAUGHT_MAIL_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{datetime.now(UTC):%Y%m%d%H%M%S%f}-{secrets.token_hex(4)}"
            half = folder / f"{name}.part"
            half.write_bytes(message.message().as_bytes())
            half.rename(folder / f"{name}.eml")
        return len(email_messages)


@dataclass(frozen=True)
class CaughtMail:
    key: str
    to: str
    sender: str
    subject: str
    at: datetime
    text: str
    html: str


def newest(most: int = 50) -> list[CaughtMail]:
    """The latest mails, newest first."""
    folder = Path(settings.CAUGHT_MAIL_DIR)
    files = sorted(folder.glob("*.eml"), reverse=True)[:most] if folder.is_dir() else []
    return [_read(file) for file in files]


def find(key: str) -> CaughtMail | None:
    """One mail by the key that `newest` gave it."""
    if not FILE_NAME.match(key):
        return None
    file = Path(settings.CAUGHT_MAIL_DIR) / f"{key}.eml"
    return _read(file) if file.is_file() else None


def _read(file: Path) -> CaughtMail:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(message, MimeMessage)
    return CaughtMail(
        key=file.stem,
        to=str(message["To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        at=_sent_at(str(message["Date"])),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _sent_at(date: str) -> datetime:
    """Django writes `-0000`, UTC of an unknown place, which Python reads as a time without a zone."""
    found = parsedate_to_datetime(date)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _part(message: MimeMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body is not None else ""
