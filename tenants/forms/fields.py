"""Fields that several forms share."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.utils.translation import get_language, gettext, gettext_lazy as _

from tenants.lib import countries
from tenants.lib.hosts import ADDRESS_NAME, MAX_ADDRESS_NAME, MIN_ADDRESS_NAME, RESERVED
from tenants.lib.text import plain_name
from tenants.lib.vat_ids import InvalidVatId, checked


class CountryField(forms.ChoiceField):
    """A country by ISO code, named and sorted in the reader's language."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Country"))
        super().__init__(choices=self._choices_now, **kwargs)

    @staticmethod
    def _choices_now() -> list[tuple[str, str]]:
        return list(countries.names(get_language() or "en").items())


class TimeZoneField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Time zone"))
        zones = sorted(
            zone
            for zone in available_timezones()
            if "/" in zone and not zone.startswith(("Etc/", "posix", "right", "SystemV"))
        )
        super().__init__(choices=[(zone, zone.replace("_", " ")) for zone in zones], **kwargs)


class AddressNameField(forms.CharField):
    """The name before the base host: letters a to z, digits and hyphens."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Address name"))
        super().__init__(max_length=MAX_ADDRESS_NAME, min_length=MIN_ADDRESS_NAME, **kwargs)
        self.validators = [
            MinLengthValidator(MIN_ADDRESS_NAME, _("At least 3 characters.")),
            MaxLengthValidator(MAX_ADDRESS_NAME, _("At most 40 characters.")),
        ]

    def clean(self, value: Any) -> str:
        name: str = super().clean(value)
        name = name.strip().lower()
        if not name.isascii():
            raise forms.ValidationError(_("Only a to z without accents, digits and hyphens, such as “hansen-versand”."))
        if not ADDRESS_NAME.match(name):
            raise forms.ValidationError(_("Only a to z, digits and hyphens, with a letter or digit at both ends."))
        if name.startswith("xn--"):
            raise forms.ValidationError(_("An address name cannot begin with “xn--”."))
        if name in RESERVED:
            raise forms.ValidationError(_("This address name is reserved. Choose another."))
        return name


VAT_REASONS = {
    "country": _("This VAT id belongs to another country."),
    "form": _("This is not the form of a VAT id of this country. Check length and letters."),
    "checksum": _("This VAT id has a typing mistake: its check digit does not fit."),
}


def clean_vat_id(vat_id: str, country: str) -> str:
    """The VAT id in compact form, '' for none; a form's error in the user's words."""
    if not vat_id.strip():
        return ""
    try:
        return checked(vat_id, country)
    except InvalidVatId as problem:
        raise forms.ValidationError(VAT_REASONS[problem.reason], code=f"vat_{problem.reason}") from None


def clean_person_name(name: str) -> str:
    """A name that cannot be made to look like another; a form's error when nothing of it is left."""
    plain = plain_name(name)
    if not plain:
        raise forms.ValidationError(gettext("Enter a name."))
    return plain


def email_input(autocomplete: str = "email") -> forms.EmailInput:
    return forms.EmailInput(attrs={"autocomplete": autocomplete})
