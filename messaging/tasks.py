"""Hands on what lies below, since Celery looks here."""

from messaging.broadcasts.tasks import run_broadcasts
from messaging.contacts.imports.tasks import go_on_importing
from messaging.conversations.tasks import wake_conversations
from messaging.messages.tasks import deliver_bulk, deliver_replies
from messaging.webhooks.tasks import process_webhooks

__all__ = [
    "deliver_bulk",
    "deliver_replies",
    "go_on_importing",
    "process_webhooks",
    "run_broadcasts",
    "wake_conversations",
]
