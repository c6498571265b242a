from __future__ import annotations

from django.db import models
from django.utils import timezone

from tenants.models.company import Company


class SchemaMigrationResult(models.Model):
    """What became of one company in one run of `migrate`; kept for the last run in which it had work."""

    company = models.OneToOneField(Company, on_delete=models.CASCADE, related_name="migration_result")
    migrations = models.JSONField(default=list)
    error = models.TextField(blank=True)
    seconds = models.FloatField(default=0)
    at = models.DateTimeField(default=timezone.now)
