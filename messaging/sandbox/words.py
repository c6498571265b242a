"""The words of the sandbox's own pages, English and German; they stand in pages/words.txt."""

from __future__ import annotations

import html
import re
from pathlib import Path

LANGUAGES = ("en", "de")
PLACE = re.compile(r"\{\{ (\w+) \}\}")


def _read() -> dict[str, dict[str, str]]:
    lines = (Path(__file__).parent / "pages" / "words.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split("|") for line in lines if line and not line.startswith("#"))
    return {key: {"en": english, "de": german} for key, english, german in rows}


WORDS = _read()


def translated(page: str, language: str) -> str:
    """Every `{{ key }}` in that language, escaped."""
    return PLACE.sub(lambda place: html.escape(WORDS[place[1]][language]), page)
