"""Figures with their goals: a table for the reader, a JSON file for whoever compares runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, Literal

from config.demo.console import Console

FOLDER = Path(__file__).resolve().parents[2] / "var" / "bench"
Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Goal:
    value: float
    better: Better

    def met_by(self, value: float) -> bool:
        return value <= self.value if self.better == "lower" else value >= self.value

    def __str__(self) -> str:
        return f"{'≤' if self.better == 'lower' else '≥'} {short(self.value)}"


@dataclass(frozen=True)
class Figure:
    """One measured number; `spread` is the lowest and highest of the runs behind it."""

    name: str
    value: float
    unit: str
    goal: Goal | None = None
    spread: tuple[float, float] | None = None

    @property
    def missed(self) -> bool:
        return self.goal is not None and not self.goal.met_by(self.value)


def median_of(name: str, samples: Sequence[float], unit: str, goal: Goal | None = None) -> Figure:
    return Figure(name, median(samples), unit, goal, (min(samples), max(samples)))


def short(value: float) -> str:
    """Three digits that matter, and all of a larger number."""
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def show(console: Console, figures: Sequence[Figure]) -> None:
    console.line()
    console.table([["figure", "value", "unit", "lowest … highest", "goal", "met"], *map(_row, figures)])
    console.line()
    for figure in figures:
        if figure.missed:
            console.problem(f"GOAL MISSED: {figure.name} is {short(figure.value)} {figure.unit}, goal {figure.goal}")


def _row(figure: Figure) -> list[str]:
    spread = " … ".join(map(short, figure.spread)) if figure.spread else ""
    met = "" if figure.goal is None else "NO" if figure.missed else "yes"
    return [figure.name, short(figure.value), figure.unit, spread, str(figure.goal or ""), met]


def write(
    name: str, figures: Sequence[Figure], *, machine: dict[str, Any], at: datetime, folder: Path = FOLDER
) -> Path:
    """Keep a run in `<folder>/<name>.json`; the last one replaces the one before."""
    kept = {
        "name": name,
        "date": at.isoformat(timespec="seconds"),
        "machine": machine,
        "figures": {figure.name: float(f"{figure.value:.5g}") for figure in figures},
        "goals": {
            figure.name: {"goal": figure.goal.value, "better": figure.goal.better} for figure in figures if figure.goal
        },
        "units": {figure.name: figure.unit for figure in figures},
        "spread": {figure.name: [float(f"{end:.5g}") for end in figure.spread] for figure in figures if figure.spread},
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
