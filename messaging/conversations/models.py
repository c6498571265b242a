from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messaging.channels.models import Channel
from messaging.contacts.models import ChannelIdentity, Contact, Label
from messaging.conversations.querysets import ConversationQuerySet
from tenants.lib.ids import new_public_id

# The customer service window: free text is allowed for so long after the contact's last message.
WINDOW = timedelta(hours=24)


class ConversationState(models.TextChoices):
    OPEN = "open", _("Open")
    SNOOZED = "snoozed", _("Snoozed")
    RESOLVED = "resolved", _("Resolved")


class Conversation(models.Model):
    """All that is written between a contact and one channel: open ⇄ snoozed, open ⇄ resolved; a message opens it again.

    What the list shows is kept in the row and not counted. `assignee_id` is a person of the shared schema, without a
    foreign key, so that a company's schema can be moved.
    """

    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="conversations")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="conversations")
    identity = models.ForeignKey(ChannelIdentity, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=8, choices=ConversationState.choices, default=ConversationState.OPEN)
    assignee_id = models.BigIntegerField(null=True)
    labels = models.ManyToManyField(Label, related_name="conversations", blank=True)
    snoozed_until = models.DateTimeField(null=True)
    snoozed_by_id = models.BigIntegerField(null=True)
    last_inbound_at = models.DateTimeField(null=True)
    last_message_at = models.DateTimeField(default=timezone.now)
    preview = models.CharField(max_length=160, blank=True)
    preview_direction = models.CharField(max_length=8, blank=True)
    unread_count = models.PositiveIntegerField(default=0)
    # Since when somebody waits for an answer; nobody when the last word was ours.
    waiting_since = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    # What the contact's phone is told: up to which message we have read, when that is due, and how often it was tried.
    receipt_external_id = models.CharField(max_length=256, blank=True)
    receipt_due_at = models.DateTimeField(null=True)
    receipt_attempts = models.PositiveSmallIntegerField(default=0)
    # When the contact was last to be shown that somebody types.
    typing_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="conversation_public_id"),
            # Ten first messages at once make one conversation.
            models.UniqueConstraint(fields=["channel", "contact"], name="conversation_once"),
        ]
        indexes = [
            # The inbox: all, and mine, newest first.
            models.Index(fields=["state", "-last_message_at", "-id"], name="conversation_newest"),
            models.Index(fields=["assignee_id", "state", "-last_message_at", "-id"], name="conversation_of_agent"),
            # The sweep that wakes snoozed ones.
            models.Index(fields=["snoozed_until"], name="conversation_snoozed", condition=models.Q(state="snoozed")),
            # The task that tells contacts what we have read.
            models.Index(
                fields=["receipt_due_at"],
                name="conversation_receipts",
                condition=models.Q(receipt_due_at__isnull=False),
            ),
        ]

    def window_closes_at(self) -> datetime | None:
        """When the customer service window closes; None when the contact never wrote."""
        return self.last_inbound_at + WINDOW if self.last_inbound_at else None

    def window_is_open(self, now: datetime | None = None) -> bool:
        closes = self.window_closes_at()
        return closes is not None and closes > (now or timezone.now())
