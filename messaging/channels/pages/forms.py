from __future__ import annotations

import re
import secrets
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy as _

from messaging.contacts.services import InvalidNumber, e164
from messaging.message_templates.models import MessageTemplate
from tenants.lib.text import plain_name

DIGITS = re.compile(r"[0-9]{5,32}", re.ASCII)
# What a header can carry: a token with anything else in it was not copied right.
VISIBLE = re.compile(r"[!-~]+", re.ASCII)
SECRET = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


def new_verify_token() -> str:
    return secrets.token_urlsafe(18)


class SecretField(forms.CharField):
    """Copied from elsewhere: white space around and inside goes; it is never shown again after a refusal."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.PasswordInput(attrs=SECRET), strip=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        return "".join(str(value or "").split())

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not VISIBLE.fullmatch(value):
            raise forms.ValidationError(gettext("This holds signs that no such key has. Copy it again, as a whole."))


class IdField(forms.CharField):
    """An id of Meta's: digits, however they were copied."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}
        super().__init__(widget=forms.TextInput(attrs=attrs), max_length=64, **kwargs)

    def clean(self, value: Any) -> Any:
        found = "".join(str(super().clean(value)).split())
        if found and not DIGITS.fullmatch(found):
            raise forms.ValidationError(gettext("This id is made of digits only."))
        return found


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("What your colleagues call this number, such as “Support” or “Shop Altona”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        plain = plain_name(self.cleaned_data["name"])
        if not plain:
            raise forms.ValidationError(gettext("Enter a name."))
        return plain


class SecretsForm(forms.Form):
    """The three secrets of a number. What is left empty stays, where `may_stay` says so."""

    token = SecretField(
        label=_("Access token"),
        max_length=1000,
        help_text=_("Of a system user, without an end date. Meta: Business settings, System users."),
    )
    app_secret = SecretField(
        label=_("App secret"),
        max_length=200,
        help_text=_("Proves that webhooks come from Meta. Meta: your app, App settings, Basic."),
    )
    verify_token = forms.CharField(
        label=_("Verify token"),
        max_length=100,
        min_length=8,
        help_text=_("A word of your own that Meta repeats when it looks at our address. You may keep this one."),
        widget=forms.TextInput(attrs=SECRET),
    )

    def clean_verify_token(self) -> str:
        word = str(self.cleaned_data["verify_token"])
        if word and not VISIBLE.fullmatch(word):
            raise forms.ValidationError(gettext("Use letters and digits without spaces."))
        return word


class ConnectForm(NameForm, SecretsForm):
    external_id = IdField(
        label=_("Phone number ID"),
        help_text=_("Not the number itself. Meta: your app, WhatsApp, API Setup."),
    )
    account_external_id = IdField(
        label=_("WhatsApp Business account ID"),
        help_text=_("On the same page, below the phone number ID."),
    )
    reports_here = forms.BooleanField(
        label=_("Let Meta report to us at once: messages that come in, and what became of those that went out"),
        required=False,
        initial=True,
    )
    field_order = (
        "name",
        "external_id",
        "account_external_id",
        "token",
        "app_secret",
        "verify_token",
        "reports_here",
    )


class RenewForm(SecretsForm):
    """New secrets for the same number; app secret and verify token may stay as they are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("app_secret", "verify_token"):
            self.fields[name].required = False
            self.fields[name].help_text = _("Leave it empty to keep the one that is stored.")


class ConfirmForm(forms.Form):
    """The name of what is about to end, typed by hand."""

    typed = forms.CharField(max_length=80, widget=forms.TextInput(attrs=SECRET))

    def __init__(self, *args: Any, word: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word = word
        self.fields["typed"].label = gettext("Type “%(typed)s” to confirm") % {"typed": word}

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"])
        if typed != self.word:
            raise forms.ValidationError(gettext("This is not the name of the number."))
        return typed


class TemplateField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, template: Any) -> str:
        return f"{template.name} · {template.language}"


class TestForm(forms.Form):
    """A message to a telephone of one's own."""

    phone_number = forms.CharField(
        label=_("Your telephone"),
        max_length=40,
        help_text=_("With WhatsApp on it. With country code, such as +49 151 12345678, or as you dial it."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )
    template = TemplateField(
        label=_("What to send"),
        required=False,
        empty_label=_("The text below, as an answer within 24 hours"),
        queryset=MessageTemplate.objects.none(),
        to_field_name="public_id",
    )
    text = forms.CharField(
        label=_("Text"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only where this telephone wrote to the number in the last 24 hours. Else choose a template."),
    )
    client_key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, country: str, templates: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country
        self.fields["template"].queryset = templates  # type: ignore[attr-defined]

    def clean_phone_number(self) -> str:
        try:
            return e164(str(self.cleaned_data["phone_number"]), country=self.country)
        except InvalidNumber:
            raise forms.ValidationError(
                gettext("This is not a telephone number. Write it with its country code, such as +49 151 12345678.")
            ) from None

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not found.get("template") and not str(found.get("text", "")).strip():
            self.add_error("text", gettext("Write a text, or choose a template."))
        return found
