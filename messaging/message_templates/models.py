from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.lib.ids import new_public_id


class TemplateStatus(models.TextChoices):
    """As the provider has it; anything it may invent is kept as it says."""

    PENDING = "pending", _("In review")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    PAUSED = "paused", _("Paused")
    DISABLED = "disabled", _("Disabled")


class MessageTemplate(models.Model):
    """A text the provider has approved, in one language; unique by account, name and language."""

    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    account_external_id = models.CharField(max_length=128)
    external_id = models.CharField(max_length=64)
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=16)
    category = models.CharField(max_length=32)
    status = models.CharField(max_length=32, choices=TemplateStatus.choices)
    components = models.JSONField(default=list)
    parameter_format = models.CharField(max_length=16, default="POSITIONAL")
    quality = models.CharField(max_length=16, blank=True)
    rejected_reason = models.CharField(max_length=200, blank=True)
    synced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="template_public_id"),
            models.UniqueConstraint(fields=["account_external_id", "name", "language"], name="template_once"),
        ]

    def __str__(self) -> str:
        return self.name
