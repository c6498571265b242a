from __future__ import annotations

from django.db import models
from django.utils import timezone

from tenants.models.company import Company


class DueWork(models.Model):
    """Which company has work of which kind due, and when: the one table the sweep reads.

    A nudge through Celery is only the fast way. `announced` grows with every announcement, so that
    the worker that finishes a round cannot wipe out work announced meanwhile.
    """

    kind = models.CharField(max_length=40)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, related_name="+")
    due_at = models.DateTimeField(default=timezone.now)
    announced = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "company"], name="due_work_once", nulls_distinct=False)]
        # The sweep: what is due now.
        indexes = [models.Index(fields=["due_at"], name="due_work_due")]


class ParkedTask(models.Model):
    """A task that could not run where it was meant to, kept for a person to look at."""

    task = models.CharField(max_length=120)
    schema_name = models.CharField(max_length=63, blank=True)
    arguments = models.JSONField(default=list)
    reason = models.TextField()
    parked_at = models.DateTimeField(default=timezone.now)
