"""Where the marks of a chart stand: plain numbers in, positions as strings out, so that no template localises them.

Across everything is in percent and down in pixels: a drawing is as wide as its place and its words keep their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, log10

Number = int | float | Decimal
PLOT_TOP, PLOT_HEIGHT = 16, 168
LABEL_GAP = 15
MOST_LABELS, FEW_LABELS = 10, 4


@dataclass(frozen=True)
class Series:
    name: str
    values: Sequence[Number]
    tone: int


@dataclass(frozen=True)
class Block:
    """One rectangle of a bar, or a part of a bar that adds up."""

    x: str
    y: str
    width: str
    height: str
    tone: str


@dataclass(frozen=True)
class Column:
    """One day of a bar chart: its blocks, the strip that answers the pointer, and its label's place."""

    index: int
    x: str
    width: str
    middle: str
    blocks: list[Block]


@dataclass(frozen=True)
class Line:
    """A series as a line; `end` is where its direct label stands."""

    name: str
    tone: int
    points: str
    end_x: str
    end_y: str
    label_y: str


@dataclass(frozen=True)
class Tick:
    """A word under the chart; minor ones give way in a narrow place."""

    x: str
    anchor: str
    text: str
    minor: bool


def percent(share: float) -> str:
    return f"{share * 100:.3f}".rstrip("0").rstrip(".") + "%"


def pixels(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def round_up(value: float) -> float:
    """The next friendly number an axis may end at."""
    if value <= 0:
        return 1
    step = 10.0 ** floor(log10(value))
    return next((step * factor for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8) if step * factor >= value), step * 10)


def _height(value: Number, top: float) -> float:
    return float(value) / top * PLOT_HEIGHT


def top_of_stack(series: Sequence[Series]) -> float:
    sums = [sum(float(value) for value in values) for values in zip(*(one.values for one in series), strict=True)]
    return round_up(max(sums, default=0))


def top_of_lines(series: Sequence[Series]) -> float:
    return round_up(max((float(value) for one in series for value in one.values), default=0))


def columns(series: Sequence[Series], top: float) -> list[Column]:
    """Stacked bars, the first series at the bottom."""
    count = len(series[0].values) if series else 0
    found = []
    for index in range(count):
        left, width = index / count, 1 / count
        thick = width * (0.72 if count <= 40 else 0.86)
        floor_y, blocks = float(PLOT_TOP + PLOT_HEIGHT), []
        for one in series:
            height = _height(one.values[index], top)
            if height <= 0:
                continue
            floor_y -= height
            # A hairline of ground keeps neighbours apart.
            shown = max(height - (1 if len(series) > 1 else 0), 0.75)
            blocks.append(
                Block(
                    percent(left + (width - thick) / 2),
                    pixels(floor_y),
                    percent(thick),
                    pixels(shown),
                    str(one.tone),
                )
            )
        found.append(Column(index, percent(left), percent(width), percent(left + width / 2), blocks))
    return found


def lines(series: Sequence[Series], top: float) -> list[Line]:
    """Lines over the same days; labels at their ends keep clear of each other."""
    ends = [PLOT_HEIGHT - _height(one.values[-1], top) for one in series]
    places = _apart(ends)
    return [
        Line(
            one.name,
            one.tone,
            polyline(one.values, top),
            "100%",
            pixels(PLOT_TOP + end),
            pixels(PLOT_TOP + place),
        )
        for one, end, place in zip(series, ends, places, strict=True)
    ]


def _apart(ends: Sequence[float]) -> list[float]:
    """Moves label positions apart where they would touch, from the lowest up."""
    places = list(ends)
    limit = float(PLOT_HEIGHT) + LABEL_GAP
    for index in sorted(range(len(ends)), key=lambda each: -ends[each]):
        places[index] = min(ends[index], limit - LABEL_GAP)
        limit = places[index]
    return places


def polyline(values: Sequence[Number], top: float, height: float = 100) -> str:
    """Points in a square of 100 by `height`, which the drawing stretches to its place."""
    last = max(len(values) - 1, 1)
    return " ".join(
        f"{pixels(index / last * 100)},{pixels(height - float(value) / (top or 1) * height)}"
        for index, value in enumerate(values)
    )


def ticks(labels: Sequence[str], *, centred: bool) -> list[Tick]:
    """As many labels as fit: at most ten in a wide place, four in a narrow one, the first always."""
    count = len(labels)
    if not count:
        return []
    step = ceil(count / MOST_LABELS)
    shown = list(range(0, count, step))
    major = set(shown[:: ceil(len(shown) / FEW_LABELS)])
    found = []
    for index in shown:
        share = (index + 0.5) / count if centred else index / max(count - 1, 1)
        anchor = "middle" if centred else "start" if index == 0 else "end" if index == count - 1 else "middle"
        found.append(Tick(percent(share), anchor, labels[index], index not in major))
    return found


def parts(values: Sequence[Number]) -> list[tuple[str, str]]:
    """Start and width of each part of a bar that adds up. What is not nothing stays visible."""
    total = sum(float(value) for value in values)
    if not total:
        return [("0%", "0%") for _ in values]
    widths = [max(float(value) / total, 0.004) if value else 0.0 for value in values]
    scale, start, found = sum(widths), 0.0, []
    for width in widths:
        found.append((percent(start / scale), percent(width / scale)))
        start += width
    return found
