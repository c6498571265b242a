"""A new company signs up: asked for, proved by e-mail, opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.lib.ids import new_token, token_hash
from tenants.models import Company, Membership, Role, SignUp, User
from tenants.services import audit, companies, mail
from tenants.services.audit import Actor
from tenants.services.errors import LinkSpent, Refused

VALID_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class Wish:
    """What the sign-up form asks for, already checked field by field."""

    company_name: str
    address_name: str
    country: str
    vat_id: str
    person_name: str
    email: str
    password: str
    language: str


@dataclass(frozen=True)
class Confirmed:
    """A proved sign-up; a person we knew before must sign in with what they have."""

    company: Company
    user: User
    is_new_person: bool


@transaction.atomic
def request_sign_up(wish: Wish) -> SignUp:
    """Hold the address name and send the link that proves the e-mail.

    The same wish sent twice (a double click) is one sign-up. Refused when the name is taken.
    Nothing tells whether the e-mail is known: its owner learns it from the mail.
    """
    now = timezone.now()
    SignUp.objects.filter(address_name=wish.address_name, confirmed_at=None, expires_at__lte=now).delete()
    mine = _waiting(wish)
    if mine is not None and mine.created_at > now - timedelta(minutes=1):
        return mine
    if not companies.address_name_is_free(wish.address_name, now=now, but_for=mine):
        # Another click has held it since we looked.
        if mine is None and (twin := _waiting(wish)):
            return twin
        raise Refused(_("This address name is taken. Choose another."), field="address_name")
    if mine is not None:
        mine.delete()
    return _hold(wish)


def _waiting(wish: Wish) -> SignUp | None:
    """The same person's for the same address name, not confirmed yet."""
    return SignUp.objects.filter(address_name=wish.address_name, email=wish.email, confirmed_at=None).first()


def _hold(wish: Wish) -> SignUp:
    token = new_token()
    try:
        with transaction.atomic():
            held = SignUp.objects.create(
                company_name=wish.company_name,
                address_name=wish.address_name,
                country=wish.country,
                vat_id=wish.vat_id,
                person_name=wish.person_name,
                email=wish.email,
                password_hash=make_password(wish.password),
                language=wish.language,
                token_hash=token_hash(token),
                expires_at=timezone.now() + VALID_FOR,
            )
    except IntegrityError:
        if twin := _waiting(wish):
            return twin
        raise Refused(_("This address name is taken. Choose another."), field="address_name") from None
    _send_link(held, token)
    return held


def resend(sign_up: SignUp) -> None:
    """Send a fresh link; the former one no longer opens."""
    token = new_token()
    changed = SignUp.objects.filter(pk=sign_up.pk, confirmed_at=None).update(
        token_hash=token_hash(token), expires_at=timezone.now() + VALID_FOR
    )
    if changed:
        _send_link(sign_up, token)


def _send_link(sign_up: SignUp, token: str) -> None:
    path = reverse("sign_up_confirm", args=[token], urlconf=settings.PUBLIC_URLCONF)
    link = f"{settings.SCHEME}://{settings.BASE_HOST}{path}"
    mail.queue_mail(
        "confirm_sign_up",
        to=sign_up.email,
        context={"sign_up": sign_up, "link": link, "known": User.objects.filter(email=sign_up.email).exists()},
        language=sign_up.language,
    )


def find(token: str) -> SignUp:
    """The waiting sign-up behind a link; LinkSpent for one that is used, too old, or was never ours."""
    found = SignUp.objects.filter(token_hash=token_hash(token)).select_related("company").first()
    if found is None or (found.confirmed_at is None and found.expires_at <= timezone.now()):
        raise LinkSpent(_("This link is too old or not complete. Sign up once more; nothing was lost."))
    if found.confirmed_at is not None:
        raise LinkSpent(_("This link was used already. Your company is open: sign in."))
    return found


@transaction.atomic
def confirm(token: str, *, ip: str | None = None) -> Confirmed:
    """Make the company and its first admin, to be opened. LinkSpent for a second use, Refused for a lost name."""
    sign_up = find(token)
    if not SignUp.objects.filter(pk=sign_up.pk, confirmed_at=None).update(confirmed_at=timezone.now()):
        raise LinkSpent(_("This link was used already. Your company is open: sign in."))
    company = companies.create_company(
        address_name=sign_up.address_name,
        name=sign_up.company_name,
        country=sign_up.country,
        vat_id=sign_up.vat_id,
        language=sign_up.language,
    )
    user, is_new_person = _first_admin(sign_up)
    Membership.objects.create(company=company, user=user, role=Role.ADMIN)
    SignUp.objects.filter(pk=sign_up.pk).update(company=company, password_hash="")
    audit.record(
        Actor(user=user, ip=ip),
        "company.signed_up",
        company=company,
        target=company.name,
        after={"address_name": sign_up.address_name, "country": sign_up.country},
    )
    return Confirmed(company, user, is_new_person)


def _first_admin(sign_up: SignUp) -> tuple[User, bool]:
    """The person who signed up; one we know keeps the password they have, for the form proved nothing of it."""
    known = User.objects.filter(email=sign_up.email).first()
    if known is not None:
        return known, False
    user = User.objects.create_user(sign_up.email, name=sign_up.person_name, language=sign_up.language)
    user.password = sign_up.password_hash
    user.save(update_fields=["password"])
    return user, True
