"""A company signs up: asked, proved, opened; every accident has its answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tenants.models import Company, Domain, Mail, Membership, Role, SignUp, User
from tenants.services import companies, sign_up as services
from tenants.services.errors import LinkSpent, Refused
from tenants.services.sign_up import Wish
from tests.conftest import Browser

WISH = Wish(
    company_name="Möbel Fjord",
    address_name="fjord",
    country="DE",
    vat_id="DE136695976",
    person_name="Inga Dahl",
    email="inga@fjord.example",
    password="kein Geheimnis hier",
    language="de",
)
FORM = {
    "company_name": "Möbel Fjord",
    "address_name": "fjord",
    "country": "DE",
    "vat_id": "",
    "person_name": "Inga Dahl",
    "email": "inga@fjord.example",
    "password": "kein Geheimnis hier",
}


def token_in(mail: Mail) -> str:
    found = re.search(r"/confirm/([\w-]+)/", mail.text)
    assert found
    return found[1]


def ask() -> str:
    services.request_sign_up(WISH)
    return token_in(Mail.objects.latest("pk"))


def test_a_confirmed_sign_up_makes_company_admin_and_address(db: None) -> None:
    confirmed = services.confirm(ask())
    assert confirmed.company.name == "Möbel Fjord"
    assert Domain.objects.get(domain="fjord").tenant == confirmed.company
    assert Membership.objects.get(company=confirmed.company).role == Role.ADMIN
    assert confirmed.user.check_password("kein Geheimnis hier")


def test_nobody_is_made_before_the_e_mail_is_proved(db: None) -> None:
    ask()
    assert not User.objects.filter(email=WISH.email).exists()
    assert not Domain.objects.filter(domain="fjord").exists()


def test_the_mail_is_in_the_language_of_the_form(db: None) -> None:
    ask()
    assert "Möbel Fjord" in Mail.objects.latest("pk").text


def test_a_double_click_makes_one_sign_up_and_one_mail(db: None) -> None:
    first = services.request_sign_up(WISH)
    assert services.request_sign_up(WISH) == first
    assert Mail.objects.count() == 1


def test_a_click_that_another_overtakes_is_the_same_sign_up(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    real, made = companies.address_name_is_free, []

    def is_overtaken(*args: Any, **options: Any) -> bool:
        monkeypatch.setattr(companies, "address_name_is_free", real)
        made.append(services.request_sign_up(WISH))
        return real(*args, **options)

    monkeypatch.setattr(companies, "address_name_is_free", is_overtaken)
    assert services.request_sign_up(WISH) == made[0]
    assert Mail.objects.count() == 1


def test_ten_clicks_at_once_make_one_sign_up_and_one_mail(committed: object) -> None:
    def click(_: int) -> int:
        try:
            return services.request_sign_up(WISH).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        made = set(pool.map(click, range(10)))
    assert len(made) == 1
    assert Mail.objects.count() == 1


def test_a_link_opens_once(db: None) -> None:
    token = ask()
    services.confirm(token)
    with pytest.raises(LinkSpent, match="used already"):
        services.confirm(token)


def test_a_link_clicked_by_five_at_once_opens_one_company(committed: object) -> None:
    token = ask()

    def click(_: int) -> bool:
        try:
            services.confirm(token)
            return True
        except Refused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        assert sum(pool.map(click, range(5))) == 1
    assert Company.objects.filter(name="Möbel Fjord").count() == 1


def test_a_link_that_is_too_old_does_not_open(db: None) -> None:
    token = ask()
    SignUp.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(LinkSpent, match="too old"):
        services.confirm(token)


def test_an_invented_link_does_not_open(db: None) -> None:
    with pytest.raises(LinkSpent):
        services.find("x" * 43)


def test_a_fresh_link_makes_the_former_useless(db: None) -> None:
    token = ask()
    services.resend(SignUp.objects.get())
    with pytest.raises(LinkSpent):
        services.find(token)
    assert services.find(token_in(Mail.objects.latest("pk")))


def test_a_held_address_name_is_refused_to_others(db: None) -> None:
    ask()
    with pytest.raises(Refused, match="taken"):
        services.request_sign_up(replace(WISH, email="other@example.com"))


def test_a_hold_that_ran_out_frees_the_address_name(db: None) -> None:
    ask()
    SignUp.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert services.request_sign_up(replace(WISH, email="other@example.com"))


def test_a_taken_address_name_is_refused(acme: Company) -> None:
    with pytest.raises(Refused, match="taken"):
        services.request_sign_up(replace(WISH, address_name="acme"))


def test_a_person_we_know_keeps_their_password(admin: User) -> None:
    services.request_sign_up(replace(WISH, email=admin.email))
    confirmed = services.confirm(token_in(Mail.objects.latest("pk")))
    assert not confirmed.is_new_person
    assert confirmed.user == admin
    assert not confirmed.user.check_password(WISH.password)


def test_the_password_s_hash_is_forgotten_once_it_is_the_person_s(db: None) -> None:
    services.confirm(ask())
    assert SignUp.objects.get().password_hash == ""


def post(at: Callable[..., Browser], **changed: str) -> dict[str, list[str]]:
    """The errors the form shows."""
    answer = at().post("/sign-up/", {**FORM, **changed})
    assert answer.status_code == 422
    return dict(answer.context["form"].errors)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("acme", "taken"),
        ("admin", "reserved"),
        ("www", "reserved"),
        ("a", "3 characters"),
        ("x" * 41, "40 characters"),
        ("möbel", "a to z"),
        ("fj ord", "a to z"),
        ("-fjord", "both ends"),
        ("fjord-", "both ends"),
        ("fjord.de", "a to z"),
        ("xn--mbel-5qa", "xn--"),
        ("fjord\u200b", "a to z"),
        ("ﬁord", "a to z"),
    ],
)
def test_an_address_name_that_cannot_be_is_refused_in_plain_words(
    acme: Company, at: Callable[..., Browser], name: str, says: str
) -> None:
    assert says in " ".join(post(at, address_name=name)["address_name"])


@pytest.mark.parametrize(
    ("vat_id", "country", "says"),
    [
        ("DE136695978", "DE", "typing mistake"),
        ("DE1", "DE", "form"),
        ("DE136695976", "FR", "another country"),
    ],
)
def test_a_wrong_vat_id_is_refused_in_plain_words(
    db: None, at: Callable[..., Browser], vat_id: str, country: str, says: str
) -> None:
    assert says in " ".join(post(at, vat_id=vat_id, country=country)["vat_id"])


@pytest.mark.parametrize("password", ["short", "password1234", "inga@fjord.example"])
def test_a_weak_password_is_refused(db: None, at: Callable[..., Browser], password: str) -> None:
    assert "password" in post(at, password=password)


def test_what_was_typed_stays_after_an_error_but_the_password(db: None, at: Callable[..., Browser]) -> None:
    page = at().post("/sign-up/", {**FORM, "address_name": "admin"}).content.decode()
    assert "Möbel Fjord" in page
    assert FORM["password"] not in page


def test_upper_case_in_an_address_name_becomes_lower(db: None, at: Callable[..., Browser]) -> None:
    at().post("/sign-up/", {**FORM, "address_name": "FJORD"})
    assert SignUp.objects.get().address_name == "fjord"


def test_the_whole_way_ends_signed_in_in_the_company_s_space(db: None, at: Callable[..., Browser]) -> None:
    asked = at().post("/sign-up/", FORM, follow=True)
    assert FORM["email"] in asked.content.decode()
    token = token_in(Mail.objects.latest("pk"))
    assert at().get(f"/sign-up/confirm/{token}/").status_code == 200
    assert not Company.objects.filter(name="Möbel Fjord").exists(), "opening a link changes nothing"
    answer = at().post(f"/sign-up/confirm/{token}/")
    company = Company.objects.get(name="Möbel Fjord")
    assert answer.url.startswith(f"{company.url}/enter/")
    inside = Browser(company.host)
    landed = inside.get(answer.url.removeprefix(company.url), follow=True)
    assert landed.status_code == 200
    assert landed.context["user"].email == FORM["email"]


def test_a_known_person_must_sign_in_with_what_they_have(admin: User, at: Callable[..., Browser]) -> None:
    at().post("/sign-up/", {**FORM, "email": admin.email})
    answer = at().post(f"/sign-up/confirm/{token_in(Mail.objects.latest('pk'))}/")
    assert "/enter/" not in answer.url


def test_too_many_sign_ups_from_one_address_are_refused(db: None, at: Callable[..., Browser]) -> None:
    browser = at()
    for number in range(20):
        browser.post("/sign-up/", {**FORM, "address_name": f"fjord-{number}", "email": f"i{number}@example.com"})
    answer = browser.post("/sign-up/", {**FORM, "address_name": "fjord-21"})
    assert answer.status_code == 422
    assert SignUp.objects.count() == 20
