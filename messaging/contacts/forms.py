from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy as _

from messaging.contacts import services
from messaging.contacts.attributes.forms import fields_of, values_in
from messaging.contacts.models import Attribute, Contact
from tenants.lib.text import plain_name


class ContactForm(forms.ModelForm):
    """A contact with its telephone number, written in any form, and what the company keeps of its contacts."""

    phone_number = forms.CharField(
        label=_("Phone number"),
        required=False,
        max_length=40,
        help_text=_("With country code, such as +49 151 12345678, or as you dial it."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    field_order = ("name", "phone_number", "language", "note")

    class Meta:
        model = Contact
        fields = ("name", "language", "note")
        widgets = {"note": forms.Textarea(attrs={"rows": 4}), "name": forms.TextInput(attrs={"autocomplete": "off"})}

    def __init__(self, *args: Any, country: str, attributes: Iterable[Attribute] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country
        self.fields.update(fields_of(attributes, self.instance.attributes))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        attributes = values_in(cleaned)
        return {**cleaned, "attributes": attributes}

    def clean_name(self) -> str:
        plain = plain_name(self.cleaned_data["name"])
        if not plain:
            raise forms.ValidationError(gettext("Enter a name."))
        return plain

    def clean_phone_number(self) -> str:
        written = str(self.cleaned_data["phone_number"]).strip()
        if not written:
            return ""
        try:
            return services.e164(written, country=self.country)
        except services.InvalidNumber:
            raise forms.ValidationError(
                gettext("This is not a telephone number. Write it with its country code, such as +49 151 12345678.")
            ) from None
