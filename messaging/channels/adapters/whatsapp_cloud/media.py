"""Files: left at the provider, and fetched from it (§4)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from aiohttp import ClientResponse, ClientSession, FormData
from yarl import URL

from messaging.channels.adapters import graph, reading
from messaging.channels.adapters.http import TRANSFER_TIMEOUT, exchange, read
from messaging.channels.base import Credentials, Data, MediaRef, NoAnswer, ProviderError, SendFailed
from tenants.lib.text import plain_name

PIECE = 64 * 1024
MIME_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.-]+)*", re.ASCII)


async def upload(session: ClientSession, credentials: Credentials, *, data: Data, mime_type: str, filename: str) -> str:
    """The file's id; kept 30 days, for this number only."""
    if not MIME_TYPE.fullmatch(mime_type):
        raise SendFailed(ProviderError("bad_content", details="the file's type is none"))
    form = FormData()
    form.add_field("messaging_product", "whatsapp")
    form.add_field("type", mime_type)
    form.add_field("file", data, filename=plain_name(filename) or "file", content_type=mime_type)
    answer = await graph.call(
        session, credentials, "POST", credentials.external_id, "media", form=form, timeout=TRANSFER_TIMEOUT
    )
    if not (external_id := reading.text(answer, "id")):
        raise NoAnswer("an upload without an id")
    return external_id


async def download(
    session: ClientSession, credentials: Credentials, media: MediaRef, *, most_bytes: int, hosts: Collection[str]
) -> AsyncIterator[bytes]:
    """The file. The address of a webhook is tried first; it lives five minutes, so a fresh one may be asked for."""
    if media.url and is_ours(media.url, credentials, hosts):
        async with _get(session, credentials, media.url) as response:
            if response.status == 200:
                async for piece in _pieces(response, credentials, most_bytes):
                    yield piece
                return
    url = await fresh_address(session, credentials, media, most_bytes=most_bytes)
    if not is_ours(url, credentials, hosts):
        raise SendFailed(ProviderError("foreign_host"))
    async with _get(session, credentials, url) as response:
        async for piece in _pieces(response, credentials, most_bytes):
            yield piece


def is_ours(url: str, credentials: Credentials, hosts: Collection[str]) -> bool:
    """Whether our token may go there: the provider's own origin, or one of its hosts for files."""
    try:
        target, base = URL(url), URL(credentials.base_url)
        if target.user or target.password:
            return False
        if target.origin() == base.origin():
            return True
        return target.scheme == "https" and target.port == 443 and target.host in hosts
    except ValueError:
        return False


async def fresh_address(session: ClientSession, credentials: Credentials, media: MediaRef, *, most_bytes: int) -> str:
    params = {"phone_number_id": credentials.external_id}
    answer = await graph.call(session, credentials, "GET", media.external_id, params=params)
    _refuse_if_larger(answer.get("file_size"), most_bytes)
    if not (url := reading.text(answer, "url")):
        raise NoAnswer("a file without an address")
    return url


def _get(session: ClientSession, credentials: Credentials, url: str) -> Any:
    # Undone compression could make much of little, and files come as they are.
    headers = graph.authorization(credentials) | {"Accept-Encoding": "identity"}
    return exchange(session, "GET", URL(url), headers=headers, timeout=TRANSFER_TIMEOUT)


async def _pieces(response: ClientResponse, credentials: Credentials, most_bytes: int) -> AsyncIterator[bytes]:
    if response.status != 200:
        graph.answer(response.status, response.headers, await read(response), credentials)
        raise NoAnswer(f"HTTP {response.status} instead of a file")
    _refuse_if_larger(response.content_length, most_bytes)
    seen = 0
    async for piece in response.content.iter_chunked(PIECE):
        seen += len(piece)
        _refuse_if_larger(seen, most_bytes)
        yield piece


def _refuse_if_larger(size: Any, most_bytes: int) -> None:
    """What it says of itself is only a hint, as a number or a string; the bytes are counted as well."""
    said: Mapping[str, Any] = {"size": size}
    digits = reading.text(said, "size")
    if digits.isascii() and digits.isdigit() and int(digits[:18]) > most_bytes:
        raise SendFailed(ProviderError("too_large"))
