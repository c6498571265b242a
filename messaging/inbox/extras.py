"""Messages with more than words, as small forms: buttons, a list, a link, a place, a contact card.

What a channel takes is asked of its table and its checks; what they find wrong stands at the field it came from.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messaging.channels.base import Address, MessageType, OutboundMessage
from messaging.channels.capabilities import Capabilities, capabilities_of
from messaging.channels.checks import Problem, check_outbound
from tenants.lib.text import plain_name

ROWS = 10
PHONE = re.compile(r"\+[0-9 ()/.-]+")


class ContentForm(forms.Form):
    """A message of one type. `places` leads from a path in the content to the field it was written in."""

    type: MessageType
    # Hidden, and the same for each: what the author's page shows, the message they quote, the browser's key.
    client_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=16, required=False, widget=forms.HiddenInput)
    quote = forms.CharField(max_length=16, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.can = capabilities_of(kind)
        self.places: dict[str, str] = {}
        for name, most in self.limits(self.can):
            self.fields[name].widget.attrs["maxlength"] = most

    def limits(self, can: Capabilities) -> Iterator[tuple[str, int]]:
        """How long each field may be on this channel."""
        yield from ()

    def content(self) -> dict[str, Any]:
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            outbound = OutboundMessage("", Address(phone="+1"), self.type, self.content())
            self.show(check_outbound(self.kind, outbound))
        return self.cleaned_data

    def show(self, problems: list[Problem]) -> None:
        """Each problem at its field, or on top when it belongs to none."""
        for problem in problems:
            field = self.places.get(problem.field, problem.field)
            self.add_error(field if field in self.fields else None, str(problem.text))

    def said(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "").strip().replace("\r\n", "\n")


def words(label: Any, *, rows: int = 0, required: bool = True, **attrs: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, **attrs}) if rows else forms.TextInput(attrs=attrs)
    return forms.CharField(
        label=label, required=required, widget=widget, error_messages={"required": _("This must not be empty.")}
    )


class ButtonsForm(ContentForm):
    type = MessageType.BUTTONS
    body = words(_("Question"), rows=2)
    button_0 = words(_("First button"))
    button_1 = words(_("Second button"), required=False)
    button_2 = words(_("Third button"), required=False)
    footer = words(_("Small print"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert self.can.buttons
        for number in range(self.can.buttons.most, 3):
            del self.fields[f"button_{number}"]

    def limits(self, can: Capabilities) -> Iterator[tuple[str, int]]:
        assert can.buttons
        yield from (("body", can.buttons.body), ("footer", can.footer))
        yield from ((f"button_{number}", can.buttons.title) for number in range(3))

    def content(self) -> dict[str, Any]:
        fields = [name for name in self.fields if name.startswith("button_") and self.said(name)]
        self.places = {f"buttons.{number}.title": name for number, name in enumerate(fields)}
        buttons = [{"id": _new_id(), "title": self.said(name)} for name in fields]
        return _with(self, "footer", body=self.said("body"), buttons=buttons)


class ListForm(ContentForm):
    """Up to ten entries in one section."""

    type = MessageType.LIST
    body = words(_("Question"), rows=2)
    button = words(_("What opens the list"))
    heading = words(_("Heading of the list"), required=False)
    footer = words(_("Small print"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert self.can.lists
        for number in range(min(ROWS, self.can.lists.rows)):
            longest, longer = self.can.lists.row_title, self.can.lists.row_description
            self.fields[f"title_{number}"] = words(_("Entry"), required=False, maxlength=longest)
            self.fields[f"description_{number}"] = words(_("Explanation"), required=False, maxlength=longer)

    def limits(self, can: Capabilities) -> Iterator[tuple[str, int]]:
        assert can.lists
        yield from (("body", can.lists.body), ("button", can.lists.button), ("heading", can.lists.section_title))
        yield "footer", can.footer

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        numbers = [name.removeprefix("title_") for name in self.fields if name.startswith("title_")]
        return [(self[f"title_{number}"], self[f"description_{number}"]) for number in numbers]

    def content(self) -> dict[str, Any]:
        numbers = [number for number in range(len(self.rows)) if self._is_written(number)]
        self.places = {"sections": "title_0", "sections.0.rows": "title_0", "sections.0.title": "heading"}
        for place, number in enumerate(numbers):
            self.places[f"sections.0.rows.{place}.title"] = f"title_{number}"
            self.places[f"sections.0.rows.{place}.description"] = f"description_{number}"
        rows = [self._row(number) for number in numbers]
        section = {"rows": rows} | ({"title": self.said("heading")} if self.said("heading") else {})
        return _with(
            self,
            "footer",
            body=self.said("body"),
            button=self.said("button"),
            sections=[section] if rows else [],
        )

    def _is_written(self, number: int) -> bool:
        return bool(self.said(f"title_{number}") or self.said(f"description_{number}"))

    def _row(self, number: int) -> dict[str, str]:
        row = {"id": _new_id(), "title": self.said(f"title_{number}")}
        described = self.said(f"description_{number}")
        return row | ({"description": described} if described else {})


class LinkForm(ContentForm):
    type = MessageType.LINK
    body = words(_("Text"), rows=2)
    title = words(_("Button"))
    url = words(_("Address it opens"), inputmode="url", placeholder="https://")
    footer = words(_("Small print"), required=False)

    def limits(self, can: Capabilities) -> Iterator[tuple[str, int]]:
        assert can.links
        yield from (("body", can.links.body), ("title", can.links.title), ("url", can.links.url))
        yield "footer", can.footer

    def content(self) -> dict[str, Any]:
        said = {name: self.said(name) for name in ("body", "title", "url")}
        return _with(self, "footer", **said)


class LocationForm(ContentForm):
    type = MessageType.LOCATION
    name = words(_("Name of the place"), required=False, maxlength=200)
    address = words(_("Address"), required=False, maxlength=400)
    latitude = words(_("Latitude"), inputmode="decimal", placeholder="53.5511", maxlength=12)
    longitude = words(_("Longitude"), inputmode="decimal", placeholder="9.9937", maxlength=12)

    def content(self) -> dict[str, Any]:
        # A German writes a comma.
        place = {name: self.said(name).replace(",", ".") for name in ("latitude", "longitude")}
        numbers = {name: float(said) if _is_decimal(said) else said for name, said in place.items()}
        return _with(self, "name", "address", **numbers)


class ContactForm(ContentForm):
    type = MessageType.CONTACTS
    first_name = words(_("First name"), maxlength=80)
    last_name = words(_("Last name"), required=False, maxlength=80)
    phone = words(_("Phone number"), inputmode="tel", placeholder="+49 40 1234567", maxlength=40)
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=200)
    company = words(_("Company"), required=False, maxlength=120)

    def clean_phone(self) -> str:
        said = self.said("phone")
        if (
            not said.startswith("+")
            or sum(sign.isdecimal() for sign in said) < 6
            or set(said) - set("+0123456789 -/().")
        ):
            raise forms.ValidationError(_("Write the number with its country code, such as +49 40 1234567."))
        return said

    def content(self) -> dict[str, Any]:
        first, last = plain_name(self.said("first_name")), plain_name(self.said("last_name"))
        name = {"formatted_name": f"{first} {last}".strip(), "first_name": first}
        card: dict[str, Any] = {"name": name | ({"last_name": last} if last else {})}
        card["phones"] = [{"phone": self.said("phone"), "type": "WORK"}]
        if email := self.said("email"):
            card["emails"] = [{"email": email, "type": "WORK"}]
        if company := plain_name(self.said("company")):
            card["org"] = {"company": company}
        self.places = {"contacts": "first_name", "contacts.0.name": "first_name"}
        return {"contacts": [card]}


class LocationRequestForm(ContentForm):
    type = MessageType.LOCATION_REQUEST
    body = words(_("Question"), rows=2)

    def limits(self, can: Capabilities) -> Iterator[tuple[str, int]]:
        yield "body", can.buttons.body if can.buttons else can.text

    def content(self) -> dict[str, Any]:
        return {"body": self.said("body")}


@dataclass(frozen=True)
class Extra:
    """One entry of the composer's menu."""

    key: str
    form: type[ContentForm]
    label: Promise
    icon: str
    submit: Promise

    @property
    def template(self) -> str:
        return f"inbox/extras/_{self.key}.html"


EXTRAS = {
    extra.key: extra
    for extra in (
        Extra("buttons", ButtonsForm, _("Question with buttons"), "list-checks", _("Send the question")),
        Extra("list", ListForm, _("Question with a list"), "list", _("Send the list")),
        Extra("link", LinkForm, _("Button with a link"), "link", _("Send the link")),
        Extra("location", LocationForm, _("A place"), "map-pin", _("Send the place")),
        Extra("contact", ContactForm, _("Contact card"), "contact", _("Send the card")),
        Extra("ask", LocationRequestForm, _("Ask where somebody is"), "route", _("Send the question")),
    )
}


def offered(kind: str) -> list[Extra]:
    """What this kind of channel can send beyond words."""
    sends = capabilities_of(kind).sends
    return [extra for extra in EXTRAS.values() if extra.form.type in sends]


def _with(form: ContentForm, *optional: str, **fields: Any) -> dict[str, Any]:
    """The content, with those optional fields in which something was written."""
    return fields | {name: form.said(name) for name in optional if form.said(name)}


def _new_id() -> str:
    """What comes back when it is chosen; two messages never share one."""
    return secrets.token_hex(6)


def _is_decimal(said: str) -> bool:
    try:
        float(said)
    except ValueError:
        return False
    return said.replace(".", "").replace("-", "").isdecimal()
