"""Many rows of a model in one statement, for where the ORM's objects would cost more than the database itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from django.db.models import Model


class Insertion:
    """Rows that are alike but for some columns: these come as JSON, the others once, from an example.

    `own` are those columns with their PostgreSQL types, `beside` what the JSON holds for other parts of the statement.
    """

    def __init__(
        self, model: type[Model], own: Mapping[str, str], *, order: str, beside: Mapping[str, str] | None = None
    ) -> None:
        fields = model._meta.concrete_fields
        self._alike = [field for field in fields if field.attname not in own and not field.primary_key]
        columns = ", ".join(f"{name} {type}" for name, type in {**(beside or {}), **own}.items())
        self.rows = f"SELECT * FROM jsonb_to_recordset(%s::jsonb) AS w ({columns})"
        names = ", ".join([*own, *(str(field.column) for field in self._alike)])
        values = ", ".join([*own, *(f"%s::{field.db_type(connection)}" for field in self._alike)])
        self.insert = f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values} FROM wanted ORDER BY {order}"

    def parameters(self, rows: Iterable[Mapping[str, Any]], example: Model) -> list[Any]:
        """For `WITH wanted AS ({rows}) … {insert}`, with each of them once and in this order."""
        alike = [field.get_db_prep_save(getattr(example, field.attname), connection) for field in self._alike]
        return [json.dumps(list(rows)), *alike]
