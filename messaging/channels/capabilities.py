"""What each kind of channel can do, as data: the composer, the checks and the broadcasts read it here.

Sizes are in bytes, lengths in characters; 0 as a limit means that the thing does not exist there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from messaging.channels.base import MessageType

KB, MB = 1024, 1024 * 1024
ANY_NUMBER = 10**9


@dataclass(frozen=True)
class FileLimits:
    """Files of one type. No `mime_types` means any; `animated` is the size of a moving sticker."""

    most_bytes: int
    mime_types: frozenset[str] = frozenset()
    caption: int = 0
    animated_bytes: int = 0


@dataclass(frozen=True)
class ButtonLimits:
    most: int
    title: int
    id: int
    body: int


@dataclass(frozen=True)
class ListLimits:
    """`rows` counts those of all sections together."""

    button: int
    sections: int
    rows: int
    section_title: int
    row_id: int
    row_title: int
    row_description: int
    body: int


@dataclass(frozen=True)
class LinkLimits:
    title: int
    body: int
    url: int = 2000


@dataclass(frozen=True)
class TemplateLimits:
    """Values may hold no line break, no tab and at most `spaces` spaces in a row."""

    value: int
    code: int
    coupon: int
    payload: int
    spaces: int
    cards: int


@dataclass(frozen=True)
class Window:
    """For how long after a person's message anything may be written, and what is left afterwards.

    `messages` is how many that are (0: any number); `ad_hours` how long it costs nothing after an advertisement.
    """

    hours: int
    afterwards: Literal["template", "nothing", "anything"]
    messages: int = 0
    ad_hours: int = 0


@dataclass(frozen=True)
class Pace:
    """How fast: per second for a number, and seconds between two messages to one person, who takes a burst of them."""

    per_second: int
    pair_seconds: int = 0
    pair_burst: int = 1


@dataclass(frozen=True)
class Capabilities:
    """One kind of channel. `reference` is how long ours may be that comes back in reports.

    `inbound_bytes` is what a person's file may have, `upload_days` how long the provider keeps what we left there.
    `daily_people` reads the provider's word for how many different people may be written to first within 24 hours.
    """

    name: str
    sends: frozenset[MessageType]
    receives: frozenset[MessageType]
    text: int
    window: Window | None
    pace: Pace
    files: Mapping[MessageType, FileLimits] = field(default_factory=dict)
    inbound_bytes: int = 0
    upload_days: int = 0
    buttons: ButtonLimits | None = None
    lists: ListLimits | None = None
    links: LinkLimits | None = None
    template: TemplateLimits | None = None
    header: int = 0
    header_files: frozenset[str] = frozenset()
    footer: int = 0
    contacts: int = 0
    reference: int = 0
    daily_people: Mapping[str, int] = field(default_factory=dict)
    reactions: bool = False
    quotes: bool = False
    read_receipts: bool = False
    typing: bool = False


FILES = frozenset({MessageType.IMAGE, MessageType.VIDEO, MessageType.AUDIO, MessageType.DOCUMENT, MessageType.STICKER})

# whatsapp §2.1, §2.2, §2.3, §4, §5.
WHATSAPP = Capabilities(
    name="WhatsApp",
    sends=FILES
    | {
        MessageType.TEXT,
        MessageType.LOCATION,
        MessageType.CONTACTS,
        MessageType.REACTION,
        MessageType.BUTTONS,
        MessageType.LIST,
        MessageType.LINK,
        MessageType.LOCATION_REQUEST,
        MessageType.TEMPLATE,
    },
    receives=FILES
    | {
        MessageType.TEXT,
        MessageType.LOCATION,
        MessageType.CONTACTS,
        MessageType.REACTION,
        MessageType.ANSWER,
        MessageType.ORDER,
        MessageType.SYSTEM,
        MessageType.EDIT,
        MessageType.REVOKE,
        MessageType.UNSUPPORTED,
    },
    text=4096,
    window=Window(hours=24, afterwards="template", ad_hours=72),
    pace=Pace(per_second=80, pair_seconds=6, pair_burst=45),
    files={
        MessageType.IMAGE: FileLimits(5 * MB, frozenset({"image/jpeg", "image/png"}), caption=1024),
        MessageType.VIDEO: FileLimits(16 * MB, frozenset({"video/mp4", "video/3gpp"}), caption=1024),
        MessageType.AUDIO: FileLimits(
            16 * MB, frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"})
        ),
        # Any type is taken; only some are promised (§2.1).
        MessageType.DOCUMENT: FileLimits(100 * MB, caption=1024),
        MessageType.STICKER: FileLimits(100 * KB, frozenset({"image/webp"}), animated_bytes=500 * KB),
    },
    inbound_bytes=100 * MB,
    upload_days=30,
    buttons=ButtonLimits(most=3, title=20, id=256, body=1024),
    lists=ListLimits(
        button=20,
        sections=10,
        rows=10,
        section_title=24,
        row_id=200,
        row_title=24,
        row_description=72,
        body=4096,
    ),
    links=LinkLimits(title=20, body=1024),
    template=TemplateLimits(value=1024, code=15, coupon=15, payload=128, spaces=4, cards=10),
    header=60,
    header_files=frozenset({"image", "video", "document"}),
    footer=60,
    contacts=257,
    reference=512,
    daily_people={
        "TIER_250": 250,
        "TIER_2K": 2000,
        "TIER_10K": 10_000,
        "TIER_100K": 100_000,
        "TIER_UNLIMITED": ANY_NUMBER,
    },
    reactions=True,
    quotes=True,
    read_receipts=True,
    typing=True,
)

TABLE: Mapping[str, Capabilities] = {"whatsapp": WHATSAPP}


def capabilities_of(kind: str) -> Capabilities:
    return TABLE[kind]
