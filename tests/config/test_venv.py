"""The virtual environment is built once, and again when it is not whole."""

from pathlib import Path

import pytest

from config.demo import venv


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that is whole and in step with its requirements."""
    monkeypatch.setattr(venv, "ROOT", tmp_path)
    monkeypatch.setattr(venv, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(venv, "PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(venv, "UNFINISHED", tmp_path / ".venv/.unfinished")
    venv.PYTHON.parent.mkdir(parents=True)
    venv.PYTHON.touch(mode=0o755)
    (tmp_path / "requirements.txt").write_text("django\n")
    venv.remember(tmp_path / "requirements.txt")
    return tmp_path


def test_nothing_is_done_while_the_requirements_are_the_same(checkout: Path) -> None:
    assert venv.is_current([checkout / "requirements.txt"])


def test_changed_requirements_are_installed(checkout: Path) -> None:
    (checkout / "requirements.txt").write_text("django\ncelery\n")
    assert not venv.is_current([checkout / "requirements.txt"])


def test_requirements_that_were_changed_back_are_installed_again(checkout: Path) -> None:
    file = checkout / "requirements.txt"
    file.write_text("django\ncelery\n")
    venv.remember(file)
    file.write_text("django\n")
    assert not venv.is_current([file])


def test_an_install_that_was_killed_is_begun_again(checkout: Path) -> None:
    venv.UNFINISHED.touch()
    assert not venv.is_current([checkout / "requirements.txt"])
