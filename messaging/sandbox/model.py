"""What the provider knows. Every field is plain JSON, so that a restart finds it again."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from messaging.sandbox.knobs import Knobs

JSON = dict[str, Any]
RANKS = {"accepted": 0, "sent": 1, "delivered": 2, "read": 3, "played": 4}
TIERS = {"TIER_250": 250, "TIER_2K": 2000, "TIER_10K": 10_000, "TIER_100K": 100_000}  # others: no limit (§5)


@dataclass(slots=True)
class Token:
    value: str
    account_ids: list[str]
    revoked: bool = False
    scopes: list[str] = field(default_factory=lambda: ["whatsapp_business_messaging", "whatsapp_business_management"])


@dataclass(slots=True)
class Account:
    """A WABA, with the app that is subscribed to it."""

    id: str
    name: str
    portfolio_id: str
    app_id: str
    app_secret: str
    verify_token: str = ""
    webhook_url: str = ""
    subscribed: bool = True
    override_url: str = ""
    currency: str = "EUR"
    timezone_id: str = "49"
    country: str = "DE"
    status: str = "ACTIVE"
    review_status: str = "APPROVED"
    messaging_limit: str = "TIER_100K"
    cloud_marketing_disabled: bool = False
    insights_enabled: bool = False
    review_ms: int = 2000  # how long a template is looked at
    language: str = "en"  # the language of the people that the phone page offers first


@dataclass(slots=True)
class Number:
    id: str
    account_id: str
    digits: str
    verified_name: str
    status: str = "CONNECTED"
    quality_rating: str = "GREEN"
    throughput: str = "STANDARD"
    name_status: str = "APPROVED"
    account_mode: str = "LIVE"
    username: str = ""
    official: bool = False
    registered: bool = True
    pin: str = ""
    register_calls: list[float] = field(default_factory=list)
    allow_list: list[str] = field(default_factory=list)  # test numbers only reach these (131030)
    override_url: str = ""
    profile: JSON = field(default_factory=dict)
    settings: JSON = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)  # ids of people
    service_counts: dict[str, int] = field(default_factory=dict)  # month: delivered service messages
    knobs: Knobs = field(default_factory=Knobs)


@dataclass(slots=True)
class Person:
    """Somebody with a telephone. Without `phone` only the business-scoped id is known to anybody."""

    id: str
    name: str
    phone: str = ""  # canonical wa_id
    dialled: str = ""  # as a person would give it, when that differs
    language: str = "en"
    country: str = "DE"
    username: str = ""
    hides_phone: bool = False
    listed: bool = False  # shown on the phone page; the others were only written to
    on: bool = True
    by_hand: bool = False  # states wait for the phone although nobody looks at it
    receipts: bool = True
    opted_out: list[str] = field(default_factory=list)  # account ids: no marketing
    blocks: list[str] = field(default_factory=list)  # number ids
    key: int = 0  # changes with the number, and the business-scoped id with it


@dataclass(slots=True)
class Message:
    id: str
    seq: int
    number_id: str
    person_id: str
    inbound: bool
    type: str
    content: JSON
    at: float
    status: str = "accepted"
    times: dict[str, float] = field(default_factory=dict)
    reference: str = ""
    reply_to: str = ""
    category: str = "service"
    pricing: JSON = field(default_factory=dict)
    priced: bool = False  # one of delivered and read has carried the price
    error: int = 0
    to: str = ""  # as the sender wrote it
    rendered: JSON = field(default_factory=dict)
    reactions: dict[str, str] = field(default_factory=dict)  # "person" and "business"
    expires: float = 0.0
    silent: bool = False
    edited: bool = False
    revoked: bool = False
    attempts: list[JSON] = field(default_factory=list)


@dataclass(slots=True)
class Template:
    id: str
    account_id: str
    name: str
    language: str
    category: str
    components: list[JSON]
    status: str = "APPROVED"
    parameter_format: str = "POSITIONAL"
    quality: str = "UNKNOWN"
    rejected_reason: str = "NONE"
    sub_category: str = ""
    previous_category: str = ""
    correct_category: str = ""
    ttl: int = 0
    pauses: int = 0
    edits: list[float] = field(default_factory=list)
    created: float = 0.0


@dataclass(slots=True)
class Media:
    id: str
    number_id: str
    mime_type: str
    sha256: str
    size: int
    created: float
    filename: str = ""
    inbound: bool = False
    voice: bool = False
    animated: bool = False


KINDS: dict[str, type] = {
    "token": Token,
    "account": Account,
    "number": Number,
    "person": Person,
    "message": Message,
    "template": Template,
    "media": Media,
}
FIELDS = {kind: [one.name for one in fields(cls)] for kind, cls in KINDS.items()}
KNOB_FIELDS = [one.name for one in fields(Knobs)]


def as_json(kind: str, thing: Any) -> JSON:
    found = {name: getattr(thing, name) for name in FIELDS[kind]}
    if kind == "number":
        found["knobs"] = {name: getattr(thing.knobs, name) for name in KNOB_FIELDS}
    return found


def from_json(kind: str, data: JSON) -> Any:
    known = {name: value for name, value in data.items() if name in FIELDS[kind]}
    if kind == "number":
        known["knobs"] = Knobs(**{name: value for name, value in known["knobs"].items() if name in KNOB_FIELDS})
    return KINDS[kind](**known)
