"""Our own mail: real MIME, sent once, tried again, never lost."""

from __future__ import annotations

import email
import email.policy
import smtplib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.mail.backends import locmem
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from tenants.models import Company, DueWork, Mail, MailState, User
from tenants.services import mail
from tests.conftest import Browser

NOTICE = {"notice": "Your password was changed.", "ip": "192.0.2.1"}


def queue(person: User, language: str = "en") -> Mail:
    return mail.queue_mail("security_notice", to=person.email, context={"person": person, **NOTICE}, language=language)


def refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(self: object, messages: object) -> int:
        raise smtplib.SMTPServerDisconnected("away")

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", away)


def test_a_queued_mail_is_sent_once(agent: User, outbox: list[Any]) -> None:
    queue(agent)
    assert mail.send_due() == 1
    assert mail.send_due() == 0
    assert [message.to for message in outbox] == [[agent.email]]


def test_a_mail_carries_text_and_html_and_its_message_id(agent: User, outbox: list[Any]) -> None:
    queued = queue(agent)
    mail.send_due()
    message = email.message_from_bytes(outbox[0].message().as_bytes(), policy=email.policy.default)
    assert message["Message-ID"] == queued.message_id
    assert {part.get_content_type() for part in message.walk()} >= {"text/plain", "text/html"}


def test_a_mail_speaks_its_reader_s_language(agent: User) -> None:
    assert queue(agent, "de").subject != queue(agent, "en").subject


def test_a_subject_has_no_line_break(acme: Company, agent: User) -> None:
    agent.name = "Agent\r\nBcc: everybody@example.com"
    assert "\n" not in queue(agent).subject


def test_with_the_server_away_a_mail_is_tried_again_later(agent: User, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch)
    queue(agent)
    mail.send_due()
    waiting = Mail.objects.get()
    assert (waiting.state, waiting.attempts) == (MailState.QUEUED, 1)
    assert waiting.due_at > timezone.now()
    assert DueWork.objects.get(kind=mail.KIND).due_at == waiting.due_at


def test_after_many_failures_a_mail_waits_for_a_person(agent: User, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch)
    queue(agent)
    for _ in range(mail.MOST_ATTEMPTS):
        Mail.objects.update(due_at=timezone.now())
        mail.send_due()
    assert Mail.objects.get().state == MailState.FAILED


def test_staff_can_send_a_failed_mail_again(
    agent: User, staff: User, at: Callable[..., Browser], outbox: list[Any]
) -> None:
    failed = queue(agent)
    Mail.objects.update(state=MailState.FAILED, attempts=8)
    at(None, staff).post(f"/staff/system/mail/{failed.pk}/again/")
    assert mail.send_due() == 1


def test_a_mail_whose_sender_died_is_taken_after_its_lease(agent: User, outbox: list[Any]) -> None:
    queue(agent)
    now = timezone.now()
    mail._claim(now)
    assert mail.send_due(now + mail.LEASE - timedelta(seconds=1)) == 0
    assert mail.send_due(now + mail.LEASE) == 1


def test_nothing_is_sent_when_the_wish_is_rolled_back(agent: User, outbox: list[Any]) -> None:
    with transaction.atomic():
        queue(agent)
        transaction.set_rollback(True)
    assert mail.send_due() == 0


def test_without_a_mail_server_mail_is_kept_as_mime_files(agent: User, settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "config.demo.mail.CatchingBackend"
    settings.CAUGHT_MAIL_DIR = tmp_path
    queue(agent)
    mail.send_due()
    (file,) = tmp_path.glob("*.eml")
    assert email.message_from_bytes(file.read_bytes())["To"] == agent.email


def test_the_demo_shows_its_mail(agent: User, settings: Settings, tmp_path: Path, at: Callable[..., Browser]) -> None:
    test_without_a_mail_server_mail_is_kept_as_mime_files(agent, settings, tmp_path)
    page = at().get("/demo/mail/")
    assert agent.email in page.content.decode()
    key = next(tmp_path.glob("*.eml")).stem
    assert at().get(f"/demo/mail/{key}/").status_code == 200


@pytest.mark.parametrize("key", ["../../etc/passwd", "..%2Fx", "20260101000000000000-zzzzzzzz"])
def test_the_demo_reads_no_other_file(db: None, at: Callable[..., Browser], key: str) -> None:
    assert at().get(f"/demo/mail/{key}/").status_code == 404
