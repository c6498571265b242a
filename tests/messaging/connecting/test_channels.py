"""A number is connected once its provider knows it, for one company; its secrets are stored encrypted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from messaging.channels.base import Credentials, Health, NoAnswer, NotSent, ProviderError, SendFailed
from messaging.channels.models import Channel, ChannelState
from messaging.channels.services import (
    ChannelTaken,
    Check,
    check_health,
    connect_channel,
    credentials_of,
    disconnect,
    route_of,
    set_state,
)
from messaging.live.models import LiveEvent
from tenants.context import company_context
from tenants.lib.secrets import SecretUnreadable
from tenants.models import Company, ProviderRoute

NUMBER = "106540352242922"
REVOKED = SendFailed(ProviderError("190", "Invalid OAuth access token", http_status=401))


def healthy(kind: str, credentials: Credentials) -> Health:
    return Health("Laden", "+1 555-078-3881", "CONNECTED", quality="GREEN", messages_per_second=1000)


def refusing(error: Exception) -> Check:
    def check(kind: str, credentials: Credentials) -> Health:
        raise error

    return check


def connect(token: str = "a token", check: Check = healthy, **changes: str) -> Channel:
    details = {"account_external_id": "1022", "app_secret": "a secret", "verify_token": "a word", **changes}
    return connect_channel(kind="whatsapp", name="Laden", external_id=NUMBER, token=token, check=check, **details)


@pytest.fixture
def inside(acme: Company) -> Iterator[Company]:
    with company_context(acme):
        yield acme


def test_a_connected_number_shows_what_its_provider_says(inside: Company) -> None:
    channel = connect()
    assert (channel.state, channel.display_address) == (ChannelState.CONNECTED, "+1 555-078-3881")
    assert (channel.messages_per_second, channel.health["quality"]) == (1000, "GREEN")


def test_its_webhooks_find_their_way(inside: Company) -> None:
    channel = connect()
    route = ProviderRoute.objects.get()
    assert (route.company, route.channel_public_id) == (inside, channel.public_id)
    assert (route.external_id, route.account_external_id) == (NUMBER, "1022")
    assert len(route.key) == 43
    assert route_of(channel) == route


def test_secrets_are_stored_encrypted_and_read_again(inside: Company, settings: Settings) -> None:
    settings.WHATSAPP_API_URL = "http://sandbox/v25.0"
    channel = connect()
    stored = Channel.objects.values("token", "app_secret", "verify_token").get()
    assert not {"a token", "a secret", "a word"} & set(stored.values())
    read = credentials_of(channel)
    assert read == Credentials("http://sandbox/v25.0", NUMBER, "a token", "a secret", "a word", "1022")
    assert "a token" not in repr(read)


def test_secrets_of_another_company_are_unreadable(acme: Company, globex: Company) -> None:
    with company_context(acme):
        channel = connect()
    with company_context(globex), pytest.raises(SecretUnreadable):
        credentials_of(channel)


def test_a_channel_may_have_no_secrets_of_its_own(inside: Company) -> None:
    channel = connect(app_secret="", verify_token="")
    assert (credentials_of(channel).app_secret, credentials_of(channel).verify_token) == ("", "")


@pytest.mark.parametrize("error", [REVOKED, NotSent(), NoAnswer()])
def test_what_the_provider_does_not_know_is_not_saved(inside: Company, error: Exception) -> None:
    with pytest.raises(type(error)):
        connect(check=refusing(error))
    assert not Channel.objects.exists()
    assert not ProviderRoute.objects.exists()


def test_another_company_s_number_is_refused(acme: Company, globex: Company) -> None:
    with company_context(acme):
        connect()
    with company_context(globex):
        with pytest.raises(ChannelTaken):
            connect()
        assert not Channel.objects.exists()
    assert ProviderRoute.objects.get().company == acme


def test_connecting_again_renews_the_secrets_and_keeps_the_address(inside: Company) -> None:
    first, key = connect(), ProviderRoute.objects.get().key
    set_state(first, ChannelState.RECONNECT, reason="190")
    again = connect(token="a new token", account_external_id="1023")
    assert (again.pk, again.state, again.state_reason) == (first.pk, ChannelState.CONNECTED, "")
    assert credentials_of(again).token == "a new token"
    assert (ProviderRoute.objects.get().key, ProviderRoute.objects.get().account_external_id) == (key, "1023")


def test_a_disconnected_channel_forgets_its_secrets_and_frees_its_number(acme: Company, globex: Company) -> None:
    with company_context(acme):
        channel = connect()
        disconnect(channel)
        assert (channel.state, channel.token) == (ChannelState.DISCONNECTED, "")
        assert credentials_of(channel).token == ""
    with company_context(globex):
        connect()
    assert ProviderRoute.objects.get().company == globex


def test_a_disconnected_channel_is_not_paused_or_started(inside: Company) -> None:
    channel = connect()
    disconnect(channel)
    assert not set_state(channel, ChannelState.CONNECTED)
    assert Channel.objects.get().state == ChannelState.DISCONNECTED


def test_a_change_of_state_is_told_once(inside: Company) -> None:
    channel = connect()
    before = LiveEvent.objects.count()
    assert set_state(channel, ChannelState.PAUSED, reason="by hand")
    assert not set_state(channel, ChannelState.PAUSED, reason="by hand")
    assert LiveEvent.objects.count() == before + 1


def test_a_check_keeps_what_webhooks_have_told(inside: Company) -> None:
    channel = connect()
    Channel.objects.update(health={"told": {"account_update": {}}, "quality": "RED"})
    assert check_health(channel, check=healthy)
    assert (channel.health["quality"], channel.health["told"]) == ("GREEN", {"account_update": {}})


def test_a_refused_token_wants_a_new_connection(inside: Company) -> None:
    channel = connect()
    assert check_health(channel, check=refusing(REVOKED)) is None
    assert (channel.state, channel.state_reason) == (ChannelState.RECONNECT, "190 Invalid OAuth access token")


@pytest.mark.parametrize("error", [NotSent(), NoAnswer(), SendFailed(ProviderError("2", "Temporary"))])
def test_a_provider_that_is_away_changes_nothing(inside: Company, error: Exception) -> None:
    channel = connect()
    assert check_health(channel, check=refusing(error)) is None
    assert Channel.objects.get().state == ChannelState.CONNECTED
