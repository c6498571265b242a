"""No text for people stands in a template or in a form without going through gettext."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.base import Lexer, Token, TokenType

from config.translations import CODE

ROOT: Path = settings.BASE_DIR
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"})
PYTHON = sorted(
    path for package in CODE for path in (ROOT / package).rglob("*.py") if not {"migrations", "demo"} & {*path.parts}
)

# The same in every language.
NAMES = {
    *("Botschaft", "botschaft", "WhatsApp", "Messenger", "WeChat", "SMS", "Meta"),
    *("API", "BIC", "CSV", "IBAN", "ID", "IP", "JSON", "PDF", "QR", "URL", "UTC", "VAT", "XML"),
    *("EUR", "USD", "GBP", "CHF", "DE", "EN", "kB", "MB", "GB", "ms", "px"),
}
# What invented people and companies are called and write, on the living page and the public site.
SAMPLES = (
    *(
        "Inga Hansen",
        "Meike Albrecht",
        "Paketladen Hansen e. K.",
        "Paketladen Hansen",
        "Laden Altona",
        "Deutsch",
        "Jonas Lindner",
        "Mira Aydın",
    ),
    "Moin Frau Albrecht, Ihr Paket 4471 liegt bei uns bereit.",
    "Schaffe ich heute leider nicht.",
)
ADDRESS = re.compile(r"https?://\S+|[\w.@-]+\.example\b")
WORD = re.compile(r"[^\W\d_]{2,}")
TRANSLATE = {"translate", "trans", "blocktranslate", "blocktrans"}
BODY_IS_NO_TEXT = {"blocktranslate": "endblocktranslate", "blocktrans": "endblocktrans", "comment": "endcomment"}
MACHINE_BLOCKS = ("_class", "_attributes")
ATTRIBUTES = {
    "title",
    "alt",
    "placeholder",
    "label",
    "aria-label",
    "aria-description",
    "aria-placeholder",
    "aria-valuetext",
}
DATA_ATTRIBUTE = re.compile(r"data-(.+-)?(text|label|tip|confirm|hint|message|guard)(-.+)?")
META = {"description", "og:title", "og:description", "application-name"}
MACHINE_ELEMENTS = {"script", "style", "code", "kbd", "samp", "pre"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Arguments of tags that are never read by people.
MACHINE_ARGUMENTS = {"class", "href", "icon", "id", "name", "size", "src", "tone", "type", "url", "value"}
ARGUMENT = re.compile(r"""(?P<name>[\w-]+)=(?P<quote>["'])(?P<text>.*?)(?P=quote)""")
FALLBACK = re.compile(r"""\|\s*(?:default|default_if_none|yesno):(?P<quote>["'])(?P<text>.*?)(?P=quote)""")
SENTENCE = re.compile(r"^[^\W\d_a-z][^\W\d_A-Z]+|[^\W\d_]{2,} [^\W\d_]{2,}")


def words(text: str) -> list[str]:
    """What needs a translation."""
    for sample in SAMPLES:
        text = text.replace(sample, "")
    return [word for word in WORD.findall(ADDRESS.sub("", text)) if word not in NAMES]


# --- Templates --------------------------------------------------------------------------------------------------------


def bare_in_html(template: str) -> list[str]:
    finder = BareTextFinder()
    finder.feed(without_tags(template))
    finder.close()
    return finder.found + bare_in_tags(template)


def bare_in_txt(template: str) -> list[str]:
    lines = enumerate(without_tags(template).splitlines(), start=1)
    return [f"line {number}: {line.strip()!r}" for number, line in lines if words(line)] + bare_in_tags(template)


def tokens(template: str) -> Iterator[tuple[Token, bool]]:
    """The template's tokens, and whether each stands where its text is translated or not shown."""
    end = ""
    for token in Lexer(template).tokenize():
        name, *rest = token.contents.split() if token.token_type == TokenType.BLOCK else [""]
        yield token, bool(end)
        if end == name:
            end = ""
        elif name == "block" and rest[0].endswith(MACHINE_BLOCKS):
            end = "endblock"
        else:
            end = end or BODY_IS_NO_TEXT.get(name, "")


def without_tags(template: str) -> str:
    """What is left of a template when its tags, variables and translated parts are gone, on the same lines."""
    kept = []
    for token, hidden in tokens(template):
        if token.token_type == TokenType.TEXT and not hidden:
            kept.append(token.contents)
        elif not kept or not kept[-1].endswith(("<", "</")):  # <{% if url %}a{% else %}span{% endif %}>
            kept.append(" " + "\n" * token.contents.count("\n"))
    return "".join(kept)


def bare_in_tags(template: str) -> list[str]:
    """Text in an argument, as in {% include … with title="Team" %}, in a fallback, or put together by pluralize."""
    found = []
    for token, hidden in tokens(template):
        if hidden or token.token_type not in {TokenType.BLOCK, TokenType.VAR}:
            continue
        name = token.contents.split(maxsplit=1)[0] if token.contents else ""
        given = [] if name in TRANSLATE else ARGUMENT.finditer(token.contents)
        texts = [match["text"] for match in given if match["name"] not in MACHINE_ARGUMENTS]
        texts += [match["text"] for match in FALLBACK.finditer(token.contents)]
        found += [f"line {token.lineno}: {text!r}" for text in texts if SENTENCE.search(text) and words(text)]
        if "|pluralize" in token.contents:
            found.append(f"line {token.lineno}: pluralize is English only, use {{% blocktranslate count … %}}")
    return found


class BareTextFinder(HTMLParser):
    """Collects text of two letters or more that people read; `translate="no"` marks what is a name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.machine: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        for name, value in attributes.items():
            if self.is_read(tag, name, attributes) and words(value):
                self.note(f"{name}={value!r}")
        inside = bool(self.machine) or tag in MACHINE_ELEMENTS or attributes.get("translate") == "no"
        if inside and tag not in VOID:
            self.machine.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.machine:
            while self.machine.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self.machine and words(data):
            self.note(repr(" ".join(data.split())))

    @staticmethod
    def is_read(tag: str, name: str, attributes: dict[str, str]) -> bool:
        if name == "content":
            return tag == "meta" and (attributes.get("name") or attributes.get("property")) in META
        if name == "value":
            return tag == "input" and attributes.get("type") in {"submit", "button", "reset"}
        return name in ATTRIBUTES or DATA_ATTRIBUTE.fullmatch(name) is not None

    def note(self, what: str) -> None:
        self.found.append(f"line {self.getpos()[0]}: {what}")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_has_no_bare_text(path: Path) -> None:
    find = bare_in_html if path.suffix == ".html" else bare_in_txt
    found = find(path.read_text(encoding="utf-8"))
    assert not found, "\n".join(["", *found, '→ {% translate "…" %}, or a name for NAMES in this file'])


# --- Python -----------------------------------------------------------------------------------------------------------

MESSAGE_FUNCTIONS = {"success": 1, "info": 1, "warning": 1, "error": 1, "debug": 1, "add_message": 2}
TEXT_KEYWORDS = {"label", "help_text", "empty_label", "verbose_name", "verbose_name_plural"}
CHOICES = {"TextChoices", "IntegerChoices"}


def bare_in_python(python: str) -> list[str]:
    """Literals given to where people read them."""
    literals = [literal for node in ast.walk(ast.parse(python)) for literal in read_literals(node)]
    return [f"line {literal.lineno}: {shown(literal)!r}" for literal in literals if words(shown(literal))]


def read_literals(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        yield from (value for value in read_arguments(node) if isinstance(value, ast.Constant | ast.JoinedStr))
    if isinstance(node, ast.ClassDef) and CHOICES & {name_of(base) for base in node.bases}:
        yield from choice_labels(node)


def read_arguments(call: ast.Call) -> Iterator[ast.expr]:
    name = name_of(call.func)
    if isinstance(call.func, ast.Attribute) and name_of(call.func.value) == "messages" and name in MESSAGE_FUNCTIONS:
        yield from call.args[MESSAGE_FUNCTIONS[name] :][:1]
    if name == "ValidationError":
        yield from call.args[:1]
    if name == "add_error":
        yield from call.args[1:2]
    for keyword in call.keywords:
        if keyword.arg in TEXT_KEYWORDS:
            yield keyword.value
        if keyword.arg == "error_messages" and isinstance(keyword.value, ast.Dict):
            yield from keyword.value.values


def choice_labels(choices: ast.ClassDef) -> Iterator[ast.expr]:
    for statement in choices.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Tuple):
            yield from (label for label in statement.value.elts[1:] if isinstance(label, ast.Constant))


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def shown(literal: ast.expr) -> str:
    """The letters of a literal; of an f-string those between its values."""
    parts = literal.values if isinstance(literal, ast.JoinedStr) else [literal]
    return " ".join(str(part.value) for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_python_has_no_bare_text(path: Path) -> None:
    found = bare_in_python(path.read_text(encoding="utf-8"))
    assert not found, "\n".join(["", *found, '→ _("…")'])


# --- The tests of the testers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "template",
    [
        "<p>Hello</p>",
        "{% if a %}<b>Hello</b>{% endif %}",
        "{% translate 'Fine' %} and more",
        '<a title="More">1</a>',
        '<img alt="A cat" src="{{ url }}">',
        '<button aria-label="Close {{ name }}"></button>',
        '<div data-text-offline="No connection"></div>',
        '<span data-tip="Copy"></span>',
        '<meta name="description" content="One desk">',
        '<input type="submit" value="Send">',
        "<title>Contacts · Botschaft</title>",
        '{% include "head.html" with title="Team" %}',
        '{% icon "eye" label="Show it" %}',
        '{{ name|default:"Nobody" }}',
        "{{ n }}{{ n|pluralize }}",
        "<p>Größe</p>",
    ],
)
def test_bare_text_in_a_page_is_found(template: str) -> None:
    assert len(bare_in_html(template)) == 1


@pytest.mark.parametrize(
    "template",
    [
        "<p>{% translate 'Hello' %}</p>",
        "<p>{% blocktranslate with name=p.name %}Hello {{ name }}{% endblocktranslate %}</p>",
        "{% blocktranslate count n=n %}One{% plural %}Many{% endblocktranslate %}",
        "{% comment %}How to use it{% endcomment %}{# or not #}",
        '<a class="button primary" href="/team/">{% translate "Team" %} · 12 &nbsp; →</a>',
        '<meta name="viewport" content="width=device-width">',
        "<script>const words = 1</script><code>curl -X POST</code>",
        '<span translate="no">Ada <b>Beispiel</b></span>',
        "WhatsApp, SMS · 5 MB",
        "<b>Paketladen Hansen</b> inga@hansen.example, https://hansen.botschaft.example/team/",
        "{% block page_class %}page-form{% endblock %}",
        '<{% if url %}a href="/team/"{% else %}span{% endif %} class="step">1</{% if url %}a{% else %}span{% endif %}>',
        '{% include "head.html" with title=_("Team") icon="users" class="wide row" %}',
        '{% if kind == "Team" %}{% endif %}{{ x|default:"form" }}',
    ],
)
def test_text_that_is_translated_or_no_text_is_not_found(template: str) -> None:
    assert not bare_in_html(template)


def test_the_line_of_bare_text_is_named() -> None:
    template = "<p>\n{% comment %}\n\n{% endcomment %}\n<b>Hello</b></p>"
    assert bare_in_html(template) == ["line 5: 'Hello'"]


def test_bare_text_in_a_mail_is_found_and_its_subject_too() -> None:
    mail = "Your invitation\n\n{% translate 'Hello' %}\n{{ link }}\nRegards,\n"
    assert bare_in_txt(mail) == ["line 1: 'Your invitation'", "line 5: 'Regards,'"]


@pytest.mark.parametrize(
    "python",
    [
        'messages.success(request, "Saved.")',
        'messages.add_message(request, INFO, f"Saved {name}.")',
        'forms.CharField(label="Name")',
        'forms.CharField(help_text="As on the invoice.")',
        'forms.CharField(error_messages={"required": "Say why."})',
        'raise ValidationError("Not a number")',
        'form.add_error("name", "Not a name")',
        'class State(models.TextChoices):\n    OPEN = "open", "Open"',
        'models.CharField(verbose_name="name")',
    ],
)
def test_bare_text_in_python_is_found(python: str) -> None:
    assert len(bare_in_python(python)) == 1


@pytest.mark.parametrize(
    "python",
    [
        'messages.success(request, _("Saved."))',
        'forms.CharField(label=_("Name"), help_text="")',
        "raise ValidationError(str(problem))",
        'raise ValidationError(_("No"), code="no_number")',
        'class State(models.TextChoices):\n    OPEN = "open", _("Open")',
        'models.ForeignKey(related_name="members")',
        'log.error("Not sent")',
    ],
)
def test_translated_or_machine_text_in_python_is_not_found(python: str) -> None:
    assert not bare_in_python(python)
