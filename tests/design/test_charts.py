"""Charts add up, and their numbers are written for machines in every language."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tenants.lib import charts
from tenants.lib.charts import Series


@pytest.mark.parametrize(("value", "end"), [(0, 1), (7, 8), (12, 15), (92.3, 100), (0.031, 0.04), (100, 100)])
def test_an_axis_ends_at_a_friendly_number(value: float, end: float) -> None:
    assert charts.round_up(value) == pytest.approx(end)


def test_stacked_blocks_stand_on_each_other() -> None:
    series = [Series("a", [Decimal(30)], 1), Series("b", [Decimal(50)], 2)]
    (column,) = charts.columns(series, top=100)
    lower, upper = column.blocks
    assert float(lower.y) == pytest.approx(charts.PLOT_TOP + charts.PLOT_HEIGHT * 0.7)
    assert float(upper.y) == pytest.approx(charts.PLOT_TOP + charts.PLOT_HEIGHT * 0.2)


def test_nothing_draws_no_block() -> None:
    (column,) = charts.columns([Series("a", [0], 1)], top=10)
    assert column.blocks == []


def test_parts_fill_the_bar_and_a_small_one_stays_visible() -> None:
    places = charts.parts([11_904, 1, 0])
    widths = [float(width.rstrip("%")) for _, width in places]
    assert sum(widths) == pytest.approx(100)
    assert widths[1] > 0.3
    assert widths[2] == 0


def test_an_empty_bar_has_no_parts() -> None:
    assert charts.parts([0, 0]) == [("0%", "0%"), ("0%", "0%")]


def test_labels_at_line_ends_keep_clear_of_each_other() -> None:
    lines = charts.lines([Series("a", [1, 50], 1), Series("b", [1, 51], 2)], top=100)
    places = sorted(float(line.label_y) for line in lines)
    assert places[1] - places[0] >= charts.LABEL_GAP


def test_labels_stay_readable_however_many_days() -> None:
    shown = charts.ticks([str(index) for index in range(90)], centred=True)
    assert len(shown) <= charts.MOST_LABELS
    assert len([tick for tick in shown if not tick.minor]) <= charts.FEW_LABELS
    assert charts.ticks([], centred=True) == []
