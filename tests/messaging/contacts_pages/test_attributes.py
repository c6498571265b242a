"""What a company keeps of its contacts: named by an admin, filled by agents, each value of its kind."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.contacts.attributes import services
from messaging.contacts.attributes.services import key_of
from messaging.contacts.models import Attribute, Contact
from tenants.context import company_context
from tenants.models import Company
from tests.conftest import Browser
from tests.messaging.contacts_pages.conftest import text_of


@pytest.fixture
def kept(acme: Company) -> None:
    with company_context(acme):
        for name, kind in (("City", "text"), ("Height", "number"), ("Birthday", "date")):
            services.add(name=name, kind=kind)


def attributes(company: Company) -> dict[str, str]:
    with company_context(company):
        return dict(Contact.objects.get().attributes)


def save(browser: Browser, contact: Contact, **values: str) -> Any:
    details = {"name": contact.name, "phone_number": "", "language": "de", "note": ""}
    return browser.post(f"/contacts/{contact.public_id}/edit/", {**details, **values})


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Größe in cm", "groesse_in_cm"),
        ("  Prénom – 2 ", "prenom_2"),
        ("城市", "attribute"),
        ("__class__", "class"),
        ("x" * 60, "x" * 40),
    ],
)
def test_a_key_is_made_from_the_name(name: str, key: str) -> None:
    assert key_of(name) == key


def test_names_that_make_one_key_get_two(acme: Company) -> None:
    with company_context(acme):
        keys = [services.add(name=name, kind="text").key for name in ("x" * 50, "x" * 51, "城", "市")]
    assert keys == ["x" * 40, "x" * 36 + "_2", "attribute", "attribute_2"]


def test_an_admin_adds_an_attribute(boss: Browser, desk: Browser, acme: Company) -> None:
    values = {"name": "Size", "kind": "number"}
    assert desk.post("/contacts/attributes/", values).status_code == 403
    assert boss.post("/contacts/attributes/", values).status_code == 302
    with company_context(acme):
        assert Attribute.objects.get().key == "size"


@pytest.mark.parametrize(("name", "kind"), [("", "text"), ("\u200b", "text"), ("CITY", "text"), ("New", "colour")])
def test_an_attribute_without_name_or_kind_is_refused(
    boss: Browser, acme: Company, kept: None, name: str, kind: str
) -> None:
    assert boss.post("/contacts/attributes/", {"name": name, "kind": kind}).status_code == 422
    with company_context(acme):
        assert Attribute.objects.count() == 3


def test_a_renamed_attribute_keeps_key_and_values(
    boss: Browser, acme: Company, acme_contact: Contact, kept: None
) -> None:
    save(boss, acme_contact, attribute_city="Husum")
    assert boss.post("/contacts/attributes/city/rename/", {"name": "birthday"}).status_code == 422
    assert boss.post("/contacts/attributes/city/rename/", {"name": "Town"}).status_code == 302
    assert attributes(acme) == {"city": "Husum"}
    assert "Town" in text_of(boss.get(f"/contacts/{acme_contact.public_id}/"))


def test_deleting_tells_how_many_have_a_value_and_takes_it(
    boss: Browser, acme: Company, acme_contact: Contact, kept: None
) -> None:
    save(boss, acme_contact, attribute_city="Husum", attribute_height="3")
    assert "1 contact has a value" in text_of(boss.get("/contacts/attributes/city/delete/"))
    assert boss.post("/contacts/attributes/city/delete/").status_code == 302
    assert attributes(acme) == {"height": "3"}


def test_an_agent_fills_in_values_of_each_kind(desk: Browser, acme: Company, acme_contact: Contact, kept: None) -> None:
    save(desk, acme_contact, attribute_city=" Bad  Orb ", attribute_height="1.234,5", attribute_birthday="1990-02-28")
    assert attributes(acme) == {"city": "Bad Orb", "height": "1234.5", "birthday": "1990-02-28"}


def test_an_emptied_value_is_taken_away_and_others_stay(
    desk: Browser, acme: Company, acme_contact: Contact, kept: None
) -> None:
    with company_context(acme):
        Contact.objects.update(attributes={"city": "Husum", "height": "2", "of_a_former_kind": "x"})
    save(desk, acme_contact, attribute_city="", attribute_height="2")
    assert attributes(acme) == {"height": "2", "of_a_former_kind": "x"}


@pytest.mark.parametrize(
    ("field", "value"),
    [("height", "tall"), ("height", "1e9"), ("birthday", "2026-02-30"), ("birthday", "soon"), ("city", "x" * 501)],
)
def test_a_value_that_is_not_of_its_kind_is_refused_beside_its_field(
    desk: Browser, acme: Company, acme_contact: Contact, kept: None, field: str, value: str
) -> None:
    answer = save(desk, acme_contact, **{f"attribute_{field}": value})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [f"attribute_{field}"])
    assert attributes(acme) == {}


def test_a_new_contact_has_values_too(desk: Browser, acme: Company, kept: None) -> None:
    desk.post("/contacts/add/", {"name": "Neu", "language": "de", "attribute_city": "Kiel"})
    with company_context(acme):
        assert Contact.objects.get(name="Neu").attributes == {"city": "Kiel"}
