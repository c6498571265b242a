"""allauth's forms with our limits, taken before a password is hashed or a mail is sent."""

from __future__ import annotations

from typing import Any, cast

from allauth.account import forms as account_forms
from allauth.core import context
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy as _

from tenants.models import Company, Membership, User
from tenants.services import limits
from tenants.services.errors import TooManyAttempts
from tenants.services.limits import Limit


def take(*wanted: tuple[str, Limit]) -> None:
    """limits.take, as a form's error."""
    try:
        limits.take(*wanted)
    except TooManyAttempts as refusal:
        raise forms.ValidationError(str(refusal), code="too_many_attempts") from None


def _company(request: HttpRequest | None) -> Company | None:
    return getattr(request, "tenant", None)


def _where(request: HttpRequest | None) -> str:
    company = _company(request)
    return company.schema_name if company else "public"


class SignInForm(account_forms.LoginForm):
    """E-mail and password. Wrong e-mail and wrong password get the same answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label, password.label = _("E-mail"), _("Password")
        login.widget.attrs = {"autocomplete": "username", "autofocus": True}
        password.widget.attrs = {"autocomplete": "current-password"}
        password.help_text = ""

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return dict(self.cleaned_data)
        email, address = self.cleaned_data["login"].strip().lower(), getattr(self.request, "client_ip", "")
        user_key = f"sign-in:user:{email}"
        take(
            (user_key, limits.SIGN_IN_USER),
            (f"sign-in:ip:{address}", limits.SIGN_IN_ADDRESS),
            (f"sign-in:company:{_where(self.request)}", limits.SIGN_IN_COMPANY),
        )
        cleaned = cast(dict[str, Any], super().clean())
        limits.clear(user_key)
        self._assert_member()
        return cleaned

    def _assert_member(self) -> None:
        """Whoever proved who they are learns that this company is not theirs."""
        company = _company(self.request)
        if company and not Membership.objects.filter(company=company, user=self.user).exists():
            raise forms.ValidationError(
                gettext("You are not a member of %(company)s. Ask one of its admins to invite you.")
                % {"company": company.name},
                code="not_a_member",
            )


class ResetPasswordForm(account_forms.ResetPasswordForm):
    """Asks for a link. The answer is the same whether the e-mail is known or not."""

    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.fields["email"].widget.attrs = {"autocomplete": "username", "autofocus": True}

    def clean_email(self) -> str:
        request = context.request
        email = self.cleaned_data["email"].strip().lower()
        take(
            (f"reset:user:{email}", limits.RESET_USER),
            (f"reset:ip:{getattr(request, 'client_ip', '')}", limits.RESET_ADDRESS),
        )
        cleaned: str = super().clean_email()
        company = _company(request)
        if company is not None:
            members = set(Membership.objects.filter(company=company).values_list("user_id", flat=True))
            self.users = [user for user in self.users if user.pk in members]
        return cleaned


class NewPasswordMixin:
    """One field for the new password: it can be shown, so typing it twice proves nothing."""

    fields: dict[str, forms.Field]

    def _one_field(self, label: Any) -> None:
        self.fields.pop("password2", None)
        field = self.fields["password1"]
        field.label, field.help_text = label, _("At least 10 characters. A sentence is good.")
        field.widget.attrs = {"autocomplete": "new-password"}


class ResetPasswordKeyForm(NewPasswordMixin, account_forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._one_field(_("New password"))


class ChangePasswordForm(NewPasswordMixin, account_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._one_field(_("New password"))
        old = self.fields["oldpassword"]
        old.label, old.help_text = _("Current password"), ""
        old.widget.attrs = {"autocomplete": "current-password"}

    def clean_oldpassword(self) -> str:
        key = f"sign-in:user:{self.user.email}"
        take((key, limits.SIGN_IN_USER))
        cleaned: str = super().clean_oldpassword()
        limits.clear(key)
        return cleaned


class ReauthenticateForm(account_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Password")
        self.fields["password"].widget.attrs = {"autocomplete": "current-password", "autofocus": True}


class CodeLimitMixin:
    """Guesses of a code are counted by person; a million codes and six guesses do not meet."""

    user: User
    cleaned_data: dict[str, Any]
    fields: dict[str, forms.Field]

    def _prepare(self) -> None:
        field = self.fields["code"]
        field.label = _("Code")
        field.widget.attrs = {
            "class": "code-field",
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "autofocus": True,
        }

    def clean_code(self) -> str:
        key = f"two-factor:{self.user.pk}"
        take((key, limits.TWO_FACTOR))
        self.cleaned_data["code"] = "".join(self.cleaned_data["code"].split())
        code: str = super().clean_code()  # type: ignore[misc]
        limits.clear(key)
        return code


class TwoFactorForm(CodeLimitMixin, mfa_forms.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare()


class TwoFactorReauthenticateForm(CodeLimitMixin, mfa_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare()


class ActivateTwoFactorForm(CodeLimitMixin, ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare()
