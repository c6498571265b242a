"""Hands on what lies below, since Django looks here."""

from messaging.channels.models import Channel, SendingLane
from messaging.contacts.models import ChannelIdentity, Contact
from messaging.conversations.models import Conversation, Label
from messaging.live.models import LiveCounter, LiveEvent
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Attachment, Message
from messaging.webhooks.models import WebhookEvent

__all__ = [
    "Attachment",
    "Channel",
    "ChannelIdentity",
    "Contact",
    "Conversation",
    "Label",
    "LiveCounter",
    "LiveEvent",
    "Message",
    "MessageTemplate",
    "SendingLane",
    "WebhookEvent",
]
