"""Every few hours a company's channels are asked about; what is found is kept."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from messaging.channels import explaining, services, tasks
from messaging.channels.base import Credentials, Health, ProviderError, SendFailed
from messaging.channels.models import Channel, ChannelState
from messaging.channels.services import check_health
from messaging.channels.tasks import check_channels
from messaging.sandbox.testing import Sandbox
from tenants.context import company_context
from tenants.models import Company, DueWork
from tests.messaging.connecting.conftest import NUMBER, TOKEN, now_is, put

LONG_AGO = timedelta(hours=5)


def due_in(company: Company) -> Any:
    return DueWork.objects.get(kind="check-channels", company=company).due_at - timezone.now()


def test_a_number_is_asked_about_after_some_hours(acme: Company, channel: Channel, meta: Sandbox) -> None:
    meta.number(NUMBER, quality_rating="YELLOW")
    put(acme, channel, checked_at=timezone.now() - LONG_AGO)
    assert check_channels(acme.schema_name) == 1
    assert now_is(acme, channel).health["quality"] == "YELLOW"
    assert timedelta(hours=3) < due_in(acme) < timedelta(hours=5)


def test_a_number_that_was_just_asked_about_is_left_alone(acme: Company, channel: Channel) -> None:
    assert check_channels(acme.schema_name) == 0
    assert timedelta(hours=3) < due_in(acme) < timedelta(hours=4)


def test_a_provider_that_is_away_is_asked_again_soon(acme: Company, channel: Channel, settings: Settings) -> None:
    settings.WHATSAPP_API_URL = "http://127.0.0.1:9/v25.0"
    put(acme, channel, checked_at=timezone.now() - LONG_AGO)
    check_channels(acme.schema_name)
    assert due_in(acme) < timedelta(hours=1)
    assert now_is(acme, channel).health["trouble"]["code"] == "no_connection"


def test_a_withdrawn_token_is_found_before_somebody_writes(acme: Company, channel: Channel, meta: Sandbox) -> None:
    meta.revoke_token(TOKEN)
    put(acme, channel, checked_at=timezone.now() - LONG_AGO)
    check_channels(acme.schema_name)
    assert now_is(acme, channel).state == ChannelState.RECONNECT
    assert due_in(acme) > timedelta(hours=3)


def test_a_lacking_permission_does_not_stop_what_still_sends(acme: Company, channel: Channel) -> None:
    def refuse(kind: str, credentials: Credentials) -> Health:
        raise SendFailed(ProviderError("10", "Application does not have permission for this action"))

    with company_context(acme):
        check_health(channel, check=refuse)
    assert now_is(acme, channel).state == ChannelState.CONNECTED
    assert now_is(acme, channel).health["trouble"]["code"] == "10"


def test_silent_numbers_do_not_take_every_turn(
    acme: Company, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with company_context(acme):
        other = Channel.objects.create(kind="whatsapp", name="Other", external_id="other", token=channel.token)
    put(acme, channel, checked_at=timezone.now() - 2 * LONG_AGO)
    put(acme, other, checked_at=timezone.now() - LONG_AGO)
    asked: list[str] = []

    def silent(channel: Channel) -> None:
        asked.append(channel.name)
        services.remember(channel, trouble={"code": services.SILENT, "at": timezone.now().isoformat()})

    monkeypatch.setattr(services, "check_health", silent)
    for _turn in range(2):
        times = iter([0.0, 0.0, tasks.TURN + 1])
        monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=times.__next__))
        check_channels(acme.schema_name)
    assert asked == [channel.name, "Other"]


def refuse_token(kind: str, credentials: Credentials) -> Health:
    raise SendFailed(ProviderError("190", "Invalid OAuth access token"))


def test_a_refused_token_does_not_end_a_pause_by_hand(acme: Company, channel: Channel) -> None:
    put(acme, channel, state=ChannelState.PAUSED, state_reason="by_hand Ada")
    with company_context(acme):
        check_health(now_is(acme, channel), check=refuse_token)
    assert (now_is(acme, channel).state, now_is(acme, channel).state_reason) == (ChannelState.PAUSED, "by_hand Ada")
    assert now_is(acme, channel).health["trouble"]["code"] == "190"


def test_a_refusal_of_the_old_token_does_not_stop_what_was_connected_anew_meanwhile(
    acme: Company, channel: Channel
) -> None:
    def refuse(kind: str, credentials: Credentials) -> Health:
        put(acme, channel, token="a new one")
        return refuse_token(kind, credentials)

    with company_context(acme):
        check_health(now_is(acme, channel), check=refuse)
    assert now_is(acme, channel).state == ChannelState.CONNECTED


def test_a_disconnected_number_is_not_asked_about(acme: Company, channel: Channel) -> None:
    put(acme, channel, state=ChannelState.DISCONNECTED, checked_at=None)
    assert check_channels(acme.schema_name) == 0
    assert not DueWork.objects.filter(kind="check-channels", company=acme).exists()


@pytest.mark.parametrize("table", ["EVENTS", "QUALITY", "NUMBER_STATES", "NAME_STATES", "ACCOUNT_EVENTS", "TROUBLE"])
def test_every_word_of_the_provider_s_is_said_in_both_languages(table: str) -> None:
    for entry in getattr(explaining, table).values():
        words = [entry.what, entry.todo] if isinstance(entry, explaining.Reason) else entry
        for text in [words] if not isinstance(words, list | tuple) else words:
            if text in ("good", "bad", "warn", ""):
                continue
            with override("en"):
                english = str(text)
            with override("de"):
                assert str(text) != english


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("TIER_250", "up to 250 people a day"),
        ("TIER_10K", "up to 10,000 people a day"),
        ("5000", "up to 5,000 people a day"),
        ("1", "up to 1 person a day"),
        ("-1", "without a limit"),
        ("TIER_UNLIMITED", "without a limit"),
        ("TIER_OF_TOMORROW", "not known yet"),
        ("", "not known yet"),
    ],
)
def test_a_limit_is_said_in_people(word: str, said: str) -> None:
    with override("en"):
        assert str(explaining.limit_of({"daily_limit": word})) == said
