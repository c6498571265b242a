"""What a provider's refusal stops beyond the one message: the channel, until somebody mends it."""

from __future__ import annotations

from collections.abc import Iterable

from messaging.channels import services as channels
from messaging.channels.base import ProviderError
from messaging.channels.errors import ErrorClass, rule_for
from messaging.channels.models import Channel, ChannelState

STOPS = {
    ErrorClass.RECONNECT: ChannelState.RECONNECT,
    ErrorClass.PAUSE_NUMBER: ChannelState.PAUSED,
    ErrorClass.MONEY: ChannelState.PAUSED,
}


def stop_for_errors(channel: Channel, errors: Iterable[ProviderError]) -> None:
    """Stop the channel when one of `errors` says so; its queue is kept."""
    for error in errors:
        state = STOPS.get(rule_for(channel.kind, error.code).means)
        if state is not None:
            channels.stop(channel, state, reason=f"{error.code} {error.title}".strip())
            return


def words_of(error: ProviderError) -> str:
    return ": ".join(part for part in (error.title, error.details) if part)
