"""The German catalogue: which texts the code and the templates say, and what is wrong with their translations.

Made with Babel and Django's own `templatize`, so that no machine needs GNU gettext.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

LOCALE = "de"
CODE = ("config", "tenants", "billing", "messaging")
TEMPLATE_SUFFIXES = {".html", ".txt", ".xml"}
PO_FILE = settings.BASE_DIR / "config" / "locale" / LOCALE / "LC_MESSAGES" / "django.po"
MO_FILE = PO_FILE.with_suffix(".mo")

# Which argument of which function is a text; (n, "c") is a context.
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# What must be the same in a text and its translation: %(name)s, %s, %%, {name}, and HTML tags.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd%]|\{[^{}\s]*\}|</?[a-z][^<>]*>")
# Within blocktranslate Django knows plain names only, and shows nothing for {{ company.name }} or {{ number|money }}.
UNBOUND = re.compile(r"%\(\w*[^\w)][^)]*\)s")
STRING_OR_SPACE = re.compile(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|[^\S\n]+""")


class HouseCatalog(Catalog):
    """A catalogue whose header holds neither dates nor versions, so that equal content is an equal file."""

    mime_headers = property(
        lambda self: [
            ("Language", LOCALE),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms + "\n"),
        ]
    )


# --- What is said -----------------------------------------------------------------------------------------------------


def sources(root: Path) -> Iterator[Path]:
    """Our Python files and templates, in a fixed order."""
    for package in CODE:
        yield from (
            path for path in sorted((root / package).rglob("*.py")) if not {"migrations", "tests"} & {*path.parts}
        )
    folders = [root / "templates", *(path for package in CODE for path in sorted((root / package).rglob("templates")))]
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.suffix in TEMPLATE_SUFFIXES)


def python_of(path: Path) -> str:
    """Python that makes the same calls of gettext as the file does."""
    text = path.read_text(encoding="utf-8")
    return text if path.suffix == ".py" else template_as_python(text, str(path))


def template_as_python(template: str, name: str = "") -> str:
    """A template's texts as calls of gettext; indentation and odd spaces would stop the tokenizer."""
    lines = str(templatize(template, origin=name)).splitlines()
    return "\n".join(STRING_OR_SPACE.sub(lambda found: found[1] or " ", line).strip() for line in lines)


def add_messages(catalog: Catalog, python: str, name: str) -> None:
    file = BytesIO(python.encode())
    for line, text, comments, context in extract(
        "python", file, keywords=KEYWORDS, comment_tags=("Translators:",), options={"encoding": "utf-8"}
    ):
        catalog.add(text, locations=[(name, line)], auto_comments=comments, context=context)


def said(root: Path = settings.BASE_DIR) -> Catalog:
    """Every text of the code and the templates, untranslated."""
    catalog = HouseCatalog(locale=LOCALE)
    for path in sources(root):
        add_messages(catalog, python_of(path), path.relative_to(root).as_posix())
    return catalog


# --- The catalogue ----------------------------------------------------------------------------------------------------


def kept(file: Path = PO_FILE) -> Catalog:
    """The catalogue as it is written down."""
    content = file.read_bytes()
    catalog = read_po(BytesIO(content), locale=LOCALE)
    # Babel would take the indentation out of the glossary.
    catalog.header_comment = "\n".join(takewhile(lambda line: line.startswith("#"), content.decode().splitlines()))
    return catalog


def texts(catalog: Catalog) -> list[Message]:
    """The messages without the header, grouped by the first file that says them."""
    return sorted((message for message in catalog if message.id), key=order_of)


def order_of(message: Message) -> tuple[str, str, str]:
    return min((file for file, _line in message.locations), default=""), singular_of(message), message.context or ""


def singular_of(message: Message) -> str:
    return str(forms_of(message.id)[0])


def forms_of(text: Any) -> tuple[Any, ...]:
    """A text and its plurals, or just a text, as a tuple."""
    return tuple(text) if isinstance(text, list | tuple) else (text,)


def translation_of(message: Message, catalog: Catalog) -> Message | None:
    """The translation of just this text; a changed plural is another text."""
    found = catalog.get(message.id, message.context)
    return found if found is not None and found.id == message.id else None


def renewed(old: Catalog, new: Catalog) -> Catalog:
    """All texts of `new` with the translations of `old`; what nobody says any more is left out."""
    catalog = HouseCatalog(locale=LOCALE, header_comment=old.header_comment, fuzzy=False)
    for message in texts(new):
        translated = translation_of(message, old)
        catalog.add(
            message.id,
            translated.string if translated else "",
            locations=sorted({(file, 0) for file, _line in message.locations}),
            flags=message.flags | ({"fuzzy"} if translated and translated.fuzzy else set()),
            auto_comments=message.auto_comments,
            user_comments=translated.user_comments if translated else (),
            context=message.context,
        )
    return catalog


def as_po(catalog: Catalog) -> bytes:
    file = BytesIO()
    write_po(file, catalog, width=120, include_lineno=False)
    return b"\n".join(line.rstrip() for line in file.getvalue().rstrip().split(b"\n")) + b"\n"


def as_mo(catalog: Catalog) -> bytes:
    house = HouseCatalog(locale=LOCALE)
    for message in texts(catalog):
        house.add(message.id, message.string, context=message.context, flags=message.flags)
    file = BytesIO()
    write_mo(file, house)
    return file.getvalue()


# --- What is wrong ----------------------------------------------------------------------------------------------------


def problems(new: Catalog, old: Catalog) -> list[str]:
    """A line for each text without a good translation, and for each translation without a text."""
    found = []
    for message in texts(new):
        translated = translation_of(message, old)
        wrong = unbound(message) or ("is missing" if translated is None else fault(translated))
        if wrong:
            found.append(line_about(message, wrong))
    obsolete = [message for message in texts(old) if translation_of(message, new) is None]
    found += [line_about(message, "is no longer said") for message in [*obsolete, *old.obsolete.values()]]
    return found


def unbound(message: Message) -> str:
    names = [name for form in forms_of(message.id) for name in UNBOUND.findall(form)]
    return (
        f"shows nothing for {names[0]}: bind it, as in {{% blocktranslate with name=company.name %}}" if names else ""
    )


def fault(message: Message) -> str:
    """What is wrong with a translation, or nothing."""
    strings = [str(string or "") for string in forms_of(message.string)]
    if not all(strings):
        return "is not translated"
    if message.fuzzy:
        return "is fuzzy"
    for text, string in pairs(message, strings):
        if placeholders(text) != placeholders(string):
            return f"has other placeholders in its translation: {string!r}"
        if ends(text) != ends(string):
            return f"begins or ends with other white space in its translation: {string!r}"
    return ""


def pairs(message: Message, strings: Iterable[str]) -> list[tuple[str, str]]:
    """Each form with its translation. A singular may name the number or leave it out, as English and German please."""
    one, *more = (str(form) for form in forms_of(message.id))
    if not more:
        return [(one, string) for string in strings]
    many = more[0]
    translated_one, *translated_many = strings
    fitting = many if placeholders(translated_one) == placeholders(many) else one
    return [(fitting, translated_one), *((many, string) for string in translated_many)]


def placeholders(text: str) -> Counter[str]:
    """Named ones may come twice, nameless ones must be as many."""
    names = Counter(PLACEHOLDER.findall(text))
    return Counter({name: count if name in {"%s", "%d", "{}"} else 1 for name, count in names.items()})


def ends(text: str) -> tuple[str, str]:
    body = text.strip()
    return text[: text.find(body)], text[text.find(body) + len(body) :]


def line_about(message: Message, wrong: str) -> str:
    file, text, context = order_of(message)
    return f"{file or 'catalogue'}: {text!r}{f' [{context}]' if context else ''} {wrong}"


def all_problems() -> list[str]:
    """The same, of this checkout, and whether the compiled catalogue is current."""
    old = kept()
    found = problems(said(), old)
    if not MO_FILE.exists() or MO_FILE.read_bytes() != as_mo(old):
        found.append(f"{MO_FILE.name} is not what {PO_FILE.name} says; run manage.py translations")
    return found
