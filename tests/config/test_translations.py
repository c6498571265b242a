"""Every text has a German translation that says the same to a person addressed as "Sie"."""

from __future__ import annotations

import re
from pathlib import Path

import allauth
import pytest
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from babel.messages.catalog import Catalog
from django import forms
from django.core import validators
from django.utils.translation import gettext, override

from config import translations
from config.translations import LOCALE, HouseCatalog, all_problems, as_mo, as_po, kept, problems, renewed, texts

FAMILIAR = re.compile(
    r"\b(?i:du|dich|dir|dein\w*|euch|eu(er|re)\w*)\b|\b(Gib|Lade|Wähle|Prüfe|Überprüfe|Bestätige|Klicke|Melde)\b"
)
ALLAUTH_MESSAGES = sorted((Path(allauth.__file__).parent / "templates").glob("*/messages/*.txt"))


def catalog_of(*entries: tuple[object, object], **options: object) -> Catalog:
    catalog = HouseCatalog(locale=LOCALE)
    for text, translation in entries:
        catalog.add(text, translation, **options)  # type: ignore[arg-type]
    return catalog


def said_by(template: str) -> Catalog:
    catalog = HouseCatalog(locale=LOCALE)
    translations.add_messages(catalog, translations.template_as_python(template), "page.html")
    return catalog


# --- Our own catalogue ------------------------------------------------------------------------------------------------


def test_every_text_is_translated() -> None:
    found = all_problems()
    assert not found, "\n".join(["", *found, "→ manage.py translations, then fill in django.po and run it again"])


def test_german_says_sie() -> None:
    familiar = [message.string for message in texts(kept()) if FAMILIAR.search(str(message.string))]
    assert not familiar


def test_the_errors_of_sign_in_come_out_in_german_with_sie() -> None:
    with override(LOCALE):
        adapters = (DefaultAccountAdapter, DefaultMFAAdapter)
        errors = [str(text) for adapter in adapters for text in adapter.error_messages.values()]
    assert not [error for error in errors if FAMILIAR.search(error)]
    assert not [error for error in errors if re.search(r"\b(the|you|your|is|not)\b", error)]


def test_the_errors_of_forms_come_out_in_german_with_sie() -> None:
    fields = [kind for kind in vars(forms).values() if isinstance(kind, type) and issubclass(kind, forms.Field)]
    checks = [kind for kind in vars(validators).values() if isinstance(kind, type) and hasattr(kind, "message")]
    with override(LOCALE):
        errors = [str(text) for kind in fields for text in vars(kind).get("default_error_messages", {}).values()]
        errors += [str(kind.message) for kind in checks]
    assert not [error for error in errors if FAMILIAR.search(error)]


@pytest.mark.parametrize("file", ALLAUTH_MESSAGES, ids=lambda file: file.stem)
def test_the_messages_of_sign_in_come_out_in_german_with_sie(file: Path) -> None:
    messages = said_by(file.read_text())
    with override(LOCALE):
        for message in texts(messages):
            german = gettext(str(message.id))
            assert german != message.id
            assert not FAMILIAR.search(german)


# --- What is found in a template --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "text", "context"),
    [
        ('{% translate "Save" %}', "Save", None),
        ("{% trans 'Save' as label %}", "Save", None),
        ('{% translate "Open" context "verb" %}', "Open", "verb"),
        ('{% translate "100 %" %}', "100 %%", None),
        ("{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}", "Hello %(name)s", None),
        (
            "{% blocktranslate with n=p.name trimmed %}\n  Hello\n  {{ n }}\n{% endblocktranslate %}",
            "Hello %(n)s",
            None,
        ),
        ('{% blocktranslate context "greeting" %}Hello{% endblocktranslate %}', "Hello", "greeting"),
        (
            "{% blocktranslate count n=x|length %}One{% plural %}{{ n }} of them{% endblocktranslate %}",
            ("One", "%(n)s of them"),
            None,
        ),
        (
            '{% blocktranslate count n=x context "c" trimmed %} One {% plural %} {{ n }} {% endblocktranslate %}',
            ("One", "%(n)s"),
            "c",
        ),
        ('{{ title|default:_("Settings")|upper }}', "Settings", None),
        ('{{ _("Settings") }}', "Settings", None),
        ('{% include "a.html" with title=_("Team") text=_("It\'s us") only %}', "It's us", None),
        ("<p>\n      deep\n   less{% if a %}\n  “odd” \N{NO-BREAK SPACE}{% translate 'Save' %}\n</p>", "Save", None),
    ],
)
def test_a_text_of_a_template_is_found(template: str, text: str | tuple[str, str], context: str | None) -> None:
    assert (text, context) in [(message.id, message.context) for message in texts(said_by(template))]


def test_a_comment_of_a_template_is_not_a_text() -> None:
    assert not texts(said_by('{% comment %}{% translate "No" %}{% endcomment %}{# {% translate "No" %} #}'))


# --- What is found in Python ------------------------------------------------------------------------------------------


def test_the_texts_of_python_are_found() -> None:
    catalog = HouseCatalog(locale=LOCALE)
    python = """
a = _("plain" " and joined")
b = pgettext_lazy("verb", "Open")
c = ngettext("%(n)d hour", "%(n)d hours", n) % {"n": n}
d = npgettext("of a day", "hour", "hours", n)
e = gettext_lazy(variable)
"""
    translations.add_messages(catalog, python, "views.py")
    found = {(message.id, message.context) for message in texts(catalog)}
    assert found == {
        ("plain and joined", None),
        ("Open", "verb"),
        (("%(n)d hour", "%(n)d hours"), None),
        (("hour", "hours"), "of a day"),
    }


# --- What is wrong with a translation ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "translation", "wrong"),
    [
        ("Save", None, "is not translated"),
        (("One", "Many"), ("Eins", ""), "is not translated"),
        ("Hello %(name)s", "Hallo %(nahme)s", "has other placeholders"),
        ("Hello {name}", "Hallo", "has other placeholders"),
        ("%s of %s", "%s", "has other placeholders"),
        ("100 %% sure", "100 % sicher", "has other placeholders"),
        ("A <b>bold</b> word", "Ein <b>fettes Wort", "has other placeholders"),
        (("One", "%(n)s things"), ("Eins", "Viele"), "has other placeholders"),
        ("Hello\n", "Hallo", "begins or ends"),
    ],
)
def test_a_bad_translation_is_a_problem(text: object, translation: object, wrong: str) -> None:
    found = problems(catalog_of((text, None)), catalog_of((text, translation)))
    assert len(found) == 1
    assert wrong in found[0]


@pytest.mark.parametrize("variable", ["company.name", "amount|money"])
def test_a_variable_that_would_stay_empty_is_a_problem(variable: str) -> None:
    said = said_by(f"{{% blocktranslate %}}Hello {{{{ {variable} }}}}{{% endblocktranslate %}}")
    assert "shows nothing" in problems(said, catalog_of())[0]


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("Hello %(name)s", "%(name)s: hallo, %(name)s"),
        (("One thing", "%(n)s things"), ("%(n)s Ding", "%(n)s Dinge")),
        (("%(n)s thing", "%(n)s things"), ("%(n)s Ding", "%(n)s Dinge")),
    ],
)
def test_a_good_translation_is_no_problem(text: object, translation: object) -> None:
    assert not problems(catalog_of((text, None)), catalog_of((text, translation)))


def test_a_missing_a_fuzzy_and_an_obsolete_text_are_problems() -> None:
    old = catalog_of(("Send", "Senden"), flags={"fuzzy"})
    old.add("Gone", "Weg")
    found = "\n".join(problems(catalog_of(("Send", None), ("New", None)), old))
    assert "'New' is missing" in found
    assert "'Send' is fuzzy" in found
    assert "'Gone' is no longer said" in found


# --- How the catalogue is renewed -------------------------------------------------------------------------------------


def test_renewing_keeps_translations_and_drops_what_nobody_says() -> None:
    catalog = renewed(catalog_of(("Save", "Sichern"), ("Gone", "Weg")), catalog_of(("Save", None), ("New", None)))
    assert {message.id: message.string for message in texts(catalog)} == {"Save": "Sichern", "New": ""}


def test_a_changed_plural_wants_a_new_translation() -> None:
    catalog = renewed(catalog_of((("One", "Many"), ("Eins", "Viele"))), catalog_of((("One", "Lots"), None)))
    assert texts(catalog)[0].string == ("", "")


def test_renewing_twice_changes_nothing() -> None:
    old = kept()
    assert as_po(renewed(old, old)) == translations.PO_FILE.read_bytes()
    assert as_mo(renewed(old, old)) == as_mo(old)
