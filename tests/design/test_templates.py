"""Templates keep to the sprite, to the policy of the browser, and the living page shows every piece."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

ROOT: Path = settings.BASE_DIR
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SPRITE = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/img/icons.svg").read_text()))
# A mail has no policy, and needs inline styles.
PAGES = [path for path in TEMPLATES if "emails" not in path.parts]
ICON = re.compile(r'{%\s*icon\s+"([^"]+)"')
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|\shx-on|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)
PIECES = sorted(path.name for path in (ROOT / "templates/components").glob("_*.html"))
# Drawn by every page or by a tag.
EVERYWHERE = {
    *("_head.html", "_toasts.html", "_rail.html", "_bottom_bar.html", "_person_menu.html", "_side_nav.html"),
    *("_visit_bar.html", "_foot_links.html", "_theme_switch.html", "_language_switch.html", "_error_summary.html"),
    *("_chart.html", "_sparkline.html", "_part_bar.html", "_cost_range.html"),
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_every_icon_is_in_the_sprite(path: Path) -> None:
    assert set(ICON.findall(path.read_text())) <= SPRITE


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_nothing_is_inline(path: Path) -> None:
    assert INLINE.findall(path.read_text()) == []


@pytest.mark.parametrize("name", [name for name in PIECES if name not in EVERYWHERE])
def test_every_piece_is_on_the_living_page(name: str) -> None:
    users = [path for path in TEMPLATES if path.parent.name in {"design", "components"} and path.name != name]
    assert any(f"components/{name}" in path.read_text() for path in users)


@pytest.mark.django_db
@pytest.mark.parametrize("show", ["index", "inbox", "settings", "visit", "staff", "narrow", "public", "error"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_living_page_needs_nobody_signed_in(client: Client, show: str, language: str) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = client.get(f"/design/?show={show}", headers={"host": settings.BASE_HOST})
    assert answer.status_code == 200


@pytest.mark.django_db
def test_a_page_that_is_not_there_is_a_404(client: Client) -> None:
    assert client.get("/design/?show=nothing", headers={"host": settings.BASE_HOST}).status_code == 404
