"""The audit log reads as sentences, whatever stands in it."""

import re
from pathlib import Path
from string import Formatter

import pytest
from django.utils import translation

from tenants.models import AuditEntry
from tenants.sign_in import NOTICES
from tenants.templatetags.audit_text import SENTENCES, audit_changes, audit_sentence

ROOT = Path(__file__).resolve().parents[2]


def entry(action: str, **fields: object) -> AuditEntry:
    return AuditEntry(action=action, **{"actor_name": "Birte", "target": "ole@hansen.example", **fields})


def words(sentence: str) -> str:
    return re.sub(r"<[^>]+>", "", sentence)


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def test_an_entry_says_who_did_what_to_whom() -> None:
    told = audit_sentence(entry("member.role_changed", before={"role": "admin"}, after={"role": "agent"}))
    assert words(told) == "Birte changed the role of ole@hansen.example to: Support agent."


def test_names_are_set_apart_and_cannot_bring_markup_or_blanks() -> None:
    told = audit_sentence(entry("person.signed_in", actor_name="<b>{target} %(x)s"))
    assert "<strong><bdi>&lt;b&gt;{target} %(x)s</bdi></strong> signed in." in told


def test_a_visitor_who_leaves_is_not_named_twice() -> None:
    assert words(audit_sentence(entry("visit.ended", target="Birte"))) == "Birte ended the staff visit."


def test_an_action_without_a_sentence_shows_its_code() -> None:
    assert words(audit_sentence(entry("webhook.rotated"))) == "Birte: webhook.rotated ole@hansen.example"


def test_months_amounts_and_days_are_written_as_the_reader_writes_them() -> None:
    told = [
        entry("invoice.approved", target="2026-10"),
        entry("payment.recorded", target="175.62 EUR"),
        entry("subscription.begun", target="Hansen", after={"plan": "Team 1", "valid_from": "2026-09-01"}),
    ]
    with translation.override("de"):
        shown = [words(audit_sentence(one)).replace("\N{NO-BREAK SPACE}", " ") for one in told]
    assert ["Oktober 2026" in shown[0], "175,62 €" in shown[1], "01.09.2026" in shown[2]] == [True, True, True]


@pytest.mark.parametrize("target", ["last month", "a lot", ""])
def test_what_is_no_month_and_no_amount_is_shown_as_it_stands(target: str) -> None:
    for action in ("invoice.approved", "payment.recorded"):
        assert target in words(audit_sentence(entry(action, target=target)))


def test_both_sides_of_a_field_are_words() -> None:
    changed = entry(
        "company.changed", before={"country": "DE", "vat_id": ""}, after={"country": "AT", "vat_id": "ATU12345675"}
    )
    assert [(change.label, change.before, change.after) for change in audit_changes(changed)] == [
        ("Country", "Germany", "Austria"),
        ("VAT id", "", "ATU12345675"),
    ]


def test_what_had_no_state_before_shows_no_changes() -> None:
    assert audit_changes(entry("invitation.sent", after={"role": "agent"})) == []


def test_every_action_that_is_recorded_has_a_sentence() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tenants").rglob("*.py"))
    written = set(re.findall(r'"((?:company|invitation|member|person|session|visit)\.[a-z_]+)"', code))
    told_by_mail = {f"person.{name.rpartition('/')[2]}" for name in NOTICES}
    no_actions = {"company.opening_failed", "company.sql"}
    assert (written | told_by_mail) - no_actions - set(SENTENCES) == set()


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_translation_asks_for_a_blank_that_is_not_filled(language: str) -> None:
    with translation.override(language):
        blanks = {name for text in SENTENCES.values() for _, name, _, _ in Formatter().parse(str(text)) if name}
    assert blanks <= {"actor", "target", "role", "address_name", "minutes", "valid_from", "rate", "plan"}
