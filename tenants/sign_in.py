"""How allauth's sign-in fits this house: one shared person, limits before hashing, mail through our own outbox."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.forms import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tenants.lib.database import database
from tenants.models import Session, User
from tenants.services import audit, keys, limits, mail
from tenants.services.audit import Actor
from tenants.services.errors import TooManyAttempts

# What a person is told by mail when it happened to their sign-in, by allauth's name for it.
NOTICES = {
    "account/email/password_changed": _("Your password was changed."),
    "account/email/password_reset": _("Your password was set anew."),
    "account/email/password_set": _("A password was set for your sign-in."),
    "mfa/email/totp_activated": _("Two-factor sign-in was turned on."),
    "mfa/email/totp_deactivated": _("Two-factor sign-in was turned off."),
    "mfa/email/recovery_codes_generated": _("New recovery codes were made; the former ones no longer work."),
}


class EmailBackend(BaseBackend):
    """Sign-in by e-mail and password; an unknown e-mail costs the same time as a wrong password."""

    def authenticate(
        self, request: HttpRequest | None, email: str | None = None, password: str | None = None, **_other: Any
    ) -> User | None:
        if email is None or password is None:
            return None
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()


class CompanyTokenGenerator(PasswordResetTokenGenerator):
    """Password links that open only on the host of the company they were asked for on."""

    @property
    def key_salt(self) -> str:  # type: ignore[override]
        return f"botschaft.password-reset:{database.schema_name}"


class AccountAdapter(DefaultAccountAdapter):
    """allauth's account flows, with our limits, our mail, our audit log and our words."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("E-mail or password is wrong."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_password": _("This is not your password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False  # companies sign up on the public site, people are invited

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing: the forms have taken the limits before."""

    def reauthenticate(self, user: User, password: str) -> bool:
        key = f"sign-in:user:{user.email}"
        try:
            limits.take((key, limits.SIGN_IN_USER))
        except TooManyAttempts as refusal:
            raise ValidationError(str(refusal)) from None
        right = user.check_password(password)
        if right:
            limits.clear(key)
        return right

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        # Whoever has just proved who they are is not asked once more within ACCOUNT_REAUTHENTICATION_TIMEOUT.
        proofs = get_authentication_records(request, user)
        request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [{**proof, "reauthenticated": True} for proof in proofs]
        audit.record(_actor(request, user), "person.signed_in", company=_company(request), target=user.email)

    def set_password(self, user: User, password: str) -> None:
        super().set_password(user, password)
        audit.record(_actor(self.request, user), "person.password_changed", target=user.email)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if _company(request) is not None:
            return reverse("home")
        user = request.user
        return reverse(
            "staff_companies" if isinstance(user, User) and user.is_staff else "companies",
            urlconf=settings.PUBLIC_URLCONF,
        )

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("security")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        user = context.get("user")
        language = user.language if isinstance(user, User) else "en"
        if template_prefix == "account/email/password_reset_key":
            fitting = {"person": user, "link": context["password_reset_url"]}
            mail.queue_mail("password_reset", to=email, context=fitting, language=language)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        notice = NOTICES.get(template_prefix)
        if notice is None:
            return
        audit.record(_actor(self.request, user), f"person.{template_prefix.rpartition('/')[2]}", target=user.email)
        _end_other_sessions(self.request, user)
        mail.queue_mail(
            "security_notice",
            to=user.email,
            context={"person": user, "notice": notice, "ip": getattr(self.request, "client_ip", "")},
            language=user.language,
        )


class TwoFactorAdapter(DefaultMFAAdapter):
    """Second factors at rest under the master key; staff cannot do without one."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is wrong or was used already. Enter the one your app shows now."),
        "cannot_delete_authenticator": _("Staff cannot turn their second factor off."),
    }

    def encrypt(self, text: str) -> str:
        return keys.encrypt_for_platform(text)

    def decrypt(self, encrypted_text: str) -> str:
        return keys.decrypt_for_platform(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not authenticator.user.is_staff


def _company(request: HttpRequest) -> Any:
    return getattr(request, "tenant", None)


def _actor(request: HttpRequest, user: User) -> Actor:
    return Actor(user=user, ip=getattr(request, "client_ip", None))


def _end_other_sessions(request: HttpRequest, user: User) -> None:
    """Whoever got in before a change of the sign-in is out after it."""
    Session.objects.filter(user=user).exclude(session_key=request.session.session_key).delete()
