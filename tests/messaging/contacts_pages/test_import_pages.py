"""An import on its pages: upload, columns and consent, check, import; each bad turn told in words."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries

from messaging.contacts.consent.models import ConsentEvent
from messaging.contacts.imports import services
from messaging.contacts.imports.guessing import guess
from messaging.contacts.imports.models import ContactImport, ImportState
from messaging.contacts.imports.refused import refused_lines
from messaging.contacts.models import Attribute, Contact, ContactList
from tenants.context import company_context
from tenants.models import Company
from tests.conftest import Browser
from tests.messaging.contacts_pages.conftest import text_of

FILE = "Name;Handy;Ort\nAna;0151 00000001;Husum\nBen;0151 00000002;Kiel\nCem;keine;=1+1\n"
CHOSEN = {
    **{"column_0": "name", "column_1": "phone", "column_2": "new.text", "country": "DE", "updates_known": "yes"},
    **{"new_list": "Spring", "basis": "agreed", "purposes": ["marketing"], "words": "Yes to news"},
    **{"date": "2026-01-05", "proof": "folder 12"},
}


def upload(browser: Browser, content: bytes | str = FILE, name: str = "people.csv") -> Any:
    raw = content if isinstance(content, bytes) else content.encode()
    return browser.post("/contacts/import/", {"file": SimpleUploadedFile(name, raw)})


def uploaded(browser: Browser, content: bytes | str = FILE) -> str:
    return str(upload(browser, content).url)


def work(company: Company) -> None:
    with company_context(company):
        services.go_on()


def found(company: Company) -> ContactImport:
    with company_context(company):
        return ContactImport.objects.get()


def checked(browser: Browser, company: Company, **more: Any) -> str:
    path = uploaded(browser)
    assert browser.post(f"{path}check/", {**CHOSEN, **more}).status_code == 302
    work(company)
    return path


# --- Upload -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"PK\x03\x04sheet", "This is a spreadsheet"),
        (b";;\nAna\n", "must name the columns"),
    ],
)
def test_what_is_no_table_is_refused_in_words(boss: Browser, acme: Company, content: bytes, words: str) -> None:
    answer = upload(boss, content)
    assert answer.status_code == 422
    assert words in text_of(answer)
    with company_context(acme):
        assert not ContactImport.objects.exists()


def test_without_a_file_nothing_is_taken_in(boss: Browser) -> None:
    assert boss.post("/contacts/import/", {}).status_code == 422


def test_an_agent_imports_nothing(desk: Browser, acme: Company) -> None:
    assert upload(desk).status_code == 403


def test_names_of_columns_with_spoiled_signs_are_kept_without_them(boss: Browser, acme: Company) -> None:
    head = b"N\xe4me;Handy\0;\xef\xbf\n" + "Jürgen;0151 00000001;ä\n".encode() * 40
    answer = boss.get(uploaded(boss, head))
    assert answer.status_code == 200
    assert found(acme).columns == ["Nme", "Handy", ""]


# --- Columns ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        ("Vorname Nachname Telefonnummer E-Mail", ["first_name", "last_name", "phone", ""]),
        ("Full_Name Mobile Language Opt-In-Datum", ["name", "phone", "language", "agreed_on"]),
        ("Telefon Mobil Notizen", ["phone", "", "note"]),
        ("CITY kundennummer Kontakt", ["attributes.city", "", "name"]),
    ],
)
def test_columns_are_guessed_from_their_names_and_none_twice(columns: str, fields: list[str]) -> None:
    city = Attribute(key="city", name="City")
    assert guess(columns.split(), [], [city], "DE") == fields


def test_a_column_of_numbers_is_found_by_what_stands_in_it() -> None:
    samples = [["4711", "0151 12345678"], ["4712", "+49 40 123456"], ["4713", ""]]
    assert guess(["A", "B"], samples, [], "DE") == ["", "phone"]


def test_the_page_shows_the_first_cells_of_each_column(boss: Browser) -> None:
    body = text_of(boss.get(uploaded(boss, "Name;Handy\n<b>Ana</b>;0151 00000001\n")))
    assert "&lt;b&gt;Ana&lt;/b&gt;" in body
    assert "0151 00000001" in body


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"column_1": ""}, "__all__"),
        ({"column_0": "phone"}, "column_1"),
        ({"column_0": "attributes.unknown"}, "column_0"),
        ({"basis": ""}, "basis"),
        ({"purposes": []}, "purposes"),
        ({"purposes": ["spam"]}, "purposes"),
        ({"words": " "}, "words"),
        ({"proof": ""}, "proof"),
        ({"date": ""}, "date"),
        ({"date": "2999-01-01"}, "date"),
        ({"country": "XX"}, "country"),
        ({"contact_list": "gone"}, "contact_list"),
    ],
)
def test_what_is_missing_is_told_and_nothing_begins(
    boss: Browser, acme: Company, change: dict[str, Any], field: str
) -> None:
    answer = boss.post(f"{uploaded(boss)}check/", {**CHOSEN, **change})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert found(acme).state == ImportState.UPLOADED
    with company_context(acme):
        assert not ContactList.objects.exists()


def test_without_consent_the_other_questions_are_not_asked(boss: Browser, acme: Company) -> None:
    answers = {"basis": "nothing", "purposes": [], "words": "", "date": "2999-01-01", "proof": ""}
    boss.post(f"{checked(boss, acme, **answers)}run/")
    work(acme)
    with company_context(acme):
        assert Contact.objects.filter(name="Ana").exists()
        assert not ConsentEvent.objects.exists()


def test_a_column_becomes_an_attribute_once(boss: Browser, acme: Company) -> None:
    checked(boss, acme)
    assert found(acme).mapping == ["name", "phone", "attributes.ort"]
    answer = boss.post(f"{uploaded(boss)}check/", CHOSEN)
    assert answer.status_code == 422
    assert "Ort: There is an attribute of this name already" in text_of(answer)


def test_what_was_chosen_can_be_changed_after_the_check(boss: Browser, acme: Company) -> None:
    path = checked(boss, acme)
    body = text_of(boss.get(path, {"change": "1"}))
    assert "Yes to news" in body
    assert boss.post(f"{path}check/", {**CHOSEN, "column_2": "note"}).status_code == 302
    work(acme)
    assert found(acme).mapping == ["name", "phone", "note"]


# --- Check, import ----------------------------------------------------------------------------------------------------


def test_the_check_shows_parts_that_add_up_and_the_problems_in_words(boss: Browser, acme: Company) -> None:
    answer = boss.get(checked(boss, acme))
    assert [tile["value"] for tile in answer.context["tiles"]] == ["2", "0", "0", "1", "3"]
    assert answer.context["problems"] == [{"line": 4, "column": "Handy", "words": "This is no phone number."}]
    assert "Import 2 contacts" in text_of(answer)
    with company_context(acme):
        assert not Contact.objects.filter(name="Ana").exists()


def test_the_refused_lines_come_as_a_file_without_formulas(boss: Browser, desk: Browser, acme: Company) -> None:
    path = f"{checked(boss, acme)}refused/"
    assert desk.get(path).status_code == 403
    answer = boss.get(path)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="people-refused.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert rows == [
        ["Name", "Handy", "Ort", "Line", "Reason"],
        ["Cem", "keine", "'=1+1", "4", "This is no phone number."],
    ]


def test_a_spoiled_line_is_among_the_refused_ones_and_legible() -> None:
    content = b"Name;Handy\n" + "Jürgen;1\n".encode() * 12 + b"B\xe4r;2\n"
    spoiled = ContactImport(
        content=content, encoding="utf-8", delimiter=";", columns=["Name", "Handy"], problems=[[14, "", "encoding"]]
    )
    assert list(refused_lines(spoiled))[1].startswith("B?r;2;14;")


def test_an_import_puts_people_on_the_list_and_into_the_ledger(boss: Browser, acme: Company) -> None:
    path = checked(boss, acme)
    boss.post(f"{path}run/")
    work(acme)
    answer = boss.get(path)
    with company_context(acme):
        spring = ContactList.objects.get(name="Spring")
        event = ConsentEvent.objects.get(contact__name="Ana")
        assert spring.contacts.count() == 2
    assert f"/contacts/?list={spring.public_id}" in text_of(answer)
    assert (event.words, event.proof["note"], event.proof["line"]) == ("Yes to news", "folder 12", 2)


def test_a_second_click_on_import_imports_once(boss: Browser, acme: Company) -> None:
    path = checked(boss, acme)
    for _ in range(2):
        assert boss.post(f"{path}run/").status_code == 302
    work(acme)
    assert not boss.post(f"{path}run/", follow=True).context["messages"]
    with company_context(acme):
        assert Contact.objects.filter(name="Ana").count() == 1


def test_what_was_not_checked_is_not_imported(boss: Browser, acme: Company) -> None:
    path = uploaded(boss)
    assert "has moved on" in text_of(boss.post(f"{path}run/", follow=True))
    assert found(acme).state == ImportState.UPLOADED


def test_the_progress_asks_again_until_it_is_through(boss: Browser, acme: Company) -> None:
    path = uploaded(boss)
    boss.post(f"{path}check/", CHOSEN)
    waiting = boss.get(f"{path}progress/")
    work(acme)
    through = boss.get(f"{path}progress/")
    assert 'hx-trigger="every 2s"' in text_of(waiting)
    assert "HX-Refresh" not in waiting.headers
    assert through.headers["HX-Refresh"] == "true"
    assert "every 2s" not in text_of(through)


def test_a_cancelled_check_has_written_nothing_and_says_so(boss: Browser, acme: Company) -> None:
    path = checked(boss, acme)
    assert "Nothing of it was written" in text_of(boss.post(f"{path}cancel/", follow=True))
    assert boss.get(f"{path}refused/").status_code == 404
    assert "has moved on" in text_of(boss.post(f"{path}cancel/", follow=True))


def test_a_cancelled_import_tells_what_is_in(boss: Browser, acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BATCH", 1)
    path = checked(boss, acme)
    boss.post(f"{path}run/")
    with company_context(acme):
        services._batch(services.Course(ContactImport.objects.get().pk))
    assert "Until then 1 contacts were new" in text_of(boss.post(f"{path}cancel/", follow=True))


def test_columns_of_an_import_that_runs_are_not_changed(boss: Browser, acme: Company) -> None:
    path = checked(boss, acme)
    boss.post(f"{path}run/")
    assert boss.post(f"{path}check/", CHOSEN).url == path
    assert found(acme).state == ImportState.RUNNING


def test_the_history_takes_the_same_queries_however_long(
    boss: Browser, acme: Company, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    uploaded(boss)
    boss.get("/contacts/import/")
    with django_assert_num_queries(5):
        boss.get("/contacts/import/")
    for _ in range(5):
        uploaded(boss)
    with django_assert_num_queries(5) as many:
        boss.get("/contacts/import/")
    assert not any('"content"' in query["sql"] for query in many.captured_queries)
