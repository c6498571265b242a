"""A message to an admin's own telephone: written and sent as every other one, so that it proves the whole way."""

from __future__ import annotations

import json

from django.db import transaction

from messaging.channels.base import Address
from messaging.channels.models import Channel
from messaging.channels.services import hold
from messaging.contacts import identities
from messaging.conversations.services import conversation_for
from messaging.message_templates.models import MessageTemplate, TemplateStatus
from messaging.messages.models import Message
from messaging.messages.people import Followers
from messaging.messages.services import reply, send_template
from tenants.models import User


def plain_templates(channel: Channel) -> list[MessageTemplate]:
    """Approved ones with nothing to fill in and no file to add."""
    ours = MessageTemplate.objects.filter(
        account_external_id=channel.account_external_id, status=TemplateStatus.APPROVED
    ).exclude(category="authentication")
    return [template for template in ours.order_by("name", "language") if _is_plain(template)]


def _is_plain(template: MessageTemplate) -> bool:
    formats = {part.get("format", "TEXT") for part in template.components if part.get("type") == "HEADER"}
    kinds = {part.get("type") for part in template.components}
    return (
        formats <= {"TEXT"}
        and kinds <= {"HEADER", "BODY", "FOOTER", "BUTTONS"}
        and "{{" not in json.dumps([_without_examples(part) for part in template.components])
    )


def _without_examples(part: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in part.items() if key != "example"}


@transaction.atomic
def send_test(
    channel: Channel, *, author: User, phone: str, text: str, template: MessageTemplate | None, client_key: str
) -> Message:
    """Queue it, to a contact as real as any. `phone` in E.164. Raises like `messages.services.reply`."""
    hold(channel)
    contact, identity = identities.person_behind(channel.kind, Address(phone), followers=Followers())
    conversation = conversation_for(channel, contact, identity)
    if template is None:
        return reply(conversation, author=author, text=text.strip(), client_key=client_key)
    body = next((str(part.get("text", "")) for part in template.components if part.get("type") == "BODY"), "")
    content = {"name": template.name, "language": template.language}
    return send_template(conversation, author=author, content=content, text=body, client_key=client_key)
