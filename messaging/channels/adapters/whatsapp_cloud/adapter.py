"""The WhatsApp Business Platform, Cloud API. The § in these files are those of the vendor's reference."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from aiohttp import ClientSession

from messaging.channels.adapters import graph, reading
from messaging.channels.adapters.whatsapp_cloud import account, media as files, parsing, sending
from messaging.channels.base import (
    Accepted,
    Account,
    ChannelAdapter,
    Credentials,
    Data,
    Delivered,
    Health,
    MediaRef,
    NoAnswer,
    OutboundMessage,
    TemplateValue,
)

# Where Meta serves files from; the token goes there and to the base URL's own origin, nowhere else.
MEDIA_HOSTS = frozenset({"lookaside.fbsbx.com"})


class WhatsAppCloud(ChannelAdapter):
    kind = "whatsapp"

    def __init__(self, media_hosts: Collection[str] = MEDIA_HOSTS) -> None:
        self.media_hosts = media_hosts

    async def send(self, session: ClientSession, credentials: Credentials, message: OutboundMessage) -> Accepted:
        body = sending.body_of(message)
        return sending.accepted(
            await graph.call(session, credentials, "POST", credentials.external_id, "messages", json=body)
        )

    async def mark_read(
        self, session: ClientSession, credentials: Credentials, external_id: str, *, typing: bool = False
    ) -> None:
        """§2.4: marks all earlier ones too; the typing sign ends with our answer, or after 25 s."""
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": external_id}
        sign = {"typing_indicator": {"type": "text"}} if typing else {}
        answer = await graph.call(
            session, credentials, "POST", credentials.external_id, "messages", json={**body, **sign}
        )
        if answer.get("success") not in (True, "true"):
            raise NoAnswer("marking as read was not confirmed")

    async def upload(
        self, session: ClientSession, credentials: Credentials, *, data: Data, mime_type: str, filename: str
    ) -> str:
        return await files.upload(session, credentials, data=data, mime_type=mime_type, filename=filename)

    def download(
        self, session: ClientSession, credentials: Credentials, media: MediaRef, *, most_bytes: int
    ) -> AsyncIterator[bytes]:
        return files.download(session, credentials, media, most_bytes=most_bytes, hosts=self.media_hosts)

    async def health(self, session: ClientSession, credentials: Credentials) -> Health:
        return await account.health(session, credentials)

    async def account(self, session: ClientSession, credentials: Credentials) -> Account:
        return await account.account(session, credentials)

    async def listen(self, session: ClientSession, credentials: Credentials, url: str) -> None:
        await account.listen(session, credentials, url)

    async def templates(self, session: ClientSession, credentials: Credentials) -> Sequence[TemplateValue]:
        return await account.templates(session, credentials)

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> None:
        graph.verify(headers, body, secrets)

    def challenge(self, query: Mapping[str, str], verify_tokens: Sequence[str]) -> str:
        return graph.challenge(query, verify_tokens)

    def parse(self, body: bytes) -> Sequence[Delivered]:
        return parsing.parse(reading.mapping(reading.load(body), "the body"))
