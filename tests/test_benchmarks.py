"""What a benchmark leaves behind: figures others can read. Their values are asserted nowhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import pytest

from config.demo.console import Console
from tests.benchmarks import machine, report, run
from tests.benchmarks.report import Figure, Goal

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FIGURES = [
    Figure("open_seconds", 0.4, "s", Goal(0.5, "lower"), (0.3, 0.6)),
    Figure("open_speedup", 8.0, "×", Goal(10, "higher")),
    Figure("pages", 1200.0, ""),
]


def test_a_run_is_kept_with_its_goals_and_its_machine(tmp_path: Path) -> None:
    path = report.write("tenants", FIGURES, machine={"cpu": "any", "cores": 2}, at=AT, folder=tmp_path / "bench")
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert path == tmp_path / "bench" / "tenants.json"
    assert kept["figures"] == {"open_seconds": 0.4, "open_speedup": 8.0, "pages": 1200.0}
    assert kept["goals"] == {
        "open_seconds": {"goal": 0.5, "better": "lower"},
        "open_speedup": {"goal": 10, "better": "higher"},
    }
    assert kept["machine"] == {"cpu": "any", "cores": 2}
    assert kept["date"] == "2026-03-01T12:00:00+00:00"


def test_a_missed_goal_is_said_and_a_met_one_is_not() -> None:
    shown = StringIO()
    report.show(Console(shown), FIGURES)
    missed = [line for line in shown.getvalue().splitlines() if "GOAL MISSED" in line]
    assert missed == ["GOAL MISSED: open_speedup is 8 ×, goal ≥ 10"]


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (Goal(1, "lower"), 1, True),
        (Goal(1, "lower"), 1.1, False),
        (Goal(1, "higher"), 1, True),
        (Goal(1, "higher"), 0.9, False),
    ],
)
def test_a_goal_is_met_on_its_better_side(goal: Goal, value: float, met: bool) -> None:
    assert goal.met_by(value) is met


def test_an_unknown_benchmark_is_refused_with_the_names_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["tenant"]) == 1
    said = capsys.readouterr().out
    assert "'tenant'" in said
    assert all(name in said for name in run.BENCHMARKS)


@pytest.mark.parametrize("module", run.BENCHMARKS.values())
def test_every_benchmark_is_there(module: str) -> None:
    assert find_spec(module)


def test_the_machine_says_which_processor_it_has() -> None:
    assert machine.cpu_model()
