"""What billing's pages call our channels, broadcasts and conversations, and where they lead."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse

from messaging.broadcasts.models import Broadcast
from messaging.channels.models import Channel
from messaging.conversations.models import Conversation
from tenants.services.things import Thing, on_things


def channels(public_ids: Collection[str]) -> dict[str, Thing]:
    found = Channel.objects.filter(public_id__in=public_ids)
    return {one.public_id: Thing(_channel_name(one), reverse("channel", args=[one.public_id])) for one in found}


def _channel_name(channel: Channel) -> str:
    return " · ".join(part for part in (channel.name, channel.display_address) if part)


def broadcasts(public_ids: Collection[str]) -> dict[str, Thing]:
    found = Broadcast.objects.filter(public_id__in=public_ids).values_list("public_id", "name")
    return {public_id: Thing(name) for public_id, name in found}


def conversations(public_ids: Collection[str]) -> dict[str, Thing]:
    found = Conversation.objects.filter(public_id__in=public_ids).select_related("contact")
    return {one.public_id: Thing(one.contact.name, reverse("conversation", args=[one.public_id])) for one in found}


on_things("channel", channels)
on_things("broadcast", broadcasts)
on_things("conversation", conversations)
