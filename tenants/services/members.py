"""The people of a company: invite, accept, change roles, remove."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.lib.ids import new_token, token_hash
from tenants.models import Company, Invitation, Membership, Role, Session, User
from tenants.services import audit, limits, mail
from tenants.services.audit import Actor
from tenants.services.errors import LinkSpent, Refused

VALID_FOR = timedelta(days=7)


class LastAdmin(Refused):
    """A company must keep one admin."""


class AlreadyMember(Refused):
    """The person is in the company already."""


@transaction.atomic
def invite_member(company: Company, *, email: str, role: Role, actor: Actor) -> Invitation:
    """Offer a place by e-mail. AlreadyMember; a waiting invitation is renewed with a fresh link and this role."""
    email = email.strip().lower()
    if Membership.objects.filter(company=company, user__email=email).exists():
        raise AlreadyMember(_("%(email)s is a member already.") % {"email": email}, field="email")
    limits.take((f"invite:{company.schema_name}", limits.INVITE_COMPANY))
    token = new_token()
    fresh = {
        "role": role,
        "token_hash": token_hash(token),
        "invited_by": actor.user,
        "expires_at": timezone.now() + VALID_FOR,
    }
    invitation, created = Invitation.objects.update_or_create(
        company=company, email=email, accepted_at=None, withdrawn_at=None, defaults=fresh
    )
    _send_invitation(invitation, token, actor)
    audit.record(
        actor,
        "invitation.sent" if created else "invitation.renewed",
        company=company,
        target=email,
        after={"role": str(role)},
    )
    return invitation


def _send_invitation(invitation: Invitation, token: str, actor: Actor) -> None:
    company = invitation.company
    known = User.objects.filter(email=invitation.email).first()
    mail.queue_mail(
        "invitation",
        to=invitation.email,
        context={
            "invitation": invitation,
            "inviter": actor.user,
            "link": f"{company.url}{reverse('invitation', args=[token], urlconf=settings.ROOT_URLCONF)}",
        },
        language=known.language if known else company.language,
        company=company,
    )


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, actor: Actor) -> bool:
    """Make its link useless; False when it was accepted or withdrawn meanwhile."""
    changed = Invitation.objects.waiting().filter(pk=invitation.pk).update(withdrawn_at=timezone.now())
    if changed:
        audit.record(actor, "invitation.withdrawn", company=invitation.company, target=invitation.email)
    return bool(changed)


def find_invitation(company: Company, token: str) -> Invitation:
    """The invitation of this company behind a link; LinkSpent says in the reader's words why it does not open."""
    found = Invitation.objects.filter(company=company, token_hash=token_hash(token)).select_related("company").first()
    if found is None or found.withdrawn_at is not None:
        raise LinkSpent(_("This invitation is not valid any more. Ask the person who invited you for a new one."))
    if found.accepted_at is not None:
        raise LinkSpent(_("This invitation was accepted already. Sign in to go on."))
    if found.expires_at <= timezone.now():
        raise LinkSpent(_("This invitation has run out. Ask the person who invited you for a new one."))
    return found


@transaction.atomic
def accept_invitation(invitation: Invitation, *, user: User, ip: str | None = None) -> Membership:
    """Make `user` a member, once. LinkSpent when it was used meanwhile; Refused for another person's invitation."""
    if user.email != invitation.email:
        raise Refused(_("This invitation is for %(email)s.") % {"email": invitation.email})
    if not Invitation.objects.usable(timezone.now()).filter(pk=invitation.pk).update(accepted_at=timezone.now()):
        raise LinkSpent(_("This invitation was accepted already. Sign in to go on."))
    membership, created = Membership.objects.get_or_create(
        company=invitation.company, user=user, defaults={"role": invitation.role}
    )
    if created:
        audit.record(
            Actor(user=user, ip=ip),
            "member.joined",
            company=invitation.company,
            target=user.email,
            after={"role": invitation.role},
        )
    return membership


@transaction.atomic
def join_as_new_person(invitation: Invitation, *, name: str, password: str, language: str, ip: str | None) -> User:
    """Make the person an invitation is for, and their membership. Refused when they have a sign-in already."""
    try:
        with transaction.atomic():
            user = User.objects.create_user(invitation.email, password, name=name, language=language)
    except IntegrityError:
        raise Refused(_("You have a sign-in already. Sign in to accept.")) from None
    accept_invitation(invitation, user=user, ip=ip)
    return user


@transaction.atomic
def change_role(membership: Membership, role: Role, *, actor: Actor) -> Membership:
    """Give a member another role; LastAdmin keeps the company from being without one."""
    membership = _locked(membership)
    if membership.role == role:
        return membership
    if membership.role == Role.ADMIN:
        _assert_another_admin(membership)
    former, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    audit.record(
        actor,
        "member.role_changed",
        company=membership.company,
        target=membership.user.email,
        before={"role": former},
        after={"role": str(role)},
    )
    return membership


@transaction.atomic
def remove_member(membership: Membership, *, actor: Actor) -> None:
    """Take a person out of the company and end their sessions there; LastAdmin for the last one."""
    membership = _locked(membership)
    if membership.role == Role.ADMIN:
        _assert_another_admin(membership)
    Session.objects.filter(user=membership.user, company=membership.company).delete()
    audit.record(
        actor,
        "member.removed",
        company=membership.company,
        target=membership.user.email,
        before={"role": membership.role},
    )
    membership.delete()


def _locked(membership: Membership) -> Membership:
    """The row anew, with the company's row locked: two admins who demote each other wait in line."""
    Company.objects.select_for_update().only("pk").get(pk=membership.company_id)
    try:
        return Membership.objects.select_related("company", "user").get(pk=membership.pk)
    except Membership.DoesNotExist:
        raise Refused(_("This person is not a member any more.")) from None


def _assert_another_admin(membership: Membership) -> None:
    others = Membership.objects.filter(company=membership.company_id, role=Role.ADMIN).exclude(pk=membership.pk)
    if not others.exists():
        raise LastAdmin(_("A company needs an admin. Make somebody else an admin first."))
