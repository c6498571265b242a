"""The connection as django-tenants makes it, with the types it does not tell."""

from __future__ import annotations

from typing import Any, Protocol, cast

from django.db import connection


class TenantConnection(Protocol):
    """What django-tenants' database wrapper has beside Django's."""

    tenant: Any
    schema_name: str
    search_path_set_schemas: list[str] | None

    def set_tenant(self, tenant: Any) -> None: ...
    def set_schema(self, schema_name: str) -> None: ...
    def set_schema_to_public(self) -> None: ...


database = cast(TenantConnection, connection)


def forget_search_path() -> None:
    """After a statement of ours has set another path, the next query must set its own again."""
    database.search_path_set_schemas = None
