"""Addresses in people's words become links, and nothing else becomes markup."""

from __future__ import annotations

import pytest

from messaging.inbox.linked import linked


def link(address: str, *, shown: str = "") -> str:
    return f'<a href="{address}" rel="nofollow noopener noreferrer" target="_blank">{shown or address}</a>'


@pytest.mark.parametrize(
    ("text", "address", "rest"),
    [
        ("Siehe https://a.example/x.", "https://a.example/x", "."),
        ("http://a.example/x, dann", "http://a.example/x", ", dann"),
        ("(https://a.example/x)", "https://a.example/x", ")"),
        ("https://a.example/a_(b)", "https://a.example/a_(b)", ""),
        ("„https://a.example/x“", "https://a.example/x", ""),
        ("HTTPS://A.example/x!?", "HTTPS://A.example/x", "!?"),
        ("https://a.example:8080/?q=1#m", "https://a.example:8080/?q=1#m", ""),
    ],
)
def test_the_punctuation_of_the_sentence_is_not_part_of_the_address(text: str, address: str, rest: str) -> None:
    assert link(address) + rest in linked(text)


def test_the_signs_of_an_address_are_escaped_in_it() -> None:
    assert linked("https://a.example/?a=1&b=2") == link("https://a.example/?a=1&amp;b=2")


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "ftp://a.example/x",
        "//a.example/x",
        "https://",
        "https://bank.example@evil.example/",
        "https://a.example/\u202egnp.exe",
        "https://a\u200b.example/",
        "https://[::1",
    ],
)
def test_what_is_no_honest_web_address_stays_words(text: str) -> None:
    assert "<a" not in linked(text)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", 'https://a.example/"onmouseover="alert(1)', "<https://a.example/>", "a & b"]
)
def test_markup_in_words_is_escaped(text: str) -> None:
    shown = linked(text)
    assert "<script" not in shown
    assert '"onmouseover="' not in shown
    assert "&lt;" in shown or "&quot;" in shown or "&amp;" in shown
