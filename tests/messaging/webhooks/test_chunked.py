"""Bodies that come in pieces and do not say how large they are, through the web application as a server calls it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings

from config.asgi import application
from messaging.channels.models import Channel
from messaging.webhooks.models import WebhookEvent
from messaging.webhooks.views import LARGEST
from tenants.context import company_context
from tenants.models import Company, ProviderRoute
from tests.conftest import Cast
from tests.messaging.webhooks import meta

PIECE = 256 * 1024


@async_to_sync
async def posted_in_pieces(url: str, content: bytes) -> int:
    """The status of the answer."""
    pieces = [content[start : start + PIECE] for start in range(0, len(content), PIECE)]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not pieces:
            await asyncio.Future()  # the provider stays until it has its answer
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = {"host": settings.BASE_HOST, "x-hub-signature-256": meta.sign(content), "transfer-encoding": "chunked"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": url,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
    }
    await application(scope, receive, send)
    return int(sent[0]["status"])


@pytest.fixture
def url(for_real: Channel) -> str:
    """With real commits, since a request as the server makes it ends with its connection."""
    return f"/webhooks/whatsapp/{ProviderRoute.objects.get(external_id=for_real.external_id).key}/"


def bodies(cast: Cast) -> int:
    with company_context(Company.objects.get(pk=cast.acme)):
        return WebhookEvent.objects.count()


def test_a_body_in_pieces_is_taken(url: str, committed: Cast) -> None:
    assert posted_in_pieces(url, meta.said(meta.text(body="x" * 1_000_000))) == 200
    assert bodies(committed) == 1


def test_a_body_in_pieces_that_is_too_large_is_refused_and_not_stored(url: str, committed: Cast) -> None:
    assert posted_in_pieces(url, b'{"x":"' + b"a" * LARGEST + b'"}') == 413
    assert bodies(committed) == 0
