from __future__ import annotations

from django.db import models
from django.utils import timezone


class LiveCounter(models.Model):
    """The last number given to a live event; its row lock gives numbers in the order of commits, so none is skipped."""

    seq = models.BigIntegerField(default=0)


class LiveEvent(models.Model):
    """What changed, for a browser that was away: kept for a day."""

    seq = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=24)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)
