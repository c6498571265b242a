"""The lines of a file that were refused, as a file again: mended there, they are imported as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from django.utils.translation import gettext as _

from messaging.contacts.imports.models import ContactImport
from messaging.contacts.imports.reading import Form, legible, lines
from messaging.contacts.imports.rows import REASONS
from tenants.lib.sheets import harmless


def refused_lines(found: ContactImport) -> Iterator[str]:
    """The lines of a CSV: the cells as they were, then which line it was and why it was refused.

    It asks the database nothing, so that it may be read while it is sent.
    """
    reasons = {line: str(REASONS[reason]) for line, _field, reason in found.problems}
    yield _row([*found.columns, _("Line"), _("Reason")], found.delimiter)
    form = Form(found.encoding, found.delimiter, found.columns)
    for line in lines(bytes(found.content), form):
        if line.number in reasons:
            cells = [*line.cells, *[""] * (len(found.columns) - len(line.cells))]
            yield _row([*map(legible, cells), str(line.number), reasons[line.number]], found.delimiter)


def _row(cells: list[str], delimiter: str) -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerow([harmless(cell) for cell in cells])
    return written.getvalue()
