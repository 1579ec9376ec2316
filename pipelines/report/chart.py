"""Geometry of the histogram: bars, ticks and labels in units of the SVG."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.report.facts import Histogram, Variant

WIDTH, HEIGHT = 720, 264
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 20, 48
PLOT_HEIGHT = HEIGHT - TOP - BOTTOM
MAX_BAR_WIDTH = 26.0
MAX_TICKS = 5
# More labels than this would run into each other at the font size of the page.
MAX_LABELS = 14


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `value` hosts whose number of endpoints is `label`."""

    variant: Variant
    label: str
    value: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class AxisTick:
    """A tick of an axis: its text and its position along that axis."""

    text: str
    position: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The parts that the template draws; `largest` is the value of the topmost tick."""

    bars: list[Bar]
    rows: list[AxisTick]
    columns: list[AxisTick]
    largest: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def choose_tick_step(largest: int) -> int:
    """Returns the smallest of 1, 2, 5, 10, 20, ... for at most `MAX_TICKS` steps."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power * MAX_TICKS >= largest:
                return factor * power
        power *= 10


def draw(histogram: Histogram) -> Chart | None:
    """Lays out the chart; None if no variant has a host to count."""
    tallest = max([*histogram.ml, *histogram.session], default=0)
    if tallest <= 0:
        return None
    step = choose_tick_step(tallest)
    largest = -(-tallest // step) * step
    group = (WIDTH - LEFT - RIGHT) / len(histogram.labels)
    width = min(MAX_BAR_WIDTH, group * 0.38)
    bars, columns = [], []
    every = -(-len(histogram.labels) // MAX_LABELS)
    for index, label in enumerate(histogram.labels):
        centre = LEFT + (index + 0.5) * group
        if index % every == 0:
            columns.append(AxisTick(label, round(centre, 2)))
        pair: tuple[tuple[Variant, int, float], ...] = (
            ("ml", histogram.ml[index], centre - width - 1),
            ("session", histogram.session[index], centre + 1),
        )
        for variant, value, x in pair:
            height = PLOT_HEIGHT * value / largest
            y = TOP + PLOT_HEIGHT - height
            bars.append(
                Bar(variant, label, value, round(x, 2), round(y, 2), round(width, 2), round(height, 2))
            )
    rows = [
        AxisTick(f"{value:,}", round(TOP + PLOT_HEIGHT * (1 - value / largest), 2))
        for value in range(0, largest + 1, step)
    ]
    return Chart(bars, rows, columns, largest)
