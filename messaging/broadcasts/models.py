from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messaging.channels.models import Channel
from messaging.contacts.consent.models import ConsentEvent, Purpose
from messaging.contacts.models import Contact
from messaging.message_templates.models import MessageTemplate
from messaging.messages.models import Message
from tenants.lib.ids import new_public_id


class BroadcastState(models.TextChoices):
    """draft ⇄ scheduled ─► preparing ─► sending ⇄ paused, sending ─► completed; any of them but the last ─► cancelled.

    What was handed to the provider is never recalled: pausing and cancelling only touch what still waits.
    """

    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    PREPARING = "preparing", _("Being prepared")
    SENDING = "sending", _("Being sent")
    PAUSED = "paused", _("Paused")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")


class PauseReason(models.TextChoices):
    """Who or what has paused a broadcast."""

    PERSON = "person", _("A colleague has paused it.")
    TEMPLATE = "template", _("The template may not be sent any more, or has changed.")
    ERRORS = "errors", _("The provider refused many messages for the same reason.")
    OPT_OUTS = "opt_outs", _("Unusually many people have opted out.")
    BUDGET = "budget", _("The budget of this month is used up.")
    CHANNEL = "channel", _("The channel does not send.")


class SkipReason(models.TextChoices):
    """Why somebody of the audience gets no message."""

    BLOCKED = "blocked", _("Blocked by a colleague")
    NO_CHANNEL = "no_channel", _("No address on this channel")
    OPTED_OUT = "opted_out", _("Opted out")
    NO_CONSENT = "no_consent", _("Has not agreed")
    DUPLICATE = "duplicate", _("Same number as another contact")
    VALUE_MISSING = "value_missing", _("A value of the template is missing")
    TOO_LONG = "too_long", _("The text would be too long")
    CANCELLED = "cancelled", _("The broadcast was cancelled")
    REMOVED = "removed", _("The contact was removed")


class Broadcast(models.Model):
    """One template to many people. From its start on the audience is rows, and the template's words are kept here.

    `audience` is what audience.py reads, `bindings` says for each place of the template where its value comes from.
    """

    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=120)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices, default=Purpose.MARKETING)
    template = models.ForeignKey(MessageTemplate, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    # What was looked at when it was started: a template that says something else now stops it.
    components = models.JSONField(default=list)
    category = models.CharField(max_length=32, blank=True)
    audience = models.JSONField(default=dict)
    bindings = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=BroadcastState.choices, default=BroadcastState.DRAFT)
    pause_reason = models.CharField(max_length=10, choices=PauseReason.choices, blank=True)
    pause_details = models.TextField(blank=True)
    scheduled_at = models.DateTimeField(null=True)
    # Between these times nothing is sent, by the clock of `time_zone`; both or none.
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    time_zone = models.CharField(max_length=40, default="Europe/Berlin")
    per_minute = models.PositiveIntegerField(null=True)
    estimate = models.JSONField(default=dict)
    # Of the prices of its rows.
    currency = models.CharField(max_length=3, blank=True)
    author_id = models.BigIntegerField(null=True)
    author_name = models.CharField(max_length=120, blank=True)
    # The last contact whose row stands, while the audience is frozen in steps.
    frozen_until = models.BigIntegerField(default=0)
    fed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    # What went wrong before was looked at by whoever resumed it.
    resumed_at = models.DateTimeField(null=True)
    ignores_opt_outs = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="broadcast_public_id"),
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="broadcast_quiet_both",
            ),
        ]
        # What the feeder looks at.
        indexes = [
            models.Index(
                fields=["id"],
                name="broadcast_running",
                condition=models.Q(state__in=["scheduled", "preparing", "sending"]),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_started(self) -> bool:
        return self.state not in (BroadcastState.DRAFT, BroadcastState.SCHEDULED)


class BroadcastRecipient(models.Model):
    """One person of a started broadcast: skipped with a reason, waiting, or with the message that was made for them.

    Everything as it was at the start: name, address, values, the decision that allowed it.
    `price` is what was expected, and put aside, when its message was made; None when nobody knew it.
    """

    id: int
    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="recipients", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=160, blank=True)
    values = models.JSONField(default=dict)
    consent = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    market = models.CharField(max_length=60, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    skipped = models.CharField(max_length=14, choices=SkipReason.choices, blank=True)
    message = models.OneToOneField(Message, on_delete=models.SET_NULL, null=True, related_name="recipient")

    class Meta:
        constraints = [
            # Nobody is written to twice.
            models.UniqueConstraint(fields=["broadcast", "contact"], name="recipient_once"),
        ]
        indexes = [
            # The rows of the report.
            models.Index(fields=["broadcast", "id"], name="recipient_of_broadcast"),
            # The feeder: who waits.
            models.Index(
                fields=["broadcast", "id"],
                name="recipient_waiting",
                condition=models.Q(message=None, skipped=""),
            ),
        ]

    def shown_values(self) -> dict[str, Any]:
        return dict(self.values)
