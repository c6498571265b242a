"""The one way into a company's schema, and out of it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from tenants.lib.database import database
from tenants.models import Company


class WrongSchema(Exception):
    """The database is not where the code believes it to be."""


@contextmanager
def company_context(company: Company) -> Iterator[Company]:
    """Work inside `company`; whatever was open before is open again afterwards, also after an error.

    The former company is kept here, in the frame of the caller's thread: django-tenants' own `with tenant:`
    keeps it in one list for all threads and leaves another company open.
    """
    former = database.tenant
    database.set_tenant(company)
    try:
        yield company
    finally:
        database.set_tenant(former)


@contextmanager
def shared_context() -> Iterator[None]:
    """Work in the shared schema, where no company's table can be reached."""
    former = database.tenant
    database.set_schema_to_public()
    try:
        yield
    finally:
        database.set_tenant(former)


def current_schema() -> str:
    """Where an unqualified table is looked for first, as the database says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def assert_schema(schema_name: str) -> None:
    """WrongSchema unless the database itself is in `schema_name`."""
    found = current_schema()
    if found != schema_name:
        raise WrongSchema(f"expected the schema {schema_name}, but the database is in {found}")


def current_company() -> Company:
    """The company that is open; WrongSchema in the shared schema."""
    company = database.tenant
    if not isinstance(company, Company):
        raise WrongSchema("no company is open")
    return company
