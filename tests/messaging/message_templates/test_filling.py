"""A template's places, what is sent for them, and what the person reads."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.channels.base import Address, MessageType, OutboundMessage
from messaging.channels.checks import check_outbound
from messaging.message_templates.choosing import best_for, choices
from messaging.message_templates.components import parts_of
from messaging.message_templates.filling import content_for, places, problems, rendered
from messaging.message_templates.models import MessageTemplate

BODY = {"type": "BODY", "text": "Hallo {{1}}, Paket {{2}} ist da. {{1}}!"}


def make(*components: dict[str, Any], **fields: Any) -> MessageTemplate:
    values: dict[str, Any] = {"name": "n", "language": "de", "components": [*components], **fields}
    return MessageTemplate(**values)


def buttons(*given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": [*given]}


def test_a_variable_that_stands_twice_is_asked_once() -> None:
    assert [place.path for place in places(make(BODY))] == ["body.0", "body.1"]


def test_numbered_values_are_sent_in_their_order() -> None:
    assert content_for(make(BODY), {"body.0": "Ana", "body.1": "A-1"})["body"] == ["Ana", "A-1"]


def test_named_values_are_sent_with_their_names() -> None:
    template = make({"type": "BODY", "text": "Hallo {{first_name}}"}, parameter_format="NAMED")
    assert content_for(template, {"body.0": "Ana"})["body"] == [{"name": "first_name", "text": "Ana"}]


def test_the_person_reads_header_text_footer_and_buttons() -> None:
    template = make(
        {"type": "HEADER", "format": "TEXT", "text": "Für {{1}}"},
        BODY,
        {"type": "FOOTER", "text": "Ihr Laden"},
        buttons({"type": "URL", "text": "Los", "url": "https://x.example/{{1}}"}),
    )
    values = {"header": "Ana", "body.0": "Ana", "body.1": "A-1", "buttons.0.value": "t7"}
    shown = rendered(template, values)
    assert shown.text == "Für Ana\nHallo Ana, Paket A-1 ist da. Ana!\nIhr Laden"
    assert shown.buttons == ({"type": "URL", "text": "Los", "url": "https://x.example/t7"},)


def test_a_value_that_looks_like_a_variable_is_not_filled_again() -> None:
    assert rendered(make(BODY), {"body.0": "{{2}}", "body.1": "x"}).body.startswith("Hallo {{2}}, Paket x")


def test_only_buttons_that_want_a_value_are_sent_by_their_place() -> None:
    template = make(
        BODY,
        buttons(
            {"type": "QUICK_REPLY", "text": "Ja"},
            {"type": "URL", "text": "Fest", "url": "https://x.example/"},
            {"type": "URL", "text": "Los", "url": "https://x.example/{{1}}"},
            {"type": "COPY_CODE", "text": "Code"},
        ),
    )
    values = {"buttons.0.value": "t7", "buttons.1.value": "HERBST"}
    assert content_for(template, values)["buttons"] == [
        {"index": 2, "type": "url", "value": "t7"},
        {"index": 3, "type": "copy_code", "value": "HERBST"},
    ]


@pytest.mark.parametrize(("format_", "kind"), [("IMAGE", "image"), ("VIDEO", "video"), ("DOCUMENT", "document")])
def test_a_file_in_the_header_is_named_by_its_address(format_: str, kind: str) -> None:
    template = make({"type": "HEADER", "format": format_}, {"type": "BODY", "text": "Da"})
    content = content_for(template, {"header": "https://x.example/a"})
    assert content["header"] == {"type": kind, "link": "https://x.example/a"}


@pytest.mark.parametrize("address", ["", "x", "javascript:alert(1)", "ftp://x.example/a"])
def test_a_file_needs_a_web_address(address: str) -> None:
    template = make({"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Da"})
    assert [problem.field for problem in problems(template, {"header": address})] == ["header"]


def test_a_code_goes_by_itself() -> None:
    template = make({"type": "BODY", "text": "{{1}} ist Ihr Code"}, buttons({"type": "OTP", "otp_type": "COPY_CODE"}))
    content = content_for(template, {"code": "482119"})
    assert (content["code"], content["shown"]["body"]) == ("482119", "482119 ist Ihr Code")


def test_each_card_has_its_own_places() -> None:
    card = {"components": [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Nur {{1}}"}]}
    template = make({"type": "BODY", "text": "Neu"}, {"type": "CAROUSEL", "cards": [card, card]})
    assert [place.path for place in places(template)][2:] == ["cards.1.header", "cards.1.body.0"]
    assert len(content_for(template, {})["cards"]) == 2


@pytest.mark.parametrize("value", ["", "a\nb", "a\tb", "a" + " " * 5 + "b", "x" * 1025])
def test_what_the_provider_would_refuse_is_found_at_its_place(value: str) -> None:
    content = content_for(make(BODY), {"body.0": "Ana", "body.1": value})
    outbound = OutboundMessage("", Address(phone="+1"), MessageType.TEMPLATE, content)
    assert {problem.field for problem in check_outbound("whatsapp", outbound)} == {"body.1"}


@pytest.mark.parametrize("components", [[], [None], [{"type": 7}], [{"type": "BODY", "text": None}], "x", None])
def test_components_of_any_shape_are_read(components: Any) -> None:
    assert places(make() if components is None else MessageTemplate(components=components)) == []


@pytest.mark.parametrize(
    "component",
    [{"type": "LIMITED_TIME_OFFER"}, {"type": "HEADER", "format": "PRODUCT"}, buttons({"type": "CATALOG"})],
)
def test_what_cannot_be_filled_in_by_hand_is_not_offered(component: dict[str, Any]) -> None:
    assert not parts_of(make(BODY, component)).is_fillable
    assert choices([make(BODY, component)], words="", language="de") == []


@pytest.mark.parametrize(
    ("language", "first"), [("de", "de"), ("de-at", "de"), ("en", "en_US"), ("fr", "en_US"), ("pt_PT", "pt_BR")]
)
def test_the_contact_s_language_comes_first(language: str, first: str) -> None:
    templates = [make(BODY, language=known) for known in ("pt_BR", "en_US", "de")]
    assert best_for(language, templates).language == first


@pytest.mark.parametrize(("words", "found"), [("paket", 1), ("order SHIPPED", 1), ("", 1), ("nichts", 0)])
def test_a_template_is_found_by_its_name_or_its_words(words: str, found: int) -> None:
    assert len(choices([make(BODY, name="order_shipped")], words=words, language="de")) == found
