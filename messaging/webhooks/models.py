from __future__ import annotations

from django.db import models
from django.utils import timezone

from messaging.channels.models import Channel


class WebhookEvent(models.Model):
    """A body as a provider sent it: stored before it is answered, worked on later, dropped after some days.

    The same body again is the same row. An element that could not be understood is kept in `problems`.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    body = models.BinaryField()
    body_hash = models.CharField(max_length=64)
    received_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    processed_at = models.DateTimeField(null=True)
    problems = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["body_hash"], name="webhook_body_once")]
        indexes = [
            # What is still to be worked on, oldest first.
            models.Index(fields=["id"], name="webhook_waiting", condition=models.Q(processed_at=None)),
            # What could not be understood, newest first; few rows.
            models.Index(fields=["-id"], name="webhook_problems", condition=~models.Q(problems=[])),
        ]
