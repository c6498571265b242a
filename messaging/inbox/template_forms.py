"""A template filled in by an agent: one field for each value it wants."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import escape
from django.utils.translation import gettext, gettext_lazy as _

from messaging.channels.base import Address, MessageType, OutboundMessage
from messaging.channels.checks import check_outbound
from messaging.contacts.models import Contact
from messaging.message_templates import filling
from messaging.message_templates.filling import Place
from messaging.message_templates.models import MessageTemplate

# What variables are called that hold a contact's name.
FIRST_NAMES = {"first_name", "firstname", "given_name", "vorname"}
LAST_NAMES = {"last_name", "lastname", "surname", "family_name", "nachname"}
FULL_NAMES = {"name", "full_name", "fullname", "customer", "customer_name", "contact_name", "kunde", "kundenname"}
MODES = {"link": "url", "url": "text", "number": "decimal"}


class TemplateForm(forms.Form):
    client_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=16, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, template: MessageTemplate, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.template, self.kind = template, kind
        for place in filling.places(template):
            attrs = {"inputmode": MODES.get(place.kind, "text"), "autocomplete": "off"}
            if place.kind == "link":
                attrs["placeholder"] = "https://"
            self.fields[place.path] = forms.CharField(
                label=str(place.label),
                help_text=_help(place),
                widget=forms.TextInput(attrs=attrs),
                error_messages={"required": _("This must not be empty.")},
            )

    @property
    def values(self) -> dict[str, str]:
        """What is filled in so far, right or wrong."""
        given = self.data if self.is_bound else self.initial
        return {place.path: str(given.get(place.path, "")).strip() for place in filling.places(self.template)}

    def clean(self) -> dict[str, Any]:
        content = filling.content_for(self.template, self.values)
        outbound = OutboundMessage("", Address(phone="+1"), MessageType.TEMPLATE, content)
        for problem in [*filling.problems(self.template, self.values), *check_outbound(self.kind, outbound)]:
            field = problem.field if problem.field in self.fields else None
            if field is None or field not in self.errors:
                self.add_error(field, str(problem.text))
        return self.cleaned_data


def _help(place: Place) -> str:
    """In markup's stead: the example is the provider's text, and a help text is shown as it is."""
    if place.kind == "link":
        return gettext("The file is fetched from there when the message is sent.")
    return escape(gettext("For example: %(example)s") % {"example": place.example}) if place.example else ""


def prefilled(template: MessageTemplate, contact: Contact) -> dict[str, str]:
    """What a variable's own name says: the contact's name, or a part of it."""
    first, _space, rest = contact.name.partition(" ")
    known = (
        dict.fromkeys(FIRST_NAMES, first) | dict.fromkeys(LAST_NAMES, rest) | dict.fromkeys(FULL_NAMES, contact.name)
    )
    return {place.path: known[place.name.lower()] for place in filling.places(template) if place.name.lower() in known}
