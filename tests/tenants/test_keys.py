"""Secrets at rest: readable by their owner with the right master key, by nobody else."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tenants.lib.secrets import MasterKeyMissing, MasterKeys, SecretUnreadable
from tenants.models import Company, CompanyKey, User
from tenants.services import keys


@pytest.fixture
def newer(settings: Settings) -> str:
    settings.MASTER_KEYS = [f"newer:{Fernet.generate_key().decode()}", *settings.MASTER_KEYS]
    return "newer"


def test_a_secret_comes_back(acme: Company) -> None:
    assert keys.decrypt_for(acme, keys.encrypt_for(acme, "EAAG-token")) == "EAAG-token"


def test_a_secret_is_not_in_the_ciphertext(acme: Company) -> None:
    assert "EAAG-token" not in keys.encrypt_for(acme, "EAAG-token")


def test_another_company_cannot_read_a_secret(acme: Company, globex: Company) -> None:
    with pytest.raises(SecretUnreadable):
        keys.decrypt_for(globex, keys.encrypt_for(acme, "EAAG-token"))


def test_a_secret_names_its_owner_even_under_the_same_key(acme: Company, globex: Company) -> None:
    CompanyKey.objects.filter(company=globex).delete()
    key = acme.keys.get()
    CompanyKey.objects.create(company=globex, master_id=key.master_id, wrapped=key.wrapped)
    with pytest.raises(SecretUnreadable, match="another owner"):
        keys.decrypt_for(globex, keys.encrypt_for(acme, "EAAG-token"))


def test_a_damaged_secret_is_refused(acme: Company) -> None:
    with pytest.raises(SecretUnreadable):
        keys.decrypt_for(acme, keys.encrypt_for(acme, "EAAG-token")[:-4] + "AAAA")


def test_after_a_rotation_the_old_master_key_is_not_needed(acme: Company, newer: str, settings: Settings) -> None:
    secret = keys.encrypt_for(acme, "EAAG-token")
    assert keys.rotate() == 2
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    assert keys.decrypt_for(acme, secret) == "EAAG-token"


def test_a_second_rotation_has_nothing_to_do(acme: Company, newer: str) -> None:
    keys.rotate()
    assert keys.rotate() == 0


def test_the_rotate_command_takes_second_factors_along(staff: User, newer: str, settings: Settings) -> None:
    call_command("rotate_master_key")
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    factor = staff.authenticator_set.get()
    assert keys.decrypt_for_platform(factor.data["secret"]) == "A" * 32


def test_an_old_key_removed_too_early_fails_loudly(acme: Company, newer: str, settings: Settings) -> None:
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    with pytest.raises(MasterKeyMissing, match="tests"):
        keys.decrypt_for(acme, "anything")
    with pytest.raises(CommandError, match="tests"):
        call_command("rotate_master_key")


def test_another_key_under_the_same_name_is_noticed(acme: Company, settings: Settings) -> None:
    settings.MASTER_KEYS = [f"tests:{Fernet.generate_key().decode()}"]
    with pytest.raises(MasterKeyMissing, match="not the one used"):
        keys.data_keys(acme)


def test_without_a_master_key_nothing_is_encrypted(acme: Company, settings: Settings) -> None:
    settings.MASTER_KEYS = []
    with pytest.raises(MasterKeyMissing, match="empty"):
        keys.make_key(acme)


@pytest.mark.parametrize("entry", ["", "nokey", "id:short", "id:" + "!" * 44, ":" + "A" * 44])
def test_a_malformed_master_key_is_named_by_its_place_not_its_content(entry: str) -> None:
    with pytest.raises(MasterKeyMissing, match="Entry 1") as problem:
        MasterKeys.parse([entry])
    assert "short" not in str(problem.value)
