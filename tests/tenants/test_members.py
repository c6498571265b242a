"""The people of a company: invited, accepted, changed, removed; an admin always stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tenants.models import AuditEntry, Company, Invitation, Mail, Membership, Role, Session, User
from tenants.services import members
from tenants.services.audit import Actor
from tenants.services.errors import LinkSpent, Refused
from tests.conftest import Browser

NEW = "neu@example.org"


def token_in(mail: Mail) -> str:
    found = re.search(r"/invitation/([\w-]+)/", mail.text)
    assert found
    return found[1]


def invite(company: Company, admin: User, email: str = NEW, role: Role = Role.AGENT) -> str:
    members.invite_member(company, email=email, role=role, actor=Actor(user=admin))
    return token_in(Mail.objects.latest("pk"))


def join(company: Company, token: str) -> User:
    found = members.find_invitation(company, token)
    return members.join_as_new_person(found, name="Neu", password="ein langer Satz", language="de", ip=None)


def member(company: Company, user: User) -> Membership:
    return Membership.objects.get(company=company, user=user)


def test_an_invited_person_joins_with_the_offered_role(acme: Company, admin: User) -> None:
    assert member(acme, join(acme, invite(acme, admin))).role == Role.AGENT


def test_a_member_is_not_invited_again(acme: Company, admin: User, agent: User) -> None:
    with pytest.raises(members.AlreadyMember, match="member already"):
        invite(acme, admin, agent.email.upper())


def test_a_second_invitation_renews_the_first_and_its_link(acme: Company, admin: User) -> None:
    first = invite(acme, admin)
    second = invite(acme, admin, role=Role.ADMIN)
    assert Invitation.objects.count() == 1
    assert members.find_invitation(acme, second).role == Role.ADMIN
    with pytest.raises(LinkSpent):
        members.find_invitation(acme, first)


def test_an_invitation_opens_only_at_its_own_company(acme: Company, globex: Company, admin: User) -> None:
    with pytest.raises(LinkSpent):
        members.find_invitation(globex, invite(acme, admin))


def test_an_invitation_is_accepted_once(acme: Company, admin: User) -> None:
    token = invite(acme, admin)
    join(acme, token)
    with pytest.raises(LinkSpent, match="accepted already"):
        members.find_invitation(acme, token)


def test_a_run_out_invitation_does_not_open(acme: Company, admin: User) -> None:
    token = invite(acme, admin)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(LinkSpent, match="run out"):
        members.find_invitation(acme, token)


def test_a_withdrawn_invitation_does_not_open(acme: Company, admin: User) -> None:
    token = invite(acme, admin)
    members.withdraw_invitation(Invitation.objects.get(), actor=Actor(user=admin))
    with pytest.raises(LinkSpent):
        members.find_invitation(acme, token)


def test_an_invitation_is_for_its_own_person(acme: Company, admin: User, outsider: User) -> None:
    found = members.find_invitation(acme, invite(acme, admin))
    with pytest.raises(Refused, match=NEW):
        members.accept_invitation(found, user=outsider)


def test_a_person_with_a_sign_in_cannot_be_made_anew(acme: Company, admin: User, outsider: User) -> None:
    with pytest.raises(Refused, match="sign-in already"):
        join(acme, invite(acme, admin, outsider.email))


def test_the_last_admin_cannot_be_removed(acme: Company, admin: User) -> None:
    with pytest.raises(members.LastAdmin):
        members.remove_member(member(acme, admin), actor=Actor(user=admin))


def test_the_last_admin_cannot_become_an_agent(acme: Company, admin: User) -> None:
    with pytest.raises(members.LastAdmin):
        members.change_role(member(acme, admin), Role.AGENT, actor=Actor(user=admin))


def test_with_a_second_admin_the_first_may_go(acme: Company, admin: User, agent: User) -> None:
    members.change_role(member(acme, agent), Role.ADMIN, actor=Actor(user=admin))
    members.remove_member(member(acme, admin), actor=Actor(user=admin))
    assert not Membership.objects.filter(company=acme, user=admin).exists()


def test_two_admins_who_remove_each_other_at_once_leave_one(committed: object) -> None:
    company = Company.objects.get(name="Acme Versand")
    second = User.objects.create_user("second@example.org", name="Second")
    Membership.objects.create(company=company, user=second, role=Role.ADMIN)
    admins = list(Membership.objects.filter(company=company, role=Role.ADMIN))

    def remove(membership: Membership) -> bool:
        try:
            members.remove_member(membership, actor=Actor())
            return True
        except Refused:
            return False
        finally:
            connection.close()

    try:
        with ThreadPoolExecutor(2) as pool:
            assert sum(pool.map(remove, admins)) == 1
        assert Membership.objects.filter(company=company, role=Role.ADMIN).count() == 1
    finally:
        for membership in admins:
            if membership.user_id != second.pk:
                Membership.objects.get_or_create(company=company, user=membership.user, defaults={"role": Role.ADMIN})


def test_a_removed_member_is_signed_out_there_and_only_there(
    acme: Company, globex: Company, admin: User, agent: User, at: Callable[..., Browser]
) -> None:
    Membership.objects.create(company=globex, user=agent, role=Role.AGENT)
    here, there = at(acme, agent), at(globex, agent)
    members.remove_member(member(acme, agent), actor=Actor(user=admin))
    assert here.get("/team/").status_code == 302
    assert there.get("/team/").status_code == 200


def test_a_role_change_is_logged_with_before_and_after(acme: Company, admin: User, agent: User) -> None:
    members.change_role(member(acme, agent), Role.ADMIN, actor=Actor(user=admin))
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.before, entry.after) == ("member.role_changed", {"role": "agent"}, {"role": "admin"})
    assert entry.actor_id == admin.pk


def test_a_changed_role_holds_at_the_next_click(
    acme: Company, admin: User, agent: User, at: Callable[..., Browser]
) -> None:
    browser = at(acme, agent)
    assert browser.get("/settings/").status_code == 403
    members.change_role(member(acme, agent), Role.ADMIN, actor=Actor(user=admin))
    assert browser.get("/settings/").status_code == 200


def test_an_invited_person_makes_a_sign_in_and_lands_in_the_company(
    acme: Company, admin: User, at: Callable[..., Browser]
) -> None:
    token = invite(acme, admin)
    landed = at(acme).post(
        f"/invitation/{token}/", {"name": "Neu Hier", "password": "ein langer Satz hier"}, follow=True
    )
    assert landed.status_code == 200
    assert landed.context["user"].name == "Neu Hier"


def test_a_known_person_accepts_on_the_public_host(
    acme: Company, admin: User, outsider: User, at: Callable[..., Browser]
) -> None:
    token = invite(acme, admin, outsider.email)
    assert at(acme).get(f"/invitation/{token}/").status_code == 200
    public = at(None, outsider)
    assert acme.name in public.get("/companies/").content.decode()
    answer = public.post(f"/companies/invitations/{Invitation.objects.get().public_id}/accept/")
    assert answer.url.startswith(f"{acme.url}/enter/")
    assert member(acme, outsider).role == Role.AGENT


def test_somebody_else_s_invitation_is_not_found(
    acme: Company, admin: User, rival: User, at: Callable[..., Browser]
) -> None:
    invite(acme, admin)
    answer = at(None, rival).post(f"/companies/invitations/{Invitation.objects.get().public_id}/accept/")
    assert answer.status_code == 404


def test_inviting_a_member_by_the_form_says_so(
    acme: Company, admin: User, agent: User, at: Callable[..., Browser]
) -> None:
    answer = at(acme, admin).post("/team/invite/", {"email": agent.email, "role": "agent"})
    assert answer.status_code == 422
    assert "member already" in str(answer.context["form"].errors["email"])


def test_a_removed_person_s_sessions_are_gone(
    acme: Company, admin: User, agent: User, at: Callable[..., Browser]
) -> None:
    at(acme, agent)
    members.remove_member(member(acme, agent), actor=Actor(user=admin))
    assert not Session.objects.filter(user=agent, company=acme).exists()
