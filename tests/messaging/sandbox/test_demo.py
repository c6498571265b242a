"""The demo's accounts can be handed over again and again; the pages' words are all there."""

from __future__ import annotations

import re
from pathlib import Path

from messaging.sandbox import seed
from messaging.sandbox.testing import Sandbox
from messaging.sandbox.words import WORDS

HERE = Path(seed.__file__).parent


def test_the_demo_can_be_handed_over_twice(sandbox: Sandbox) -> None:
    for _ in range(2):
        for demo in seed.DEMO:
            sandbox.api("PUT", f"/accounts/{demo.account_id}", seed.account(demo, sandbox.receiver.url))
    assert len(sandbox.api("GET", "/people")) == sum(len(demo.people) for demo in seed.DEMO)
    for demo in seed.DEMO:
        path = f"/v25.0/{demo.account_id}/message_templates"
        found = sandbox.call("GET", path, token=demo.token).body["data"]
        assert len(found) == 2 * len(demo.templates)
        assert {one["status"] for one in found} == {"APPROVED", "PAUSED", "REJECTED"}


def test_no_demo_persons_number_is_magic() -> None:
    magic = {"0015", "0026", "0029", "0042", "0047", "0049", "0050", "0056", "0190", "0500", "0999"}
    assert not {phone[-4:] for demo in seed.DEMO for _, phone, _, _ in demo.people} & magic


def test_every_word_a_page_uses_is_there_in_both_languages() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (HERE / "pages").glob("*.html"))
    scripts = "".join(path.read_text(encoding="utf-8") for path in (HERE / "static").glob("*.js"))
    used = {*re.findall(r"\{\{ (\w+) \}\}", pages), *re.findall(r"\bwords\.(\w+)", scripts)} - {"json"}
    assert used - set(WORDS) == set()
    assert not [key for key, pair in WORDS.items() if not all(pair.values())]
