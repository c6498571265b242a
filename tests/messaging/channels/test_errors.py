"""Every error code has a row: what it means, what to do, who does it, in both languages."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from messaging.channels import error_table_whatsapp
from messaging.channels.error_rules import ErrorClass, ErrorRule, Mender, Retry
from messaging.channels.errors import OURS, TABLES, UNKNOWN, rule_for

# The codes of the vendor's reference (§7) and of our own list of classes, by what they mean.
CODES: dict[ErrorClass, list[int]] = {
    ErrorClass.RETRY_LATER: [1, 2, 131000, 131016, 131049, 131056, 131057, 133004, 134101, 139102, 139103, 2494100],
    ErrorClass.SLOW_NUMBER: [4, 80007, 130429],
    ErrorClass.NEVER: [131030, 131062, 135000, 139100, 139101],
    ErrorClass.NEVER_FOR_CONTACT: [130472, 130497, 131021, 131026, 137000],
    ErrorClass.PAUSE_TEMPLATE: [132001, 132007, 132015, 132016, 132068, 132069],
    ErrorClass.PAUSE_NUMBER: [
        368,
        131031,
        131037,
        131045,
        131048,
        131064,
        *(code for code in range(133000, 133017) if code != 133004),
        134011,
    ],
    ErrorClass.RECONNECT: [0, 3, 10, 33, 190, *range(200, 300), 131005],
    ErrorClass.OPTED_OUT: [131050],
    ErrorClass.MONEY: [131042],
    ErrorClass.WINDOW_CLOSED: [131047],
    ErrorClass.CONTENT: [
        100,
        131008,
        131009,
        131051,
        131052,
        131053,
        132000,
        132005,
        132008,
        132012,
        132018,
    ],
    ErrorClass.OPERATOR: [131055, 131063, 134100, 134102],
}
RULES = {id(rule): rule for table in [*TABLES.values(), OURS, {"": UNKNOWN}] for rule in table.values()}.values()


@pytest.mark.parametrize(("means", "codes"), CODES.items())
def test_every_code_of_the_reference_has_its_class(means: ErrorClass, codes: list[int]) -> None:
    assert [code for code in codes if rule_for("whatsapp", str(code)).means != means] == []


def test_no_code_is_there_that_the_reference_does_not_name_nor_twice() -> None:
    named = {str(code) for codes in CODES.values() for code in codes}
    assert set(TABLES["whatsapp"]) == named
    assert sum(len(rule.codes) for rule in error_table_whatsapp.ROWS) == len(named)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: ",".join(rule.codes[:2]) or "unknown")
def test_a_row_speaks_both_languages(rule: ErrorRule) -> None:
    for words in (rule.what, rule.todo):
        with override("en"):
            english = str(words)
        with override("de"):
            german = str(words)
        assert english
        assert german
        assert german != english
        assert "!" not in english + german


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: ",".join(rule.codes[:2]) or "unknown")
def test_a_row_fits_together(rule: ErrorRule) -> None:
    if rule.means in (ErrorClass.RETRY_LATER, ErrorClass.SLOW_NUMBER):
        assert rule.retry
    assert not (rule.retry and rule.waits), "it waits for somebody, or it tries by itself"
    if rule.means in (ErrorClass.RECONNECT, ErrorClass.MONEY, ErrorClass.PAUSE_NUMBER):
        assert rule.waits
        assert rule.mender in (Mender.ADMIN, Mender.STAFF)
    assert not rule.charged


def test_an_unknown_code_is_not_tried_again_and_goes_to_the_operator() -> None:
    rule = rule_for("whatsapp", "424242")
    assert (rule.means, rule.retry, rule.mender) == (ErrorClass.NEVER, None, Mender.STAFF)
    assert rule_for("pigeon", "1") is UNKNOWN


def test_a_refusal_without_a_code_counts_for_every_channel() -> None:
    assert rule_for("sms", "http_429").means == ErrorClass.SLOW_NUMBER


def test_waits_grow_up_to_a_limit_and_end() -> None:
    retry = Retry(tries=6, first=1, factor=4, most=100)
    assert [retry.delay(tried) for tried in range(1, 7)] == [1, 4, 16, 64, 100, None]


def test_the_same_person_is_tried_after_four_to_the_power_of_n_seconds() -> None:
    retry = rule_for("whatsapp", "131056").retry
    assert retry
    assert [retry.delay(tried) for tried in (1, 2, 3)] == [4, 16, 64]


def test_marketing_that_was_held_back_waits_a_day() -> None:
    retry = rule_for("whatsapp", "131049").retry
    assert retry
    assert [retry.delay(tried) for tried in (1, 2, 3)] == [86_400, 86_400, None]
    assert rule_for("whatsapp", "130472").retry is None
