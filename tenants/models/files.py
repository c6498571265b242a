from __future__ import annotations

from django.db import models


class LooseFile(models.Model):
    """A stored file that no row speaks of yet or any more: deleted at `due_at`, unless a row takes it until then.

    In the shared schema, so that a company's files go with it and no company pays for a table.
    """

    key = models.CharField(max_length=200, primary_key=True)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="loose_file_due")]
