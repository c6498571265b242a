from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy as _

from messaging.contacts.attributes.values import LONGEST_VALUE, value_of
from messaging.contacts.models import Attribute, AttributeKind

PREFIX = "attribute_"


class AttributeForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Such as “Customer number”, “Birthday” or “City”."),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=AttributeKind.choices,
        initial=AttributeKind.TEXT,
        widget=forms.RadioSelect(attrs={"class": "cards"}),
        help_text=_("Numbers and dates can be compared, such as “before 1 May”. The kind cannot be changed later."),
    )


class AttributeNameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))


def fields_of(attributes: Iterable[Attribute], values: Mapping[str, str]) -> dict[str, forms.Field]:
    """A field for each attribute, by the name it has in a contact's form."""
    return {PREFIX + one.key: _field(one, values.get(one.key, "")) for one in attributes}


def _field(attribute: Attribute, value: str) -> forms.Field:
    common: dict[str, Any] = {"label": attribute.name, "required": False, "initial": value}
    if attribute.kind == AttributeKind.DATE:
        return forms.DateField(
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            error_messages={"invalid": _("This is no date: write it as 2026-11-25.")},
            **common,
        )
    inputmode = "decimal" if attribute.kind == AttributeKind.NUMBER else "text"
    widget = forms.TextInput(attrs={"inputmode": inputmode, "autocomplete": "off"})
    field = _NumberField if attribute.kind == AttributeKind.NUMBER else forms.CharField
    return field(max_length=LONGEST_VALUE, widget=widget, **common)


class _NumberField(forms.CharField):
    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if not text:
            return ""
        number = value_of(text, AttributeKind.NUMBER)
        if number is None:
            raise forms.ValidationError(gettext("This is no number: write it as 1234.5 or 1.234,5."))
        return number


def values_in(cleaned: dict[str, Any]) -> dict[str, str]:
    """The attributes of a filled form by key, taken out of `cleaned`; an empty text where there is no value."""
    names = [name for name in cleaned if name.startswith(PREFIX)]
    found = {name.removeprefix(PREFIX): cleaned.pop(name) for name in names}
    return {key: _kept(value) for key, value in found.items()}


def _kept(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else " ".join(str(value or "").split())
