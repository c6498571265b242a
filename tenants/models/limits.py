from __future__ import annotations

from django.db import models


class Attempt(models.Model):
    """How often something was tried within a window that began at `began_at`. The key is a hash."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    began_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="attempt_expired")]
