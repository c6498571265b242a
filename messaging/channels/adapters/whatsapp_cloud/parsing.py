"""A webhook body, element by element (§8): one that cannot be read becomes Broken and its neighbours go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from messaging.channels.adapters import graph, reading
from messaging.channels.adapters.whatsapp_cloud import people
from messaging.channels.adapters.whatsapp_cloud.contents import contents_of
from messaging.channels.base import (
    AccountEvent,
    Broken,
    Delivered,
    Element,
    InboundMessage,
    Report,
    StatusReport,
)

Fields = Mapping[str, Any]
# `played` is told of voice messages only; `warning` and `deleted` of old ones are no step of a message's life (§8.4).
REPORTS = {
    "sent": Report.SENT,
    "delivered": Report.DELIVERED,
    "read": Report.READ,
    "played": Report.READ,
    "failed": Report.FAILED,
}


@dataclass(frozen=True)
class Around:
    """What an element's readers need of its surroundings."""

    field: str
    entry_at: datetime | None
    contacts: Sequence[Fields] = ()


def parse(body: Fields) -> list[Delivered]:
    if "entry" not in body:
        return [Delivered("", "", Broken("entry is missing", body))]
    return [found for entry in reading.items(body, "entry") for found in entry_of(entry)]


def entry_of(entry: Any) -> Iterator[Delivered]:
    account = reading.text(entry, "id") if isinstance(entry, Mapping) else ""
    if not isinstance(entry, Mapping) or "changes" not in entry:
        yield Delivered("", account, Broken("an entry without changes", entry))
        return
    entry_at = reading.instant(entry.get("time"))
    for change in reading.items(entry, "changes"):
        channel = channel_of(change)
        for element in change_of(change, entry_at):
            yield Delivered(channel, account, element)


def channel_of(change: Any) -> str:
    value = reading.part(change, "value") if isinstance(change, Mapping) else {}
    return reading.text(reading.part(value, "metadata"), "phone_number_id")


def change_of(change: Any, entry_at: datetime | None) -> Iterator[Element]:
    if not isinstance(change, Mapping) or not isinstance(change.get("value"), Mapping):
        yield Broken("a change without a value", change)
        return
    value = change["value"]
    around = Around(reading.text(change, "field"), entry_at, [*reading.parts(value, "contacts")])
    readers = LISTS.get(around.field or "messages", {})
    lists = [(key, read) for key, read in readers.items() if value.get(key) is not None]
    for key, read in lists:
        yield from (safely(read, item, around) for item in reading.items(value, key))
    if not lists:
        yield AccountEvent(around.field, entry_at, value)


def safely(read: Callable[[Fields, Around], Element], item: Any, around: Around) -> Element:
    try:
        return read(reading.mapping(item, "the element"), around)
    except ValueError as error:
        return Broken(str(error), item)


# --- One element ------------------------------------------------------------------------------------------------------


def message(item: Fields, around: Around) -> Element:
    at = time_of(item, around)
    if item.get("type") == "system":
        sender, moved_to = people.moved(item)
    else:
        sender, moved_to = people.sender(item), people.NOBODY
    contact = people.contact_of(sender, around.contacts)
    sender = people.completed(sender, contact)
    if reading.text(item, "group_id"):
        # §8.3: groups are not served; as a message it would open a conversation with one of their members.
        return AccountEvent("group_message", at, item, sender)
    if not sender:
        raise reading.Unreadable("nobody is named as the sender")
    read = contents_of(item)
    context = reading.part(item, "context")
    return InboundMessage(
        external_id=reading.needed(item, "id"),
        sender=sender,
        type=read.type,
        at=at,
        content={**read.content, **asides(context)},
        sender_name=reading.text(reading.part(contact, "profile"), "name"),
        username=reading.text(reading.part(contact, "profile"), "username"),
        reply_to=reading.text(context, "id"),
        media=read.media,
        referral=reading.part(item, "referral"),
        moved_to=moved_to,
        errors=read.errors,
        raw=item,
    )


def asides(context: Fields) -> dict[str, Any]:
    product = reading.part(context, "referred_product")
    return reading.some(
        forwarded=context.get("forwarded") is True,
        frequently_forwarded=context.get("frequently_forwarded") is True,
        product=reading.some(
            catalog_id=reading.text(product, "catalog_id"), product_id=reading.text(product, "product_retailer_id")
        ),
    )


def status(item: Fields, around: Around) -> Element:
    """A step in the life of a message of ours; contacts may come with it (§8.4)."""
    to = people.recipient(item)
    at = time_of(item, around)
    report = REPORTS.get(reading.text(item, "status"))
    if report is None:
        return AccountEvent("unknown_status", at, item, to)
    return StatusReport(
        external_id=reading.needed(item, "id"),
        report=report,
        at=at,
        to=people.completed(to, people.contact_of(to, around.contacts)),
        reference=reading.text(item, "biz_opaque_callback_data"),
        error=next((graph.error_of(one) for one in reading.parts(item, "errors")), None),
        pricing=reading.part(item, "pricing"),
        raw=item,
    )


def trouble(item: Fields, around: Around) -> Element:
    """§12: an error of the account, with no message to hang it on."""
    return AccountEvent("errors", around.entry_at, item)


def preference(item: Fields, around: Around) -> Element:
    """A person stops or resumes marketing (§8.5)."""
    at = reading.instant(item.get("timestamp")) or around.entry_at
    person = people.person(item)
    if not person:
        raise reading.Unreadable("nobody is named")
    return AccountEvent(around.field, at, item, people.completed(person, people.contact_of(person, around.contacts)))


def echo(item: Fields, around: Around) -> Element:
    """A message sent from the app on the phone (§8.5, coexistence)."""
    return AccountEvent(around.field, reading.instant(item.get("timestamp")) or around.entry_at, item)


def time_of(item: Fields, around: Around) -> datetime:
    at = reading.instant(item.get("timestamp")) or around.entry_at
    if at is None:
        raise reading.Unreadable("the timestamp is no time")
    return at


# The lists of a change whose elements are read one by one; what has none is kept as it is.
LISTS: dict[str, dict[str, Callable[[Fields, Around], Element]]] = {
    "messages": {"messages": message, "statuses": status, "errors": trouble},
    "user_preferences": {"user_preferences": preference},
    "smb_message_echoes": {"message_echoes": echo},
}
