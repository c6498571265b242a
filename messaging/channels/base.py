"""What every provider's adapter does, in plain values.

An adapter knows no model: it gets credentials and values, and returns values. It is found through registry.py. The
same contract tests run over all adapters against the sandbox.

What `content` holds, in and out; "?" marks what may be missing. It is plain JSON, free of NUL and broken surrogates.

    text              body, preview?
    image, video, document, audio, sticker
                      out: media_id or link, caption?, filename?, voice?, and for the checks mime_type?, size?
                      in: caption?, animated?; the file itself is `media`
    location          latitude, longitude, name?, address?, url?
    contacts          contacts: [provider's vCard-like objects]
    reaction          message_id, emoji ('' takes the reaction back)
    buttons           body, buttons: [{id, title}], header?, footer?
    list              body, button, sections: [{title?, rows: [{id, title, description?}]}], header?, footer?
    link              body, title, url, header?, footer?
    location_request  body
    template          name, language, header?: value, body?: [value], buttons?: [button], cards?: [{header?, body?,
                      buttons?}], offer_ends_ms?; or name, language, code for a template that carries a code; and
                      shown? {header, body, footer, buttons, cards?}: what the person reads, for the thread
        value         a string, or {text, name?}, or {type: image|video|document|gif|location|currency|date_time|
                      product, name?, and the fields of that type}
        button        {index, type: url|quick_reply|copy_code, value} or {index, type, action?}
        header        of buttons, list and link: a string, or {type: image|video|document, media_id or link}
    answer            kind: button|list|template_button|flow|address|…, id, title, description?, data?
    order             catalog_id, text, items
    system            event: number_changed|user_id_changed|identity_changed|…, body, identity?
    edit              original_id, type, and the content of that type
    revoke            original_id
    unsupported       label: the provider's word for it

Any inbound content may also hold `forwarded`, `frequently_forwarded` and `product` (what the person asks about).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from aiohttp import ClientSession


class MessageType(StrEnum):
    """What a message is. Unknown inbound types are stored as UNSUPPORTED and shown as a labelled placeholder."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    REACTION = "reaction"
    BUTTONS = "buttons"
    LIST = "list"
    LINK = "link"
    LOCATION_REQUEST = "location_request"
    TEMPLATE = "template"
    ANSWER = "answer"
    ORDER = "order"
    SYSTEM = "system"
    EDIT = "edit"
    REVOKE = "revoke"
    UNSUPPORTED = "unsupported"


class Report(StrEnum):
    """What a provider tells of a message we sent, in the order of its life; FAILED is the other end.

    A voice message that was played counts as read.
    """

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True)
class Credentials:
    """How to speak to a provider for one channel. `base_url` is the provider, or the sandbox."""

    base_url: str
    external_id: str
    token: str = field(repr=False)
    app_secret: str = field(default="", repr=False)
    verify_token: str = field(default="", repr=False)
    account_external_id: str = ""


@dataclass(frozen=True)
class Address:
    """Where a person is reached: a telephone number in E.164, or the id a provider gave them; either may be missing.

    `shared_user_id` is the id that several connected accounts of one owner have in common; nothing is sent to it.
    """

    phone: str = ""
    user_id: str = ""
    shared_user_id: str = ""

    def __bool__(self) -> bool:
        return bool(self.phone or self.user_id)


@dataclass(frozen=True)
class OutboundMessage:
    """A message ready to be sent. `content` holds the fields of its type; `reference` comes back in every report."""

    reference: str
    to: Address
    type: MessageType
    content: Mapping[str, Any]
    reply_to: str = ""


@dataclass(frozen=True)
class Accepted:
    """The provider took the message and calls it `external_id`; `held` when it looks at it first.

    `to` is what the provider calls the person: where it differs from what was asked, it is an alias to remember.
    """

    external_id: str
    to: Address = Address()
    held: bool = False
    state: str = ""


@dataclass(frozen=True)
class ProviderError:
    """A provider's no, as it said it, with our token removed. What it means is in errors.py.

    `retry_after` is the provider's own hint in seconds, 0 when it gives none.
    """

    code: str
    title: str = ""
    details: str = ""
    http_status: int = 0
    retry_after: int = 0


class SendFailed(Exception):
    """The provider refused: nothing was sent."""

    def __init__(self, error: ProviderError) -> None:
        super().__init__(f"{error.code} {error.title}")
        self.error = error


class NotSent(Exception):
    """No connection was made: nothing was sent, and the same can be tried again later."""


class NoAnswer(Exception):
    """Nobody knows whether the message was taken: a time-out, a broken connection, an answer that is none."""


class InvalidSignature(Exception):
    """The provider itself did not send this body."""


@dataclass(frozen=True)
class MediaRef:
    """A file at the provider, to be fetched by its id; the address, if any, lives for minutes."""

    external_id: str
    mime_type: str = ""
    sha256: str = ""
    url: str = ""
    filename: str = ""
    voice: bool = False


@dataclass(frozen=True)
class InboundMessage:
    """A person's message. `content` holds the fields of its type; `raw` is the element as it came.

    `moved_to` is the sender's new address when the message tells of one; `errors` say why a part is missing.
    """

    external_id: str
    sender: Address
    type: MessageType
    at: datetime
    content: Mapping[str, Any]
    sender_name: str = ""
    username: str = ""
    reply_to: str = ""
    media: MediaRef | None = None
    referral: Mapping[str, Any] = field(default_factory=dict)
    moved_to: Address = Address()
    errors: Sequence[ProviderError] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StatusReport:
    """What became of a message of ours. `pricing` is kept as the provider gave it."""

    external_id: str
    report: Report
    at: datetime
    to: Address = Address()
    reference: str = ""
    error: ProviderError | None = None
    pricing: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AccountEvent:
    """Anything else a provider tells: templates, quality, limits, numbers, opt-outs.

    `kind` is the provider's field name, or one of ours: "errors" (trouble with the account), "group_message" and
    "unknown_status". `at` is None when the provider gives no time, `person` is whom it is about, if anybody.
    """

    kind: str
    at: datetime | None
    value: Mapping[str, Any]
    person: Address = Address()


@dataclass(frozen=True)
class Broken:
    """An element that could not be read; it is stored with its reason and its neighbours go on."""

    reason: str
    raw: Any


Element = InboundMessage | StatusReport | AccountEvent | Broken


@dataclass(frozen=True)
class Delivered:
    """One element of a webhook body, with the number or page it is for ('' when the body names none)."""

    channel_external_id: str
    account_external_id: str
    element: Element


@dataclass(frozen=True)
class Health:
    """How a connected number stands at the provider."""

    name: str
    display_address: str
    state: str
    quality: str = ""
    messages_per_second: int = 80
    daily_limit: str = ""
    problems: Sequence[ProviderError] = ()


@dataclass(frozen=True)
class TemplateValue:
    """A template as the provider has it."""

    external_id: str
    name: str
    language: str
    category: str
    status: str
    components: Sequence[Mapping[str, Any]]
    parameter_format: str = "POSITIONAL"
    quality: str = ""
    rejected_reason: str = ""


class ChannelAdapter(ABC):
    """One provider, spoken to in plain values. Without state: one instance serves all channels."""

    kind: str

    @abstractmethod
    async def send(self, session: ClientSession, credentials: Credentials, message: OutboundMessage) -> Accepted:
        """Hand a message over.

        Raises SendFailed for a refusal, NotSent when no connection was made, NoAnswer when the outcome is unknown.
        """

    @abstractmethod
    async def mark_read(
        self, session: ClientSession, credentials: Credentials, external_id: str, *, typing: bool = False
    ) -> None:
        """Tell the person that their message was read, and perhaps that somebody types. Raises like `send`."""

    @abstractmethod
    async def upload(
        self, session: ClientSession, credentials: Credentials, *, data: bytes, mime_type: str, filename: str
    ) -> str:
        """Leave a file at the provider; its id there. Raises like `send`."""

    @abstractmethod
    def download(
        self, session: ClientSession, credentials: Credentials, media: MediaRef, *, most_bytes: int
    ) -> AsyncIterator[bytes]:
        """A file's bytes in pieces, for `async for`.

        Raises SendFailed when it is gone or larger than `most_bytes`, NotSent and NoAnswer, perhaps after some pieces.
        """

    @abstractmethod
    async def health(self, session: ClientSession, credentials: Credentials) -> Health:
        """How the number stands; the check when a channel is connected. Raises like `send`."""

    @abstractmethod
    async def templates(self, session: ClientSession, credentials: Credentials) -> Sequence[TemplateValue]:
        """All templates of the account. Raises like `send`."""

    @abstractmethod
    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> None:
        """Raise InvalidSignature unless one of `secrets` signed exactly these bytes; compared in constant time."""

    def challenge(self, query: Mapping[str, str], verify_tokens: Sequence[str]) -> str:
        """What to answer when the provider checks our address. Raises InvalidSignature unless it knows the token."""
        raise InvalidSignature

    @abstractmethod
    def parse(self, body: bytes) -> Sequence[Delivered]:
        """Every element of a webhook body, each for itself. Raises ValueError when the body is no JSON object."""
