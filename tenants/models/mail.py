from __future__ import annotations

from django.db import models
from django.utils import timezone

from tenants.models.company import Company


class MailState(models.TextChoices):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class Mail(models.Model):
    """An e-mail of ours: queued ─► sending ─► sent | queued again, later | failed for good.

    `message_id` stays the same over all attempts, so a receiver can drop a second copy.
    """

    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, related_name="+")
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    # What is attached, by reference: kind and key for `mail.on_attachment`, and name and type for the reader.
    attachments = models.JSONField(default=list)
    message_id = models.CharField(max_length=120, unique=True)
    state = models.CharField(max_length=8, choices=MailState.choices, default=MailState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        # What is still to be sent, oldest first.
        indexes = [
            models.Index(fields=["due_at"], name="mail_due", condition=models.Q(state__in=["queued", "sending"]))
        ]
