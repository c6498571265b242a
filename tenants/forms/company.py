from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tenants.forms.fields import (
    AddressNameField,
    CountryField,
    TimeZoneField,
    clean_person_name,
    clean_vat_id,
    email_input,
)
from tenants.models import Company, Role, Theme, User


class CompanyDetailsForm(forms.Form):
    """What a company admin may change about the company."""

    name = forms.CharField(label=_("Company name"), max_length=120)
    country = CountryField()
    vat_id = forms.CharField(label=_("VAT id"), required=False, max_length=20)
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("For invitations and mail to people we do not know yet."),
    )
    time_zone = TimeZoneField()

    @classmethod
    def of(cls, company: Company) -> CompanyDetailsForm:
        return cls(initial={name: getattr(company, name) for name in cls.base_fields})

    def clean_name(self) -> str:
        return clean_person_name(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "vat_id" in cleaned and cleaned.get("country"):
            try:
                cleaned["vat_id"] = clean_vat_id(cleaned["vat_id"], cleaned["country"])
            except forms.ValidationError as problem:
                self.add_error("vat_id", problem)
        return cleaned


class AddressNameForm(forms.Form):
    address_name = AddressNameField(
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("The former address keeps leading here, so links stay good."),
    )


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), widget=email_input("off"))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.AGENT, widget=forms.RadioSelect)

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, widget=forms.RadioSelect)

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What a person may change about themselves."""

    time_zone = TimeZoneField()
    theme = forms.ChoiceField(label=_("Appearance"), choices=Theme.choices, widget=forms.RadioSelect)

    class Meta:
        model = User
        fields = ("name", "language", "time_zone", "theme")

    def clean_name(self) -> str:
        return clean_person_name(self.cleaned_data["name"])
