from __future__ import annotations

from django.db import models
from django.utils import timezone

from tenants.lib.ids import new_public_id


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def older_than(self, entry: AuditEntry) -> AuditEntryQuerySet:
        return self.filter(pk__lt=entry.pk)


class AuditEntry(models.Model):
    """Who did what, and what it changed. Rows are only ever added: a trigger refuses the rest.

    Names stand beside the keys, without foreign keys, so that an entry outlives what it speaks of.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    at = models.DateTimeField(default=timezone.now)
    company_id = models.BigIntegerField(null=True)
    company_name = models.CharField(max_length=120, blank=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=254, blank=True)
    visit_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=254, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    ip = models.GenericIPAddressField(null=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        # A company's log and the operator's log, newest first.
        indexes = [models.Index(fields=["company_id", "-id"], name="audit_of_company")]
