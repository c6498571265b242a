"""Each adapter with its provider, as the sandbox plays it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pytest
from aiohttp import ClientSession

from messaging.channels.base import (
    Accepted,
    Address,
    ChannelAdapter,
    Credentials,
    InboundMessage,
    MediaRef,
    MessageType,
    OutboundMessage,
    SendFailed,
    StatusReport,
)
from messaging.channels.checks import check_outbound
from messaging.channels.registry import ADAPTERS, open_session
from messaging.sandbox.testing import AT_ONCE, Sandbox

Result = TypeVar("Result")
ANA = "15550001001"


@dataclass
class House:
    """One adapter and its provider: a number of ours and people it can write to."""

    adapter: ChannelAdapter
    sandbox: Sandbox
    credentials: Credentials
    person: Address

    def run(self, work: Callable[[ClientSession], Awaitable[Result]]) -> Result:
        async def main() -> Result:
            async with open_session() as session:
                return await work(session)

        return asyncio.run(main())

    def send(self, type_: MessageType, content: dict[str, Any], **fields: Any) -> Accepted:
        message = replace(OutboundMessage("c7:m1", self.person, type_, content), **fields)
        assert check_outbound(self.adapter.kind, message) == []
        return self.run(lambda session: self.adapter.send(session, self.credentials, message))

    def text(self, body: str = "Grüße 👋", **fields: Any) -> Accepted:
        return self.send(MessageType.TEXT, {"body": body}, **fields)

    def refusal(self, **fields: Any) -> Any:
        with pytest.raises(SendFailed) as failed:
            self.text(**fields)
        return failed.value.error

    def upload(self, data: bytes, mime_type: str, filename: str = "a") -> str:
        return self.run(
            lambda session: self.adapter.upload(
                session, self.credentials, data=data, mime_type=mime_type, filename=filename
            )
        )

    def download(self, media: MediaRef, most_bytes: int = 10_000_000) -> bytes:
        async def work(session: ClientSession) -> bytes:
            pieces = self.adapter.download(session, self.credentials, media, most_bytes=most_bytes)
            return b"".join([piece async for piece in pieces])

        return self.run(work)

    def told(self) -> list[Any]:
        """Every element of every webhook so far, verified as it came."""
        self.sandbox.settle(within=2)
        found = []
        for post in self.sandbox.receiver.received:
            self.adapter.verify(post.headers, post.body, [self.credentials.app_secret])
            found += [one.element for one in self.adapter.parse(post.body)]
        return found

    def reports(self, accepted: Accepted) -> list[StatusReport]:
        return [one for one in self.told() if isinstance(one, StatusReport) and one.external_id == accepted.external_id]

    def received(self) -> list[InboundMessage]:
        return [one for one in self.told() if isinstance(one, InboundMessage)]


def whatsapp(sandbox: Sandbox) -> House:
    sandbox.reset(everything=True)
    sandbox.add_account(
        "102290129340398",
        name="Acme",
        app_secret="s3cret",
        token="EAAG-1",
        webhook_url=sandbox.receiver.url,
        verify_token=sandbox.receiver.verify_token,
        numbers=[
            {
                "id": "106540352242922",
                "display_phone_number": "+1 555 078 3881",
                "knobs": AT_ONCE | {"pair_limit": False},
            }
        ],
        people=[{"phone": f"+{ANA}", "name": "Ana"}],
        templates=[
            {
                "name": "order_shipped",
                "language": "en_US",
                "category": "UTILITY",
                "components": [
                    {
                        "type": "BODY",
                        "text": "Hi {{1}}, order {{2}} left today.",
                        "example": {"body_text": [["a", "b"]]},
                    }
                ],
            }
        ],
    )
    credentials = Credentials(
        f"{sandbox.url}/v25.0",
        "106540352242922",
        "EAAG-1",
        app_secret="s3cret",
        account_external_id="102290129340398",
    )
    return House(ADAPTERS["whatsapp"], sandbox, credentials, Address(f"+{ANA}"))


HOUSES = {"whatsapp": whatsapp}
