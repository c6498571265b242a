"""Pages of whoever is or wants to be signed in; on every host."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path, re_path

from tenants.views import person

urlpatterns = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/inactive/", account.account_inactive, name="account_inactive"),
    path("sign-in/second-factor/", mfa.authenticate, name="mfa_authenticate"),
    path("sign-in/again/", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/again/second-factor/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("sign-in/new-company/", person.sign_up_elsewhere, name="account_signup"),
    path("sign-out/", account.logout, name="account_logout"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("you/", person.profile, name="profile"),
    path("you/security/", person.security, name="security"),
    # allauth's name for where it leads after the second factor was turned on or off.
    path("you/security/", person.security, name="mfa_index"),
    path("you/security/password/", account.password_change, name="account_change_password"),
    path("you/security/second-factor/", totp.activate_totp, name="mfa_activate_totp"),
    path("you/security/second-factor/off/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("you/security/recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "you/security/recovery-codes/new/", recovery_codes.generate_recovery_codes, name="mfa_generate_recovery_codes"
    ),
    path(
        "you/security/recovery-codes/file/", recovery_codes.download_recovery_codes, name="mfa_download_recovery_codes"
    ),
    path("you/security/sessions/end/", person.end_other_sessions, name="end_other_sessions"),
    path("you/security/sessions/<str:public_id>/end/", person.end_session, name="end_session"),
    path("preferences/", person.preferences, name="preferences"),
]
