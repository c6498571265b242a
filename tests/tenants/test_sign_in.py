"""Signing in: limited before it costs, the same answer for strangers, a second factor where one is set."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings as django_settings
from django.contrib.auth import hashers
from django.core import signing as django_signing
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings

from tenants import middleware
from tenants.lib import signing
from tenants.models import AuditEntry, Company, EnterLink, Mail, Membership, Role, Session, User
from tenants.services import enter, limits
from tenants.services.errors import LinkSpent
from tests.conftest import PASSWORD, Browser

WRONG = "E-mail or password is wrong."


def sign_in(browser: Browser, email: str, password: str = PASSWORD) -> object:
    return browser.post("/sign-in/", {"login": email, "password": password})


def errors(answer: object) -> str:
    return " ".join(answer.context["form"].non_field_errors())  # type: ignore[attr-defined]


@pytest.fixture
def secret() -> str:
    return "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def two_factor(agent: User, secret: str) -> User:
    TOTP.activate(agent, secret)
    return agent


def code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def test_a_member_signs_in_with_e_mail_and_password(acme: Company, agent: User, at: Callable[..., Browser]) -> None:
    answer = sign_in(at(acme), "Agent@Example.com")
    assert (answer.status_code, answer.url) == (302, "/")  # type: ignore[attr-defined]


def test_an_unknown_e_mail_and_a_wrong_password_get_the_same_answer(
    acme: Company, agent: User, at: Callable[..., Browser]
) -> None:
    unknown, wrong = sign_in(at(acme), "nobody@example.com"), sign_in(at(acme), agent.email, "wrong")
    assert errors(unknown) == errors(wrong) == WRONG


def test_an_unknown_e_mail_costs_a_hash_too(
    acme: Company, at: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = hashers.Argon2PasswordHasher.encode
    monkeypatch.setattr(
        hashers.Argon2PasswordHasher,
        "encode",
        lambda self, password, salt: hashed.append(salt) or real(self, password, salt),
    )
    sign_in(at(acme), "nobody@example.com")
    assert len(hashed) == 1


def test_passwords_are_kept_as_argon2id(agent: User) -> None:
    assert agent.password.startswith("argon2$argon2id$")


def test_after_the_limit_no_password_is_hashed_any_more(
    acme: Company, agent: User, at: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = at(acme)
    for _ in range(limits.SIGN_IN_USER.most):
        sign_in(browser, agent.email, "wrong")
    monkeypatch.setattr(User, "check_password", lambda self, password: pytest.fail("a password was checked"))
    assert "Too many attempts" in errors(sign_in(browser, agent.email))


def test_one_address_is_limited_over_all_people(
    acme: Company, at: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SIGN_IN_ADDRESS", limits.Limit(3, timedelta(minutes=10)))
    browser = at(acme)
    for number in range(3):
        sign_in(browser, f"person{number}@example.com", "wrong")
    assert "Too many attempts" in errors(sign_in(browser, "person9@example.com", "wrong"))


def test_one_company_is_limited_over_all_addresses(
    acme: Company, globex: Company, at: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SIGN_IN_COMPANY", limits.Limit(2, timedelta(minutes=10)))
    for number in range(2):
        sign_in(at(acme, REMOTE_ADDR=f"10.0.0.{number}"), f"person{number}@example.com", "wrong")
    assert "Too many attempts" in errors(sign_in(at(acme, REMOTE_ADDR="10.0.0.9"), "x@example.com", "wrong"))
    assert errors(sign_in(at(globex, REMOTE_ADDR="10.0.0.9"), "x@example.com", "wrong")) == WRONG


def test_whoever_is_no_member_is_told_so_only_with_the_right_password(
    acme: Company, outsider: User, at: Callable[..., Browser]
) -> None:
    assert "not a member" in errors(sign_in(at(acme), outsider.email))
    assert errors(sign_in(at(acme), outsider.email, "wrong")) == WRONG


def test_a_session_is_unknown_on_another_company_s_host(
    acme: Company, globex: Company, agent: User, at: Callable[..., Browser]
) -> None:
    Membership.objects.create(company=globex, user=agent, role=Role.AGENT)
    browser = at(acme)
    sign_in(browser, agent.email)
    assert browser.get("/team/").status_code == 200
    assert browser.get("/team/", HTTP_HOST=globex.host).status_code == 302


def test_signing_in_makes_a_new_session_key(acme: Company, agent: User, at: Callable[..., Browser]) -> None:
    browser = at(acme)
    browser.cookies[django_settings.SESSION_COOKIE_NAME] = "planted-by-somebody-else-0000000"
    sign_in(browser, agent.email)
    assert browser.cookies[django_settings.SESSION_COOKIE_NAME].value != "planted-by-somebody-else-0000000"


def test_a_second_factor_is_asked_for(acme: Company, two_factor: User, secret: str, at: Callable[..., Browser]) -> None:
    browser = at(acme)
    answer = sign_in(browser, two_factor.email)
    assert answer.url.startswith("/sign-in/second-factor/")  # type: ignore[attr-defined]
    assert browser.get("/team/").status_code == 302
    browser.post("/sign-in/second-factor/", {"code": code(secret)})
    assert browser.get("/team/").status_code == 200


def test_a_code_works_once(acme: Company, two_factor: User, secret: str, at: Callable[..., Browser]) -> None:
    first, second, used = at(acme), at(acme), code(secret)
    for browser in (first, second):
        sign_in(browser, two_factor.email)
        browser.post("/sign-in/second-factor/", {"code": used})
    assert first.get("/team/").status_code == 200
    assert second.get("/team/").status_code == 302


def test_codes_cannot_be_guessed(acme: Company, two_factor: User, secret: str, at: Callable[..., Browser]) -> None:
    browser = at(acme)
    sign_in(browser, two_factor.email)
    for _ in range(limits.TWO_FACTOR.most):
        browser.post("/sign-in/second-factor/", {"code": "000000"})
    browser.post("/sign-in/second-factor/", {"code": code(secret)})
    assert browser.get("/team/").status_code == 302


def test_the_second_factor_s_secret_is_not_readable_in_the_database(two_factor: User, secret: str) -> None:
    assert secret not in str(Authenticator.objects.get(user=two_factor).data)


def test_a_second_factor_is_turned_on_with_a_code_and_gives_recovery_codes(
    acme: Company, agent: User, at: Callable[..., Browser]
) -> None:
    browser = at(acme)
    sign_in(browser, agent.email)
    page = browser.get("/you/security/second-factor/")
    new_secret = page.context["form"].secret
    browser.post("/you/security/second-factor/", {"code": code(new_secret)})
    assert Authenticator.objects.filter(user=agent, type=Authenticator.Type.TOTP).exists()
    answer = browser.get("/you/security/recovery-codes/")
    codes = answer.context["unused_codes"]
    assert len(codes) == 10


def test_a_recovery_code_opens_once(acme: Company, two_factor: User, at: Callable[..., Browser]) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    recovery = RecoveryCodes.activate(two_factor).get_unused_codes()[0]
    for expected in (200, 302):
        browser = at(acme)
        sign_in(browser, two_factor.email)
        browser.post("/sign-in/second-factor/", {"code": recovery})
        assert browser.get("/team/").status_code == expected


def test_staff_cannot_turn_their_second_factor_off(staff: User, secret: str, at: Callable[..., Browser]) -> None:
    staff.authenticator_set.all().delete()
    TOTP.activate(staff, secret)
    browser = at()
    sign_in(browser, staff.email)
    browser.post("/sign-in/second-factor/", {"code": code(secret)})
    browser.post("/you/security/second-factor/off/")
    assert Authenticator.objects.filter(user=staff, type=Authenticator.Type.TOTP).exists()


def reset_link(browser: Browser, email: str) -> str:
    browser.post("/password/reset/", {"email": email})
    found = re.search(r"http://\S+/password/reset/\S+", Mail.objects.latest("pk").text)
    assert found
    return found[0]


def test_a_forgotten_password_is_set_anew_by_mail(acme: Company, agent: User, at: Callable[..., Browser]) -> None:
    browser = at(acme)
    path = reset_link(browser, agent.email).removeprefix(acme.url)
    page = browser.get(path, follow=True)
    browser.post(page.request["PATH_INFO"], {"password1": "ein neuer langer Satz"})
    agent.refresh_from_db()
    assert agent.check_password("ein neuer langer Satz")


def test_a_reset_link_works_once(acme: Company, agent: User, at: Callable[..., Browser]) -> None:
    browser = at(acme)
    path = reset_link(browser, agent.email).removeprefix(acme.url)
    browser.post(browser.get(path, follow=True).request["PATH_INFO"], {"password1": "ein neuer langer Satz"})
    assert at(acme).get(path, follow=True).context["token_fail"]


def test_a_reset_link_opens_only_on_its_company_s_host(
    acme: Company, globex: Company, agent: User, at: Callable[..., Browser]
) -> None:
    path = reset_link(at(acme), agent.email).removeprefix(acme.url)
    assert at(globex).get(path, follow=True).context["token_fail"]


def test_a_reset_asked_for_a_stranger_sends_nothing_and_says_the_same(
    acme: Company, agent: User, rival: User, at: Callable[..., Browser]
) -> None:
    known = at(acme).post("/password/reset/", {"email": agent.email})
    sent = Mail.objects.count()
    for email in (rival.email, "nobody@example.com"):
        answer = at(acme).post("/password/reset/", {"email": email})
        assert (answer.status_code, answer.url) == (known.status_code, known.url)
    assert Mail.objects.count() == sent


def test_a_changed_password_ends_the_other_sessions_and_is_told_by_mail(
    acme: Company, agent: User, at: Callable[..., Browser]
) -> None:
    here, elsewhere = at(acme, agent), at(acme, agent)
    here.post("/you/security/password/", {"oldpassword": PASSWORD, "password1": "ein neuer langer Satz"})
    assert here.get("/team/").status_code == 200
    assert elsewhere.get("/team/").status_code == 302
    assert Mail.objects.latest("pk").to == agent.email
    assert AuditEntry.objects.filter(action="person.password_changed", actor_id=agent.pk).exists()


def test_a_person_sees_and_ends_their_sessions(acme: Company, agent: User, at: Callable[..., Browser]) -> None:
    here, elsewhere = at(acme, agent), at(acme, agent)
    other = Session.objects.get(session_key=elsewhere.cookies["session"].value)
    assert other in here.get("/you/security/").context["sessions"]
    here.post(f"/you/security/sessions/{other.public_id}/end/")
    assert elsewhere.get("/team/").status_code == 302
    assert here.get("/team/").status_code == 200


def test_all_other_sessions_end_at_once(acme: Company, agent: User, at: Callable[..., Browser]) -> None:
    here, others = at(acme, agent), [at(acme, agent) for _ in range(3)]
    here.post("/you/security/sessions/end/")
    assert [browser.get("/team/").status_code for browser in others] == [302, 302, 302]
    assert here.get("/team/").status_code == 200


def test_a_session_ends_after_its_absolute_time(acme: Company, agent: User, at: Callable[..., Browser]) -> None:
    browser = at(acme, agent)
    Session.objects.update(created_at=timezone.now() - timedelta(days=7, seconds=1))
    assert browser.get("/team/").status_code == 302


def test_a_used_session_is_kept_alive(acme: Company, agent: User, at: Callable[..., Browser]) -> None:
    browser = at(acme, agent)
    long_ago = timezone.now() - timedelta(hours=1)
    Session.objects.update(last_seen_at=long_ago, expire_date=timezone.now() + timedelta(hours=1))
    browser.get("/team/")
    session = Session.objects.get(user=agent)
    assert session.last_seen_at > long_ago
    assert session.expire_date > timezone.now() + timedelta(hours=11)


def test_a_ticket_opens_once(acme: Company, agent: User) -> None:
    token = enter.make_link(agent, acme).rstrip("/").rpartition("/")[2]
    enter.use_link(acme, token)
    with pytest.raises(LinkSpent):
        enter.use_link(acme, token)


def test_a_ticket_opens_only_its_own_company(acme: Company, globex: Company, agent: User) -> None:
    token = enter.make_link(agent, acme).rstrip("/").rpartition("/")[2]
    with pytest.raises(LinkSpent):
        enter.use_link(globex, token)


def test_a_ticket_lasts_a_minute(acme: Company, agent: User) -> None:
    token = enter.make_link(agent, acme).rstrip("/").rpartition("/")[2]
    EnterLink.objects.update(expires_at=timezone.now())
    with pytest.raises(LinkSpent):
        enter.use_link(acme, token)


def test_a_signed_value_opens_only_for_its_company_and_purpose(acme: Company, globex: Company) -> None:
    signed = signing.dumps({"contact": 1}, purpose="preferences", schema_name=acme.schema_name)
    assert signing.loads(signed, purpose="preferences", schema_name=acme.schema_name) == {"contact": 1}
    for purpose, company in (("preferences", globex), ("media", acme)):
        with pytest.raises(django_signing.BadSignature):
            signing.loads(signed, purpose=purpose, schema_name=company.schema_name)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "6.6.6.6", "127.0.0.1"),
        (1, "6.6.6.6, 5.5.5.5", "5.5.5.5"),
        (2, "6.6.6.6, 5.5.5.5, 10.0.0.1", "5.5.5.5"),
        (1, "", "127.0.0.1"),
        (1, "not an address", None),
    ],
)
def test_an_address_cannot_be_forged(settings: Settings, proxies: int, forwarded: str, expected: str | None) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"x-forwarded-for": forwarded} if forwarded else {})
    assert middleware.client_ip(request) == expected
