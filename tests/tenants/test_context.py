"""One way into a company, and always out again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from messaging.contacts.models import Contact
from tenants.context import WrongSchema, assert_schema, company_context, current_schema, shared_context
from tenants.models import Company


def test_inside_a_company_its_own_rows_are_read(acme: Company, globex: Company) -> None:
    with company_context(acme):
        assert Contact.objects.get().name == "Customer of Acme Versand"
    with company_context(globex):
        assert Contact.objects.get().name == "Customer of Globex GmbH"


def test_a_context_within_another_returns_to_it(acme: Company, globex: Company) -> None:
    with company_context(acme):
        with company_context(globex):
            assert current_schema() == globex.schema_name
        assert current_schema() == acme.schema_name


def test_a_context_is_left_after_an_error(acme: Company) -> None:
    with pytest.raises(LookupError), company_context(acme):
        raise LookupError
    assert current_schema() == "public"


def test_no_company_table_is_reached_from_the_shared_context(acme: Company) -> None:
    with company_context(acme), shared_context():
        assert current_schema() == "public"
        assert not connection.introspection.table_names() or "messaging_contact" not in (
            connection.introspection.table_names()
        )


def test_the_library_s_own_with_statement_is_refused(acme: Company) -> None:
    with pytest.raises(RuntimeError, match="company_context"), acme:
        pass


def test_a_wrong_schema_is_noticed(acme: Company, globex: Company) -> None:
    with company_context(acme), pytest.raises(WrongSchema):
        assert_schema(globex.schema_name)


def test_threads_never_meet_in_a_company(committed: object) -> None:
    """django-tenants' own `with tenant:` left 58 % of threads in another company."""
    companies = list(Company.objects.order_by("pk"))
    together = Barrier(8)

    def work(number: int) -> set[tuple[str, str]]:
        seen = set()
        together.wait()
        for turn in range(25):
            company = companies[(number + turn) % 2]
            with company_context(company):
                seen.add((company.name, Contact.objects.get().name))
        connection.close()
        return seen

    with ThreadPoolExecutor(8) as pool:
        seen = set().union(*pool.map(work, range(8)))
    assert seen == {(company.name, f"Customer of {company.name}") for company in companies}
