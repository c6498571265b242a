"""A channel of acme with a provider that answers as it is told, a folder for its files, and one clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from django.utils import timezone
from pytest_django import Settings

from messaging.channels import registry
from messaging.channels.adapters.whatsapp_cloud.adapter import WhatsAppCloud
from messaging.channels.base import (
    Accepted,
    Credentials,
    Data,
    InboundMessage,
    MediaRef,
    MessageType,
    OutboundMessage,
    ProviderError,
    SendFailed,
)
from messaging.channels.models import Channel
from messaging.conversations.models import Conversation
from messaging.messages.claiming import address_of
from messaging.messages.models import Attachment
from messaging.messages.receiving import receive
from tenants.context import company_context
from tenants.models import Company
from tests.messaging.messages.conftest import make_channel, make_conversation


@dataclass
class Provider(WhatsAppCloud):
    """Keeps files, and hands out those of people. What is in `refusals` is raised, one after the other."""

    media_hosts: frozenset[str] = frozenset()
    files: dict[str, bytes] = field(default_factory=dict)
    refusals: list[Exception] = field(default_factory=list)
    uploaded: list[tuple[bytes, str, str]] = field(default_factory=list)
    sent: list[OutboundMessage] = field(default_factory=list)
    asked: int = 0
    at_once: int = 0
    most_at_once: int = 0

    async def download(
        self, session: ClientSession, credentials: Credentials, media: MediaRef, *, most_bytes: int
    ) -> AsyncIterator[bytes]:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        self._refuse()
        data = self.files.get(media.external_id)
        if data is None:
            raise SendFailed(ProviderError("http_404", http_status=404))
        if len(data) > most_bytes:
            raise SendFailed(ProviderError("too_large"))
        for start in range(0, len(data), 1000):
            yield data[start : start + 1000]

    async def upload(
        self, session: ClientSession, credentials: Credentials, *, data: Data, mime_type: str, filename: str
    ) -> str:
        self._refuse()
        self.uploaded.append((data if isinstance(data, bytes) else data.read(), mime_type, filename))
        return f"media-{len(self.uploaded)}"

    async def send(self, session: ClientSession, credentials: Credentials, message: OutboundMessage) -> Accepted:
        self.sent.append(message)
        return Accepted(external_id=f"wamid.{message.reference}")

    def _refuse(self) -> None:
        if self.refusals:
            raise self.refusals.pop(0)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    played = Provider()
    monkeypatch.setitem(registry.ADAPTERS, "whatsapp", played)
    return played


def keep_files_in(folder: Path, settings: Settings) -> Path:
    media = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    settings.STORAGES = {**settings.STORAGES, "media": media}
    return folder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    """Where files are kept in this test."""
    return keep_files_in(tmp_path / "kept", settings)


def stored(folder: Path) -> list[bytes]:
    """What lies in the folder."""
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


@pytest.fixture
def inside(acme: Company) -> Iterator[Company]:
    with company_context(acme):
        yield acme


@pytest.fixture
def channel(inside: Company) -> Channel:
    return make_channel(inside)


@pytest.fixture
def conversation(channel: Channel) -> Conversation:
    return make_conversation(channel)


@pytest.fixture
def comes(channel: Channel, conversation: Conversation, provider: Provider) -> Callable[..., Attachment]:
    """A person sends a file; it waits to be fetched."""

    def arrive(data: bytes | None = None, kind: MessageType = MessageType.DOCUMENT, **media: Any) -> Attachment:
        number = Attachment.objects.count() + 1
        if data is not None:
            provider.files[f"in-{number}"] = data
        message = receive(
            channel,
            InboundMessage(
                external_id=f"wamid.{number}",
                sender=address_of(conversation.identity.external_id),
                type=kind,
                at=timezone.now(),
                content={},
                media=MediaRef(f"in-{number}", **{"mime_type": "image/jpeg", **media}),
            ),
        )
        assert message
        return message.attachments.get()

    return arrive


def pytest_make_parametrize_id(val: object) -> str | None:
    """A file as a test's name would fill the screen."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None
