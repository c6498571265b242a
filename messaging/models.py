"""Hands on what lies below, since Django looks here."""

from messaging.broadcasts.models import Broadcast, BroadcastRecipient
from messaging.channels.models import Channel, SendingLane
from messaging.contacts.consent.models import Consent, ConsentEvent, Suppression
from messaging.contacts.imports.models import ContactImport
from messaging.contacts.models import Attribute, ChannelIdentity, Contact, ContactList, Label
from messaging.conversations.models import Conversation
from messaging.live.models import LiveCounter, LiveEvent
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Attachment, Message
from messaging.webhooks.models import WebhookEvent

__all__ = [
    "Attachment",
    "Attribute",
    "Broadcast",
    "BroadcastRecipient",
    "Channel",
    "ChannelIdentity",
    "Consent",
    "ConsentEvent",
    "Contact",
    "ContactImport",
    "ContactList",
    "Conversation",
    "Label",
    "LiveCounter",
    "LiveEvent",
    "Message",
    "MessageTemplate",
    "SendingLane",
    "Suppression",
    "WebhookEvent",
]
