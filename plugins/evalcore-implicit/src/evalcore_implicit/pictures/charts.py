"""Charts of lines with bands over a logarithmic axis, side by side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from evalcore_implicit.pictures.elements import (
    COLOURS,
    GRID,
    INK,
    WIDTH,
    area,
    dots,
    label,
    legend,
    line,
    polyline,
    svg,
)
from evalcore_implicit.pictures.scales import Scale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Chart", "Point", "charts"]

_LEFT, _HEADING, _HEIGHT, _FOOT, _GAP = 46, 26, 190, 44, 16


class Point(NamedTuple):
    """A value with its interval.

    Attributes:
        at: Where on the axis it lies, above 0.
        value: Its height.
        low: The lower end of the interval; NaN where it is not known.
        high: The upper end.
    """

    at: float
    value: float
    low: float
    high: float


class Chart(NamedTuple):
    """Lines over one axis.

    Attributes:
        title: Such as the name of a cell.
        lines: By name, each by ascending place.
    """

    title: str
    lines: Mapping[str, Sequence[Point]]


def charts(shown: Sequence[Chart], title: str, description: str, axes: tuple[str, str]) -> str:
    """A drawing of charts with the same axes, two in a row where there are several.

    Args:
        shown: The charts; a line has the same colour in all of them.
        title: What the drawing is.
        description: What is to be seen.
        axes: What is written at the horizontal and at the vertical axis.
    """
    names = list(dict.fromkeys(name for chart in shown for name in chart.lines))
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    drawn, top = legend([(name, colours[name], "") for name in names], 0)
    points = [point for chart in shown for of in chart.lines.values() for point in of]
    x = Scale.around([math.log10(point.at) for point in points], 0.03)
    ends = [end for point in points for end in point[1:]]
    y = Scale.around(ends, 0.05)
    columns = 1 if len(shown) == 1 else 2
    width = (WIDTH - (columns - 1) * _GAP) / columns
    parts = [drawn]
    row = _HEADING + _HEIGHT + _FOOT
    for i, chart in enumerate(shown):
        place = _Place(i % columns * (width + _GAP), top + i // columns * row, width, x, y)
        parts.append(_chart(chart, colours, place, axes))
    return svg(title, description, top + math.ceil(len(shown) / columns) * row, "".join(parts))


class _Place(NamedTuple):
    """Where a chart is drawn, and its scales; the horizontal one is of logarithms."""

    left: float
    top: float
    width: float
    x: Scale
    y: Scale

    def __call__(self, at: float, value: float) -> tuple[float, float]:
        across = self.left + _LEFT + self.x.position(math.log10(at)) * (self.width - _LEFT)
        return across, self.top + _HEADING + (1 - self.y.position(value)) * _HEIGHT


def _chart(chart: Chart, colours: Mapping[str, str], place: _Place, axes: tuple[str, str]) -> str:
    x, y = place.x, place.y
    first, last = 10**x.low, 10**x.high
    drawn = [label(place.left + _LEFT, place.top + 14, chart.title, colour=INK, bold=True)]
    for value, written in y.ticks():
        left, height = place(first, value)
        drawn.append(line((left, height), place(last, value), GRID))
        drawn.append(label(left - 6, height + 4, written, anchor="end"))
    for value, written in _ticks(x):
        across, bottom = place(value, y.low)
        drawn.append(line((across, bottom), (across, bottom + 4), INK))
        drawn.append(label(across, bottom + 16, written, anchor="middle"))
    middle = place.left + _LEFT + (place.width - _LEFT) / 2
    drawn.append(label(middle, place(first, y.low)[1] + 32, axes[0], anchor="middle"))
    drawn.append(label(place.left, place.top + 14, axes[1]) if not chart.title else "")
    for name, points in chart.lines.items():
        known = [point for point in points if math.isfinite(point.low + point.high)]
        if len(known) > 1:
            upper = [place(point.at, point.high) for point in known]
            lower = [place(point.at, point.low) for point in reversed(known)]
            drawn.append(area([*upper, *lower], colours[name]))
        if len(points) > 1:
            path = (place(point.at, point.value) for point in points)
            drawn.append(polyline(path, colours[name]))
        told = [(*place(p.at, p.value), f"{name}: {p.value:.4g} at {p.at:.3g}") for p in points]
        drawn.append(dots(told, colours[name]))
    return "".join(drawn)


def _ticks(x: Scale) -> list[tuple[float, str]]:
    """Round values on a logarithmic axis, few enough to be read."""
    powers = range(math.floor(x.low), math.ceil(x.high) + 1)
    for units in ((1, 2, 5), (1, 3), (1,)):
        values = [unit * 10.0**power for power in powers for unit in units]
        inside = [value for value in values if x.low <= math.log10(value) <= x.high]
        if len(inside) <= 8:
            break
    return [(value, f"{value:.6g}") for value in inside]
