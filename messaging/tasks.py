"""Hands on what lies below, since Celery looks here."""

from messaging.broadcasts.tasks import run_broadcasts
from messaging.channels.tasks import check_channels
from messaging.contacts.imports.tasks import go_on_importing
from messaging.conversations.tasks import wake_conversations
from messaging.media.tasks import fetch_media, upload_media
from messaging.message_templates.tasks import sync_templates
from messaging.messages.tasks import deliver_bulk, deliver_replies, send_receipts
from messaging.webhooks.tasks import process_webhooks, tidy_webhooks

__all__ = [
    "check_channels",
    "deliver_bulk",
    "deliver_replies",
    "fetch_media",
    "go_on_importing",
    "process_webhooks",
    "run_broadcasts",
    "send_receipts",
    "sync_templates",
    "tidy_webhooks",
    "upload_media",
    "wake_conversations",
]
