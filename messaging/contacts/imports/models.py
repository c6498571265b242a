from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messaging.contacts.models import ContactList
from tenants.lib.ids import new_public_id


class ImportState(models.TextChoices):
    """uploaded ─► checking ─► checked ─► running ─► done; any of them but the last ─► cancelled.

    A check writes nothing. Checking and running go on where they stopped when a worker dies.
    """

    UPLOADED = "uploaded", _("Uploaded")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    RUNNING = "running", _("Being imported")
    DONE = "done", _("Imported")
    CANCELLED = "cancelled", _("Cancelled")


class ContactImportQuerySet(models.QuerySet["ContactImport"]):
    def for_page(self) -> ContactImportQuerySet:
        """Without the file, which may be large."""
        return self.defer("content", "seen")


class ContactImport(models.Model):
    """A file of contacts on its way in.

    `mapping` gives a field for each column ('' leaves it out), `consent` says how these people agreed: {purposes,
    words, date, proof}, or nothing. `problems` are [line, field, reason], the first MOST_PROBLEMS of them.
    """

    public_id = models.CharField(max_length=16, default=new_public_id, editable=False)
    filename = models.CharField(max_length=255)
    content = models.BinaryField()
    encoding = models.CharField(max_length=12)
    delimiter = models.CharField(max_length=1)
    columns = models.JSONField(default=list)
    mapping = models.JSONField(default=list)
    country = models.CharField(max_length=2, default="DE")
    updates_known = models.BooleanField(default=True)
    consent = models.JSONField(default=dict)
    contact_list = models.ForeignKey(
        ContactList, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    # Rows that were looked at; the next batch begins behind them.
    position = models.PositiveIntegerField(default=0)
    # All rows of the file, known when its check is through.
    row_count = models.PositiveIntegerField(default=0)
    created_count = models.PositiveIntegerField(default=0)
    updated_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    # Agreed according to the file, and had opted out with their own hands: it stays so.
    kept_out_count = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    # Eight bytes for each number that was taken, so that a later line with it is told.
    seen = models.BinaryField(default=b"")
    author_id = models.BigIntegerField(null=True)
    author_name = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = ContactImportQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["public_id"], name="contact_import_public_id")]

    def __str__(self) -> str:
        return self.filename

    @property
    def looked_at(self) -> int:
        return self.created_count + self.updated_count + self.unchanged_count + self.refused_count
