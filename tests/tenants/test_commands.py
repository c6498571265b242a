"""What an operator types."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tenants.lib.secrets import MasterKeys
from tenants.models import Mail, User
from tests.conftest import Browser


def test_a_new_staff_member_sets_a_password_by_mail(db: None, at: Callable[..., Browser]) -> None:
    call_command("create_staff", "Neu@Betreiber.example", "Nele Neu")
    user = User.objects.get(email="neu@betreiber.example")
    assert user.is_staff
    assert not user.has_usable_password()
    link = re.search(r"http://\S+/password/reset/\S+", Mail.objects.latest("pk").text)
    assert link
    page = at().get(link[0].removeprefix(f"http://{settings.BASE_HOST}"), follow=True)
    at_page = at()
    at_page.cookies = page.client.cookies
    at_page.post(page.request["PATH_INFO"], {"password1": "ein neuer langer Satz"})
    user.refresh_from_db()
    assert user.check_password("ein neuer langer Satz")


def test_a_person_we_know_becomes_staff_and_keeps_their_password(admin: User) -> None:
    former = admin.password
    call_command("create_staff", admin.email, "Admin")
    admin.refresh_from_db()
    assert (admin.is_staff, admin.password) == (True, former)


def test_what_is_no_e_mail_makes_nobody(db: None) -> None:
    with pytest.raises(CommandError, match="not an e-mail"):
        call_command("create_staff", "nobody", "Nobody")


def test_a_new_master_key_can_be_used_as_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("new_master_key")
    assert MasterKeys.parse([capsys.readouterr().out.strip()]).current_id
