"""One Celery task per message with a well-kept client library: what the pump is compared with."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils import timezone
from pywa import WhatsApp
from pywa.types.templates import TemplateLanguage

from messaging.channels.services import credentials_of
from messaging.messages.models import Message, MessageState
from tenants.company_task import company_task
from tenants.models import Company

QUEUE = "one-task-each"


@lru_cache
def client(number: str, token: str) -> WhatsApp:
    """One for each process, which keeps its connection."""
    made = WhatsApp(number, token)
    made.api._session.base_url = settings.WHATSAPP_API_URL
    return made


@company_task(queue=QUEUE)
def send_one(company: Company, message_id: int) -> None:
    if not Message.objects.filter(pk=message_id, state=MessageState.QUEUED).update(state=MessageState.SENDING):
        return
    message = Message.objects.select_related("channel", "identity").get(pk=message_id)
    credentials = credentials_of(message.channel)
    values = [{"type": "text", "text": value} for value in message.content["body"]]
    sent = client(credentials.external_id, credentials.token).send_template(
        message.identity.external_id,
        message.content["name"],
        TemplateLanguage(message.content["language"]),
        [{"type": "body", "parameters": values}],
        tracker=message.public_id,
    )
    message.state, message.external_id, message.sent_at = MessageState.SENT, sent.id, timezone.now()
    message.save(update_fields=["state", "external_id", "sent_at"])
