"""How webhooks find their way is noted, and what could not be read is shown without anybody's words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.channels.models import Channel
from messaging.webhooks import processing
from messaging.webhooks.models import WebhookEvent
from messaging.webhooks.problems import unread_of
from tenants.context import company_context
from tenants.models import Company, User
from tests.conftest import Browser
from tests.messaging.webhooks import meta


def now_is(acme: Company, channel: Channel) -> Channel:
    with company_context(acme):
        return Channel.objects.get(pk=channel.pk)


def test_a_proven_address_is_noted(provider: Browser, url: str, acme: Company, channel: Channel) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "wrong"}
    provider.get(url, query)
    assert now_is(acme, channel).challenged_at is None
    provider.get(url, {**query, "hub.verify_token": meta.VERIFY})
    assert now_is(acme, channel).challenged_at


def test_a_body_that_was_worked_on_is_noted_for_its_channel(
    work: Callable[..., None], acme: Company, channel: Channel
) -> None:
    work(meta.said(meta.text()))
    assert now_is(acme, channel).last_webhook_at


def test_it_is_noted_once_a_minute(work: Callable[..., None], acme: Company, channel: Channel) -> None:
    work(meta.said(meta.text()))
    first = now_is(acme, channel).last_webhook_at
    work(meta.said(meta.text("wamid.2")))
    assert now_is(acme, channel).last_webhook_at == first
    with company_context(acme):
        Channel.objects.update(last_webhook_at=timezone.now() - timedelta(minutes=2))
    work(meta.said(meta.text("wamid.3")))
    assert now_is(acme, channel).last_webhook_at > first


def test_a_wrong_app_secret_shows(provider: Browser, url: str, acme: Company, channel: Channel) -> None:
    assert meta.post(provider, url, meta.said(meta.text()), meta.sign(b"another body")) == 403
    first = now_is(acme, channel).badly_signed_at
    assert first
    meta.post(provider, url, meta.said(meta.text()), "sha256=0")
    assert now_is(acme, channel).badly_signed_at == first


# --- What could not be read -------------------------------------------------------------------------------------------


def test_a_broken_element_is_counted_and_explained(
    work: Callable[..., None], acme: Company, channel: Channel, admin: User, at: Callable[..., Browser]
) -> None:
    work(meta.said({"type": "text"}, {"type": "text"}, meta.text()))
    page = at(acme, admin).get(f"/channels/{channel.public_id}/").content.decode()
    assert "2 reports could not be read" in page
    assert "A part was not as the provider describes it." in page


def test_nobody_s_words_or_numbers_are_shown(
    acme: Company, channel: Channel, admin: User, at: Callable[..., Browser], inside: Company
) -> None:
    WebhookEvent.objects.create(
        channel=channel,
        body=b"{}",
        body_hash="x",
        problems=[
            {
                "reason": "IntegrityError: Key (kind, external_id)=(whatsapp, +4915112345678) already exists",
                "raw": {"text": {"body": "My secret"}},
                "why": "failed",
            }
        ],
    )
    [one], more = unread_of(channel)
    assert (one.detail, one.count, more) == ("IntegrityError", 1, False)
    page = at(acme, admin).get(f"/channels/{channel.public_id}/").content.decode()
    assert "My secret" not in page
    assert "4915112345678" not in page


@pytest.mark.parametrize("problem", [{}, {"reason": "x"}, {"why": "of_tomorrow", "reason": "a: b"}])
def test_a_problem_of_any_form_is_shown(inside: Company, channel: Channel, problem: dict[str, str]) -> None:
    WebhookEvent.objects.create(body=b"{}", body_hash="x", problems=[problem])
    [one], _more = unread_of(channel)
    assert str(one.why)


def test_another_channel_s_problems_are_not_shown(inside: Company, channel: Channel) -> None:
    other = Channel.objects.create(kind="whatsapp", name="Two", external_id="2", token="-")
    WebhookEvent.objects.create(channel=other, body=b"{}", body_hash="x", problems=[{"reason": "x"}])
    assert unread_of(channel) == ([], False)


def test_a_body_that_takes_its_workers_along_is_shown_as_parked(inside: Company, channel: Channel) -> None:
    WebhookEvent.objects.create(
        channel=channel, body=b"{}", body_hash="x", attempts=3, lease_until=timezone.now() - timedelta(minutes=1)
    )
    processing.process(inside)
    [one], _more = unread_of(channel)
    assert "broke off several times" in str(one.why)
