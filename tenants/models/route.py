from __future__ import annotations

from django.db import models

from tenants.models.company import Company


class ProviderRoute(models.Model):
    """Which company a provider's account belongs to: the way of a webhook from a public address to a company's channel.

    `key` is the channel's own address below /webhooks/; `external_id` routes what comes to the platform's one address,
    and `account_external_id` what is about a whole account, which several channels may share.
    """

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="routes")
    kind = models.CharField(max_length=12)
    external_id = models.CharField(max_length=128)
    account_external_id = models.CharField(max_length=128, blank=True)
    channel_public_id = models.CharField(max_length=16)
    key = models.CharField(max_length=43, unique=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "external_id"], name="provider_route_once")]
        # What the platform's address gets for a whole account.
        indexes = [models.Index(fields=["kind", "account_external_id"], name="provider_route_account")]


class UnroutedAccount(models.Model):
    """A provider's account that reports to the platform's address and that nobody has connected: how often, and when.

    `external_id` is the number or page, else the account; '' when the body names none.
    """

    kind = models.CharField(max_length=12)
    external_id = models.CharField(max_length=128, blank=True)
    count = models.PositiveBigIntegerField(default=0)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "external_id"], name="unrouted_account_once")]


class UnroutedWebhook(models.Model):
    """A part of a webhook body for such an account, kept for some days; the newest ones only."""

    account = models.ForeignKey(UnroutedAccount, on_delete=models.CASCADE, related_name="webhooks")
    body = models.BinaryField()
    received_at = models.DateTimeField(auto_now_add=True)
