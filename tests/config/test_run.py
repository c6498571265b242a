"""`make run` says in a line what is in its way, and leaves that alone."""

import json
import signal
import socket

import pytest

from config.demo import run
from config.demo.paths import Home, hold


def test_a_second_start_shows_the_first_ones_addresses(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    address = {"label": "Acme", "url": "http://acme.localhost:8000/"}
    (home.root / "run.json").write_text(json.dumps({"pid": 4711, "addresses": [address]}))
    with hold(home.root / "run.lock"):  # type: ignore[union-attr]
        assert run.main() == run.ALREADY_RUNNING
    shown = capsys.readouterr().out
    assert "4711" in shown
    assert address["url"] in shown


def test_a_taken_port_is_named_with_the_way_out(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        assert run.main() == run.FAILED
    shown = capsys.readouterr().out
    assert f"Port {port}" in shown
    assert "make run" in shown


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URL", "postgres://me:hunter2@127.0.0.1:9/shop"),
        ("DATABASE_URL", "postgres://me:hunter2@[broken"),
        ("DATABASE_URL", "postgres://me:x@hunter2@127.0.0.1:9/shop"),
        ("REDIS_URL", "redis://:hunter2@127.0.0.1:9/0"),
        ("REDIS_URL", "hunter2"),
    ],
)
def test_an_unreachable_service_is_named_without_its_password(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, address: str
) -> None:
    monkeypatch.setenv("PORT", str(unused_port()))
    monkeypatch.setenv(name, address)
    assert run.main() == run.FAILED
    shown = capsys.readouterr().out
    assert name in shown
    assert "hunter2" not in shown


def test_a_folder_with_other_things_in_it_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = home.root / "theirs"
    theirs.mkdir(mode=0o755)
    (theirs / "letter.txt").touch()
    monkeypatch.setenv("BOTSCHAFT_DATA_DIR", str(theirs))
    assert run.main() == run.FAILED
    assert "new or empty folder" in capsys.readouterr().out
    assert theirs.stat().st_mode & 0o777 == 0o755


def test_ctrl_c_means_again_what_it_meant_before(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT)
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("PORT", str(other.getsockname()[1]))
        run.main()
    assert signal.getsignal(signal.SIGINT) is before


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
