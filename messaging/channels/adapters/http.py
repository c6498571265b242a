"""One request to a provider, and what its end means: refused, never sent, or nobody knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    InvalidURL,
)
from yarl import URL

from messaging.channels.base import NoAnswer, NotSent

# Connecting gives up well before the whole, so that it is told apart: then nothing was sent.
TIMEOUT = ClientTimeout(total=35, connect=10, sock_connect=10)
# A large file takes as long as it takes, while it moves.
TRANSFER_TIMEOUT = ClientTimeout(total=600, connect=10, sock_connect=10, sock_read=30)
MOST_BYTES = 4 * 1024 * 1024


@asynccontextmanager
async def exchange(
    session: ClientSession, method: str, url: URL, *, timeout: ClientTimeout | None = None, **options: Any
) -> AsyncIterator[ClientResponse]:
    """The answer to one request. Redirects are not followed: they would carry our token to a host nobody checked.

    An idle connection that the provider closes just as we write is a NoAnswer as well; it cannot be told from one
    that broke after the request was read.
    """
    try:
        async with session.request(
            method, url, allow_redirects=False, timeout=timeout or TIMEOUT, **options
        ) as response:
            yield response
    except (ClientConnectorError, ConnectionTimeoutError, InvalidURL) as error:
        raise NotSent(type(error).__name__) from error
    except (ClientError, TimeoutError, OSError) as error:
        raise NoAnswer(type(error).__name__) from error


async def read(response: ClientResponse) -> bytes:
    """The whole body. Raises NoAnswer for one no provider would send."""
    if "Content-Encoding" not in response.headers and (response.content_length or MOST_BYTES) < MOST_BYTES:
        # It is as long as it says: nearly all answers are a few hundred bytes.
        return await response.read()
    body = bytearray()
    async for piece in response.content.iter_chunked(64 * 1024):
        body += piece
        if len(body) > MOST_BYTES:
            raise NoAnswer("the answer is too large")
    return bytes(body)
