from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messaging.channels.models import Channel
from messaging.contacts.models import ChannelIdentity
from messaging.conversations.models import Conversation
from tenants.lib.ids import new_public_id

# What `content` keeps beside what is sent: ids under which the provider has refused it, and the time of its price.
REFUSED, PRICED_AT = "refused_ids", "priced_at"


class Direction(models.TextChoices):
    INBOUND = "inbound", _("Received")
    OUTBOUND = "outbound", _("Sent")
    NOTE = "note", _("Note")
    EVENT = "event", _("Event")


class Lane(models.TextChoices):
    REPLIES = "replies", _("Replies")
    BULK = "bulk", _("Bulk")


class MessageState(models.TextChoices):
    """Outbound:

        queued ─claim─► sending ─accepted─► sent ─► delivered ─► read     (forward only)
           ▲               ├── refused for good ───► failed
           └─ not now ─────┤
                           └── no answer, or the worker died ─► unknown ─ its report arrives ─► sent …

    Inbound: received. Notes and events have none.
    """

    RECEIVED = "received", _("Received")
    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Being sent")
    UNKNOWN = "unknown", _("Not known")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    READ = "read", _("Read")
    FAILED = "failed", _("Not delivered")


class Message(models.Model):
    """One entry of a conversation: a message in or out, a colleague's note, or an event.

    `at` is the provider's time and orders the thread. `public_id` goes out as the reference that every report carries.
    """

    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    identity = models.ForeignKey(
        ChannelIdentity, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    direction = models.CharField(max_length=8, choices=Direction.choices)
    type = models.CharField(max_length=16, default="text")
    text = models.TextField(blank=True)
    content = models.JSONField(default=dict)
    reply_to = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    author_id = models.BigIntegerField(null=True)
    author_name = models.CharField(max_length=120, blank=True)
    external_id = models.CharField(max_length=256, blank=True)
    client_key = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=MessageState.choices, blank=True)
    lane = models.CharField(max_length=8, choices=Lane.choices, blank=True)
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Attempts whose worker died: a message that kills workers is parked.
    lost_attempts = models.PositiveSmallIntegerField(default=0)
    attempt_token = models.CharField(max_length=16, blank=True)
    lease_until = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=32, blank=True)
    error_details = models.TextField(blank=True)
    reaction_in = models.CharField(max_length=32, blank=True)
    reaction_out = models.CharField(max_length=32, blank=True)
    pricing = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="message_public_id"),
            # A webhook that comes twice makes one message; a report finds its message by this index.
            models.UniqueConstraint(
                fields=["channel", "external_id"], condition=~models.Q(external_id=""), name="message_external_once"
            ),
            # A double click makes one answer.
            models.UniqueConstraint(
                fields=["conversation", "client_key"], condition=~models.Q(client_key=""), name="message_client_once"
            ),
        ]
        indexes = [
            # The thread, newest first.
            models.Index(fields=["conversation", "-at", "-id"], name="message_thread"),
            # The pump: what is due in a lane, oldest first.
            models.Index(
                fields=["channel", "lane", "due_at", "id"], name="message_queue", condition=models.Q(state="queued")
            ),
            # One in flight per number and contact, in order.
            models.Index(
                fields=["channel", "identity", "id"],
                name="message_in_order",
                condition=models.Q(state__in=["queued", "sending"]),
            ),
            # Attempts whose worker died, and outcomes nobody reported.
            models.Index(
                fields=["lease_until"], name="message_leases", condition=models.Q(state__in=["sending", "unknown"])
            ),
            # The list's mark and filter for what did not arrive.
            models.Index(fields=["conversation", "-at"], name="message_failed", condition=models.Q(state="failed")),
            # How many people a number has written to within a day.
            models.Index(
                fields=["channel", "at"],
                name="message_templates_of_day",
                condition=models.Q(direction="outbound", type="template"),
            ),
            # Search in the inbox.
            GinIndex(SearchVector("text", config="simple"), name="message_search"),
        ]

    def asks_a_person(self) -> bool:
        """Nobody will hear of it any more: somebody decides whether it is sent again."""
        return self.state == MessageState.UNKNOWN and self.lease_until is None


class AttachmentState(models.TextChoices):
    WAITING = "waiting", _("Being fetched")
    OUTGOING = "outgoing", _("Being handed over")
    STORED = "stored", _("Stored")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Not to be had")


class Attachment(models.Model):
    """A file of a message. Once it is stored its content says `mime_type`; `error` is a code of media/words.py.

        in    waiting ─► stored | refused (too large, unsafe, empty) | failed (not to be had)
        out   outgoing ─► stored (the provider has it too)

    `due_at` is when it is worked on next; while somebody works on it, when that attempt counts as lost.
    """

    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    external_id = models.CharField(max_length=128, blank=True)
    source_url = models.TextField(blank=True)
    filename = models.CharField(max_length=255, blank=True)
    mime_type = models.CharField(max_length=100, blank=True)
    size = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    key = models.CharField(max_length=200, blank=True)
    thumbnail_key = models.CharField(max_length=200, blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    # Seconds.
    duration = models.PositiveIntegerField(null=True)
    is_voice = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=AttachmentState.choices, default=AttachmentState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)
    # When it was left at the provider, who keeps it for a while only.
    uploaded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["public_id"], name="attachment_public_id")]
        indexes = [
            # What is to be fetched or handed over, oldest first.
            models.Index(
                fields=["due_at"], name="attachment_due", condition=models.Q(state__in=["waiting", "outgoing"])
            ),
        ]

    def is_here(self) -> bool:
        """Whether its bytes may be looked at."""
        return bool(self.key) and self.state in (AttachmentState.STORED, AttachmentState.OUTGOING)
