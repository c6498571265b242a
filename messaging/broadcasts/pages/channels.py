"""The numbers a broadcast may be sent from."""

from __future__ import annotations

from messaging.channels.base import MessageType
from messaging.channels.capabilities import capabilities_of
from messaging.channels.models import Channel, ChannelState


def usable() -> list[Channel]:
    """Those that can send templates and are not gone; connected ones first."""
    found = [
        one
        for one in Channel.objects.usable().order_by("name", "pk")
        if MessageType.TEMPLATE in capabilities_of(one.kind).sends
    ]
    return sorted(found, key=lambda one: one.state != ChannelState.CONNECTED)
