from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone

from tenants.lib.ids import new_public_id
from tenants.models.company import Company
from tenants.models.user import User


class StaffVisitQuerySet(models.QuerySet["StaffVisit"]):
    def running(self, now: datetime) -> StaffVisitQuerySet:
        return self.filter(ended_at=None, ends_at__gt=now)


class StaffVisit(models.Model):
    """A staff member inside a company: reasoned, timed, read-only, and seen by the company's admins."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="visits")
    staff = models.ForeignKey(User, on_delete=models.PROTECT, related_name="visits")
    reason = models.TextField()
    started_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    pages_seen = models.PositiveIntegerField(default=0)

    objects = StaffVisitQuerySet.as_manager()

    class Meta:
        # A company's page of visits, newest first.
        indexes = [models.Index(fields=["company", "-started_at", "-id"], name="visit_newest")]

    def is_running(self, now: datetime | None = None) -> bool:
        return self.ended_at is None and self.ends_at > (now or timezone.now())

    @property
    def finished_at(self) -> datetime:
        """When it ended, or when it will have ended by itself."""
        return self.ended_at or self.ends_at
