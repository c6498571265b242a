"""Which adapter speaks to which kind of channel."""

from __future__ import annotations

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from messaging.channels.adapters.whatsapp_cloud.adapter import WhatsAppCloud
from messaging.channels.base import ChannelAdapter

ADAPTERS: dict[str, ChannelAdapter] = {adapter.kind: adapter for adapter in (WhatsAppCloud(),)}


def adapter_for(kind: str) -> ChannelAdapter:
    return ADAPTERS[kind]


def open_session(*, connections: int = 100) -> ClientSession:
    """A session the adapters may share: it keeps connections, but no cookies, which would tie channels together.

    Idle connections are dropped before a provider does: one that closes as we write leaves the outcome unknown.
    """
    connector = TCPConnector(limit=connections, keepalive_timeout=12)
    return ClientSession(connector=connector, cookie_jar=DummyCookieJar())
