"""Nothing that we start outlives us, and nothing of others is stopped."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.demo import supervisor
from config.demo.console import Console, StartFailed
from config.demo.leftovers import ours, stop_leftovers
from config.demo.processes import MARK, Process, stop_all
from config.demo.supervisor import Supervisor

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
PARENT = """
import sys
from pathlib import Path
from config.demo.processes import Process
process = Process("child", [sys.executable, "-c", "import time; time.sleep(600)"], Path(sys.argv[1]), {}, Path("/"))
process.start()
print(process.popen.pid, flush=True)
process.popen.wait()
"""


def python(code: str, folder: Path, **env: str) -> Process:
    return Process("program", [sys.executable, "-u", "-c", code], folder / "program.log", env, cwd=folder)


def ends(pid_handle: int, seconds: float = 10) -> bool:
    return bool(select.select([pid_handle], [], [], seconds)[0])


def test_a_process_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "child.log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    assert ends(child)
    os.close(child)


def test_a_process_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    process = python(STUBBORN, tmp_path)
    process.patience = 0.2
    process.start()
    stop_all([process])
    assert not process.running


def test_leftovers_of_a_folder_are_stopped_and_strangers_are_not(tmp_path: Path) -> None:
    left = python(SLEEP, tmp_path, **{MARK: str(tmp_path)})
    stranger = python(SLEEP, tmp_path, **{MARK: f"{tmp_path}-other"})
    left.start()
    stranger.start()
    try:
        stop_leftovers(tmp_path)
        assert left.popen
        assert left.popen.wait(timeout=5) == -signal.SIGTERM
        assert stranger.running
        assert not ours(tmp_path)
    finally:
        left.kill()
        stranger.kill()


def test_a_process_that_keeps_dying_is_given_up_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervisor, "DELAYS", (0.0, 0.0))
    watch = Supervisor(Console())
    watch.start([python("raise SystemExit('no such table')", tmp_path)])
    with pytest.raises(StartFailed, match="no such table"):
        watch.run_until(lambda: False, seconds=20)
    assert capsys.readouterr().out.count("program stopped (exit code 1)") == 2


def test_error_lines_of_a_log_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "2026-11-22T10:00:00Z [error    ] delivery_failed [messaging] message=1"
    process = python(f"print({line!r}, flush=True); {SLEEP}", tmp_path)
    watch = Supervisor(Console())
    watch.start([process])
    shown: list[str] = []

    def error_is_shown() -> bool:
        shown.append(capsys.readouterr().out)
        return line in "".join(shown)

    try:
        watch.run_until(error_is_shown, seconds=20)
    finally:
        process.kill()
