from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.lib.ids import new_public_id


class ChannelKind(models.TextChoices):
    WHATSAPP = "whatsapp", "WhatsApp"
    MESSENGER = "messenger", "Messenger"
    WECHAT = "wechat", "WeChat"
    SMS = "sms", "SMS"


class ChannelState(models.TextChoices):
    """connected ⇄ paused (by hand or by an error that stops all sends) ⇄ reconnect (the provider refuses our token)."""

    CONNECTED = "connected", _("Connected")
    PAUSED = "paused", _("Paused")
    RECONNECT = "reconnect", _("Needs a new connection")
    DISCONNECTED = "disconnected", _("Disconnected")


class ChannelQuerySet(models.QuerySet["Channel"]):
    def usable(self) -> ChannelQuerySet:
        """Those a message may be written for; a paused one keeps its queue."""
        return self.exclude(state=ChannelState.DISCONNECTED)


class Channel(models.Model):
    """One connected number or page at a provider. The three secrets are encrypted under the company's key."""

    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    kind = models.CharField(max_length=12, choices=ChannelKind.choices)
    name = models.CharField(_("name"), max_length=80)
    external_id = models.CharField(max_length=128)
    account_external_id = models.CharField(max_length=128, blank=True)
    display_address = models.CharField(max_length=64, blank=True)
    token = models.TextField()
    app_secret = models.TextField(blank=True)
    verify_token = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=ChannelState.choices, default=ChannelState.CONNECTED)
    state_reason = models.TextField(blank=True)
    messages_per_second = models.PositiveIntegerField(default=80)
    # What the provider last told: verified name, quality, daily limit, problems.
    health = models.JSONField(default=dict)
    checked_at = models.DateTimeField(null=True)
    # The breaker: after many failures in a row nothing is tried before this time.
    resting_until = models.DateTimeField(null=True)
    last_inbound_at = models.DateTimeField(null=True)
    # Signs that webhooks find their way: the address was proven, a body came, a body came that our secret did not sign.
    challenged_at = models.DateTimeField(null=True)
    last_webhook_at = models.DateTimeField(null=True)
    badly_signed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="channel_public_id"),
            models.UniqueConstraint(fields=["kind", "external_id"], name="channel_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_sending(self) -> bool:
        return self.state == ChannelState.CONNECTED and (
            self.resting_until is None or self.resting_until <= timezone.now()
        )


class SendingLane(models.Model):
    """Who sends for a channel now: one pump per lane while it holds the lease, so its rate limit is local and exact."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="lanes")
    lane = models.CharField(max_length=8)
    holder = models.CharField(max_length=16, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "lane"], name="sending_lane_once")]
