from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils.translation import get_language, gettext_lazy as _

from tenants.forms.fields import AddressNameField, CountryField, clean_person_name, clean_vat_id, email_input
from tenants.models import User
from tenants.services.sign_up import Wish

PASSWORD_HELP = _("At least 10 characters. A sentence is good.")


class SignUpForm(forms.Form):
    """What is needed to open a company."""

    company_name = forms.CharField(
        label=_("Company name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    address_name = AddressNameField(widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}))
    country = CountryField(initial="DE")
    vat_id = forms.CharField(
        label=_("VAT id"),
        required=False,
        max_length=20,
        help_text=_("With it, companies outside Germany get invoices without German VAT."),
    )
    person_name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(label=_("E-mail"), widget=email_input())
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=PASSWORD_HELP,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address_name"].help_text = _("Your space will be at name.%(host)s") % {"host": settings.BASE_HOST}

    def clean_company_name(self) -> str:
        return clean_person_name(self.cleaned_data["company_name"])

    def clean_person_name(self) -> str:
        return clean_person_name(self.cleaned_data["person_name"])

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "vat_id" in cleaned and cleaned.get("country"):
            try:
                cleaned["vat_id"] = clean_vat_id(cleaned["vat_id"], cleaned["country"])
            except forms.ValidationError as problem:
                self.add_error("vat_id", problem)
        self._check_password(cleaned)
        return cleaned

    def _check_password(self, cleaned: dict[str, Any]) -> None:
        if "password" not in cleaned:
            return
        person = User(email=cleaned.get("email", ""), name=cleaned.get("person_name", ""))
        try:
            password_validation.validate_password(cleaned["password"], person)
        except forms.ValidationError as problem:
            self.add_error("password", problem)

    def wish(self) -> Wish:
        return Wish(**self.cleaned_data, language=get_language() or "en")


class JoinForm(forms.Form):
    """An invited person without a sign-in makes one."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=PASSWORD_HELP,
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_name(self) -> str:
        return clean_person_name(self.cleaned_data["name"])

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, User(email=self.email, name=self.data.get("name", "")))
        return password
