"""An import: foreseen by its check, cut off anywhere, and never stronger than what a person has decided."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from messaging.channels.base import Address
from messaging.contacts import identities, services as contacts
from messaging.contacts.consent import services as consent
from messaging.contacts.consent.models import Consent, ConsentEvent, ConsentSource, ConsentState, Purpose
from messaging.contacts.imports import services
from messaging.contacts.imports.models import ContactImport, ImportState
from messaging.contacts.imports.services import ImportRefused
from messaging.contacts.imports.tasks import go_on_importing
from messaging.contacts.models import Attribute, ChannelIdentity, Contact, ContactList
from messaging.messages.people import Followers
from tenants.context import company_context
from tenants.models import Company, DueWork, User
from tenants.services import companies, opening

MAPPING = ["name", "phone", "attributes.city"]
AGREED = {"purposes": ["marketing"], "words": "Newsletter am Tresen", "date": "2026-01-05"}
FILE = "Name;Telefon;Ort\nAna;0151 00000001;Husum\nBen;0151 00000002;Kiel\nCem;keine;Ulm\n"


@pytest.fixture
def inside(acme: Company) -> Iterator[Company]:
    with company_context(acme):
        Contact.objects.all().delete()
        Attribute.objects.create(key="city", name="Ort")
        yield acme


def checked(by: User, file: str = FILE, **choices: object) -> ContactImport:
    taken = services.take_in("kunden.csv", file.encode(), by=by)
    services.check(taken, mapping=MAPPING, **choices)
    services.go_on()
    taken.refresh_from_db()
    return taken


def imported(by: User, file: str = FILE, **choices: object) -> ContactImport:
    taken = checked(by, file, **choices)
    services.run(taken)
    services.go_on()
    taken.refresh_from_db()
    return taken


def counts(done: ContactImport) -> tuple[int, int, int, int]:
    return done.created_count, done.updated_count, done.unchanged_count, done.refused_count


def test_a_check_foresees_everything_and_writes_nothing(inside: Company, admin: User) -> None:
    found = checked(admin, consent=AGREED)
    assert found.state == ImportState.CHECKED
    assert counts(found) == (2, 0, 0, 1)
    assert found.problems == [[4, "phone", "phone"]]
    assert not Contact.objects.exists()
    assert not ConsentEvent.objects.exists()


def test_an_import_does_what_its_check_foresaw(inside: Company, admin: User) -> None:
    contacts.add(name="Alt", phone_number="+4915100000001")
    foreseen = counts(checked(admin))
    assert foreseen == counts(imported(admin)) == (1, 1, 0, 1)
    assert Contact.objects.get(name="Ana").attributes == {"city": "Husum"}
    assert Contact.objects.count() == 2


def test_the_same_file_again_changes_nothing(inside: Company, admin: User) -> None:
    imported(admin, consent=AGREED)
    assert counts(imported(admin, consent=AGREED)) == (0, 0, 2, 1)


def test_a_number_that_stands_twice_is_taken_once_and_told(inside: Company, admin: User) -> None:
    twice = "Name;Telefon;Ort\nAna;0151 00000001;\nAnna;+49 151 00000001;\n"
    done = imported(admin, twice)
    assert (counts(done), done.problems) == ((1, 0, 0, 1), [[3, "phone", "repeated"]])
    assert Contact.objects.get().name == "Ana"


def test_known_people_stay_as_they_are_when_that_is_chosen(inside: Company, admin: User) -> None:
    contacts.add(name="Alt", phone_number="+4915100000001")
    assert counts(imported(admin, updates_known=False)) == (1, 0, 1, 1)
    assert Contact.objects.filter(name="Alt").exists()


def test_somebody_who_wrote_first_is_the_same_person_by_any_form_of_the_number(inside: Company, admin: User) -> None:
    identities.person_behind("whatsapp", Address("+5511987654321"), name="Zé", followers=Followers())
    done = imported(admin, "Name;Telefon;Ort\nZé;+55 11 8765-4321;\n")
    assert counts(done) == (0, 0, 1, 0)


def test_everybody_is_put_on_the_list(inside: Company, admin: User) -> None:
    stamm = ContactList.objects.create(name="Stamm")
    known = contacts.add(name="Ana", phone_number="+4915100000001")
    imported(admin, contact_list=stamm)
    imported(admin, contact_list=stamm)
    assert stamm.contacts.count() == 2
    assert known in stamm.contacts.all()


def test_an_import_that_is_cut_off_goes_on_where_it_stopped(
    inside: Company, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH", 4)
    rows = "".join(f"Person {n};0151 0000{n:04};Ort\n" for n in range(30))
    found = checked(admin, f"Name;Telefon;Ort\n{rows}", consent=AGREED)
    services.run(found)
    for _ in range(2):
        services._batch(services.Course(found.pk))
    assert Contact.objects.count() == 8
    while services.go_on(turn=0.01):
        pass
    found.refresh_from_db()
    assert (found.state, counts(found)) == (ImportState.DONE, (30, 0, 0, 0))
    assert Contact.objects.count() == Consent.objects.count() == 30


def test_a_worker_that_meets_another_leaves_the_work_announced(committed: Any) -> None:
    """Else nobody would come back to what the other leaves behind."""
    company = companies.create_company(address_name="meet", name="Meet", country="DE", vat_id="DE136695976")
    opening.open_company(company)
    with company_context(company):
        taken = services.take_in("kunden.csv", b"Telefon\n0151 00000001\n", by=User.objects.get(pk=committed.admin))
        services.check(taken, mapping=["phone"])

    def work() -> None:
        try:
            go_on_importing(company.schema_name)
        finally:
            connection.close()

    with company_context(company), transaction.atomic():
        ContactImport.objects.select_for_update().get()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(work).result()
    assert DueWork.objects.filter(kind=services.KIND, company=company).exists()


def test_a_turn_that_is_over_at_once_forgets_no_number(
    inside: Company, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH", 1)
    taken = services.take_in("kunden.csv", b"Telefon\n0151 00000001\n0151 00000001\n", by=admin)
    services.check(taken, mapping=["phone"])
    course = services.Course(taken.pk)
    services._batch(course)
    course.remember()
    assert services.go_on(turn=0)
    services.go_on()
    taken.refresh_from_db()
    assert counts(taken) == (1, 0, 0, 1)


KINDS = (
    b"Jos\xe9;0151 00000003;Ulm",  # another encoding than the rest
    b"=HYPERLINK(1);0151 00000004;@SUM(1)",
    b"Ana;0151 00000001;Husum",  # stands in each part of the file
    "Léa;+33 6 12 34 56 78;Paris".encode(),
    "Zoë;0044 7911 123456;Leeds".encode(),
    b"Nan;4.9E+12;Kiel",
    b"Nobody;;",
    b"Cut;0151 00000005;Ulm;more",
    b"Nul\x00;0151 00000006;Ulm",
)


def test_a_file_of_every_kind_of_line_is_told_the_same_in_batches_of_any_size(
    inside: Company, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [f"Jürgen {n};0152 {n:08};Ulm".encode() for n in range(40)]
    for place, line in enumerate(KINDS):
        whole.insert(place * 5, line)
    whole.append(KINDS[2])
    content = b"Name;Telefon;Ort\n" + b"\n".join(whole)
    told = set()
    for size in (500, 7, 1):
        monkeypatch.setattr(services, "BATCH", size)
        taken = services.take_in("kunden.csv", content, by=admin)
        services.check(taken, mapping=MAPPING)
        while services.go_on(turn=0.01):
            pass
        taken.refresh_from_db()
        told.add((counts(taken), tuple(sorted(reason for _line, _field, reason in taken.problems))))
        assert sum(counts(taken)) == len(whole) == taken.row_count
    assert told == {((44, 0, 0, 6), ("columns", "encoding", "encoding", "no_phone", "phone", "repeated"))}
    services.run(taken)
    while services.go_on(turn=0.01):
        pass
    assert Contact.objects.count() == 44
    assert set(Contact.objects.filter(name__in=["Léa", "Zoë"]).values_list("identities__external_id", flat=True)) == {
        "+33612345678",
        "+447911123456",
    }


# --- Consent ----------------------------------------------------------------------------------------------------------


def test_who_agreed_is_in_the_ledger_with_line_and_words(inside: Company, admin: User) -> None:
    done = imported(admin, consent=AGREED)
    event = ConsentEvent.objects.get(contact__name="Ben")
    assert (event.state, event.source, event.words) == ("opted_in", "import", "Newsletter am Tresen")
    assert event.proof == {"import": done.public_id, "file": "kunden.csv", "line": 3}
    assert str(event.at.date()) == "2026-01-05"


def test_a_file_without_consent_lets_nobody_be_written_to(inside: Company, admin: User) -> None:
    imported(admin)
    assert not Consent.objects.exists()


def test_two_numbers_of_one_person_are_one_agreement(inside: Company, admin: User) -> None:
    ana = contacts.add(name="Ana", phone_number="+4915100000001")
    ChannelIdentity.objects.create(contact=ana, kind="whatsapp", external_id="+4915100000002")
    assert imported(admin, consent=AGREED).state == ImportState.DONE
    event = ConsentEvent.objects.get()
    assert (event.contact, event.proof["line"], Consent.objects.count()) == (ana, 2, 1)


def test_who_has_opted_out_stays_out_and_is_counted(inside: Company, admin: User) -> None:
    ana = contacts.add(name="Ana", phone_number="+4915100000001")
    consent.record(ana, purpose=Purpose.MARKETING, state=ConsentState.OPTED_OUT, source=ConsentSource.KEYWORD)
    assert checked(admin, consent=AGREED).kept_out_count == 1
    assert imported(admin, consent=AGREED).kept_out_count == 1
    assert Consent.objects.get(contact=ana).state == ConsentState.OPTED_OUT


def test_who_opted_out_and_was_removed_stays_out(inside: Company, admin: User) -> None:
    ana = contacts.add(name="Ana", phone_number="+4915100000001")
    consent.record(ana, purpose=Purpose.MARKETING, state=ConsentState.OPTED_OUT, source=ConsentSource.KEYWORD)
    contacts.remove(ana)
    imported(admin, consent=AGREED)
    assert Consent.objects.get(contact__name="Ana").state == ConsentState.OPTED_OUT


# --- Steps ------------------------------------------------------------------------------------------------------------


def test_without_a_column_of_numbers_nothing_begins(inside: Company, admin: User) -> None:
    taken = services.take_in("kunden.csv", FILE.encode(), by=admin)
    with pytest.raises(ImportRefused):
        services.check(taken, mapping=["name", "", ""])


def test_what_was_not_checked_is_not_imported(inside: Company, admin: User) -> None:
    taken = services.take_in("kunden.csv", FILE.encode(), by=admin)
    with pytest.raises(ImportRefused):
        services.run(taken)


def test_a_cancelled_import_stops_and_forgets_the_file(inside: Company, admin: User) -> None:
    found = checked(admin)
    services.cancel(found)
    assert (bytes(found.content), services.go_on()) == (b"", False)
    with pytest.raises(ImportRefused):
        services.run(found)


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\x\\kunden.csv", "\u202efdp.csv", "x" * 300])
def test_a_file_s_name_is_only_a_name(inside: Company, admin: User, name: str) -> None:
    taken = services.take_in(name, FILE.encode(), by=admin)
    assert not set(taken.filename) & {"/", "\\", "\u202e"}
    assert len(taken.filename) <= 255
