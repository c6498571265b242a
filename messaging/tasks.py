"""Hands on what lies below, since Celery looks here."""

from messaging.conversations.tasks import wake_conversations
from messaging.media.tasks import fetch_media, upload_media
from messaging.messages.tasks import deliver_bulk, deliver_replies
from messaging.webhooks.tasks import process_webhooks

__all__ = [
    "deliver_bulk",
    "deliver_replies",
    "fetch_media",
    "process_webhooks",
    "upload_media",
    "wake_conversations",
]
