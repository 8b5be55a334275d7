"""Plots as inline SVG: dots with whiskers, stacked bars, lines with bands.

An SVG here is the plot area alone. Positions along its width are percentages, so that it fits
any column while its text keeps its size; its tick labels lie outside of it, in the padding of
the figure around it. Colours come from the style sheet of the page, by class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from evalcore.numerals import known, over_decades

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "LABEL",
    "LINES",
    "ROW",
    "SERIES",
    "TALL",
    "Caption",
    "Line",
    "Mark",
    "Point",
    "Scale",
    "dots",
    "leaders",
    "lines",
    "scatter",
    "stack",
    "text",
]

#: Height of a row of dots or bars, in CSS pixels.
ROW = 26

#: Beyond this number, rows can be scrolled, and the axis is labelled at the top as well.
TALL = 20

#: Number of colours that the page has for parts: the classes `s0`, `s1`, ...
SERIES = 7

#: Number of colours that the page has for lines: the classes `c0`, `c1`, ...
LINES = 7

#: Height of the name at the end of a line, in CSS pixels.
LABEL = 18

#: Control characters and lone surrogates cannot stand in a page: a picture of them can.
_VISIBLE = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {
    0x7F: 0x2421,
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
}

#: What a character of a tick label takes of a narrow plot's width, in percent.
_CHARACTER = 3.6

#: Height of the plot area of lines, in CSS pixels.
_HEIGHT = 220


class Caption(NamedTuple):
    """What a reader who cannot see the plot is told.

    Attributes:
        id: Unique in the page.
        title: What is plotted.
        description: What is to be seen.
    """

    id: str
    title: str
    description: str


class Point(NamedTuple):
    """A value with its interval, and where it stands on the axis of a line."""

    value: float | None
    low: float | None = None
    high: float | None = None
    x: float = 0.0


class Line(NamedTuple):
    """Points from left to right.

    Attributes:
        name: Of what they are the values.
        points: The points.
        colour: The place of their colour; without one the line is grey.
        banded: Whether their intervals are drawn.
        labels: What is written above each, or nothing.
    """

    name: str
    points: Sequence[Point]
    colour: int | None = None
    banded: bool = False
    labels: Sequence[str] = ()

    @property
    def end(self) -> float | None:
        """The value at the right end; unknown where nothing could be measured."""
        return next((point.value for point in reversed(self.points) if known(point.value)), None)


class Mark(NamedTuple):
    """A named point between two axes, with the interval of its height."""

    name: str
    x: float
    y: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from the first tick to the last.

    Attributes:
        ticks: At least two values, ascending.
        logarithmic: Whether equal ratios, not equal differences, are equally far apart.
        powers: Whether the ticks are powers of ten, and written so.
    """

    ticks: tuple[float, ...]
    logarithmic: bool = False
    powers: bool = False

    @classmethod
    def around(cls, points: Iterable[Point]) -> Scale:
        """The round scale that holds all values and intervals.

        Over decades it is logarithmic; intervals are cut at its lowest tick there.
        """
        points = list(points)
        values = [point.value for point in points if known(point.value)]
        if over_decades(values):
            highs = [point.high for point in points if known(point.high)]
            return cls(_powers_of_ten(min(values), max(values + highs)), True, True)
        ends = [end for point in points for end in point[:3] if known(end)]
        low, high = min(ends, default=0.0), max(ends, default=1.0)
        if 0 < low < high / 2:
            low = 0.0
        return cls(_round_ticks(low, high))

    @classmethod
    def at_each(cls, values: Iterable[float]) -> Scale:
        """The scale with a tick at each of some values, logarithmic beyond a decade."""
        ticks = tuple(sorted(set(values)))
        return cls(ticks, logarithmic=ticks[0] > 0 and ticks[-1] / ticks[0] > 10)

    def position(self, value: float) -> float:
        """How far along the axis the value lies, in percent."""
        low, high = self._place(self.ticks[0]), self._place(self.ticks[-1])
        return 100 * (self._place(value) - low) / (high - low)

    def labels(self, character: float = 0.0) -> list[tuple[float, str]]:
        """Positions and texts of the tick labels, as far as there is room for them.

        Args:
            character: What a character takes along the axis, in percent.
        """
        shown: list[tuple[float, str]] = []
        decimals = _tick_decimals(self.ticks)
        for tick in self.ticks:
            position = self.position(tick)
            label = _power_label(tick) if self.powers else _tick_label(tick, decimals)
            if not shown or position - shown[-1][0] >= max(7.0, character * len(label)):
                shown.append((position, label))
        return shown

    def _place(self, value: float) -> float:
        return math.log(max(value, self.ticks[0])) if self.logarithmic else value


def dots(points: Sequence[Point], scale: Scale, caption: Caption) -> str:
    """A row for each point: a dot at its value, a whisker over its interval."""
    height = len(points) * ROW
    marks = "".join(_dot(point, scale, (row + 0.5) * ROW) for row, point in enumerate(points))
    return _svg("dots", height, _vertical_axis_lines(scale, height) + marks, caption)


def stack(rows: Sequence[Sequence[float]], caption: Caption) -> str:
    """A row for each list of shares: a bar of 100 percent divided into them, colour by place."""
    scale = Scale((0.0, 25.0, 50.0, 75.0, 100.0))
    bars = "".join(_bar(shares, row * ROW) for row, shares in enumerate(rows))
    return _svg(
        "stack", len(rows) * ROW, _vertical_axis_lines(scale, len(rows) * ROW) + bars, caption
    )


def lines(drawn: Sequence[Line], scale: Scale, x: Scale, axis: str, caption: Caption) -> str:
    """Lines over an axis: grey ones behind, bands before them, those with a colour in front."""
    grey = "".join(
        _polyline(line, "grey", _known_points(line.points, scale, x))
        for line in drawn
        if line.colour is None
    )
    coloured = [line for line in drawn if line.colour is not None]
    bands = "".join(_band(line, scale, x) for line in drawn if line.banded)
    front = "".join(_line(line, scale, x) for line in coloured)
    content = _axes(scale, x, axis) + _in_percent(grey + bands) + front
    return _svg("lines", _HEIGHT, content, caption)


def leaders(ends: Sequence[Line], scale: Scale) -> tuple[str, list[float]]:
    """What leads from the ends of lines to their names beside the plot.

    Args:
        ends: Lines that end somewhere, from the highest end to the lowest.
        scale: That of the values.

    Returns:
        The drawing, and how far below the top of the plot the middle of each name is, in CSS
        pixels: as near to the end of its line as the other names let it.
    """
    heights = [(100 - scale.position(line.end)) / 100 * _HEIGHT for line in ends if known(line.end)]
    places = _apart(heights, LABEL, _HEIGHT)
    drawn = "".join(
        f'<line class="leader c{line.colour}" x1="4" x2="100%" y1="{_number(height)}" '
        f'y2="{_number(place)}"/>'
        for line, height, place in zip(ends, heights, places, strict=True)
    )
    svg = f'<svg class="leaders" width="100%" height="{_HEIGHT}" aria-hidden="true">{drawn}</svg>'
    return svg, places


def scatter(marks: Sequence[Mark], best: Sequence[Mark], axis: str, caption: Caption) -> str:
    """A dot with a whisker for each mark; the best are numbered, with steps over them.

    Args:
        marks: All marks.
        best: Some of them, rising along both axes.
        axis: What the horizontal axis shows.
        caption: What the plot is called.
    """
    scale = Scale.around(Point(mark.y, mark.low, mark.high) for mark in marks)
    x = Scale.around(Point(mark.x) for mark in marks)
    numbers = {mark: number for number, mark in enumerate(best, 1)}
    steps = _in_percent(f'<polyline class="line steps" points="{_path(_steps(best, scale, x))}"/>')
    drawn = "".join(_mark(mark, numbers.get(mark), scale, x) for mark in marks)
    return _svg("scatter", _HEIGHT, _axes(scale, x, axis) + steps + drawn, caption)


def text(value: object) -> str:
    """The value as text of a page or of an attribute in it, whatever it contains."""
    return escape(str(value).translate(_VISIBLE))


def _svg(kind: str, height: int, content: str, caption: Caption) -> str:
    name = text(caption.id)
    return (
        f'<svg class="{kind}" width="100%" height="{height}" role="img" '
        f'aria-labelledby="{name}-title {name}-description">'
        f'<title id="{name}-title">{text(caption.title)}</title>'
        f'<desc id="{name}-description">{text(caption.description)}</desc>{content}</svg>'
    )


def _vertical_axis_lines(scale: Scale, height: int) -> str:
    grid = "".join(
        f'<line class="grid" x1="{at}%" x2="{at}%" y1="0" y2="{height}"/>'
        for at in (_number(scale.position(tick)) for tick in scale.ticks)
    )
    heights = (height + 16, -8) if height > TALL * ROW else (height + 16,)
    labels = "".join(
        _tick(place, position, y, label)
        for y in heights
        for place, (position, label) in enumerate(scale.labels(_CHARACTER))
    )
    return grid + labels


def _tick(place: int, position: float, y: int, label: str) -> str:
    # Where room is short, the page leaves out the odd ones.
    kind = "tick odd" if place % 2 else "tick"
    return f'<text class="{kind}" x="{_number(position)}%" y="{y}">{label}</text>'


def _horizontal_grid_line(position: float, label: str) -> str:
    y = _number(100 - position)
    return (
        f'<line class="grid" x1="0" x2="100%" y1="{y}%" y2="{y}%"/>'
        f'<text class="tick side" x="-8" y="{y}%">{label}</text>'
    )


def _dot(point: Point, scale: Scale, y: float) -> str:
    if not known(point.value):
        return ""
    whisker = ""
    if known(point.low) and known(point.high):
        low, high = _number(scale.position(point.low)), _number(scale.position(point.high))
        whisker = f'<line class="whisker" x1="{low}%" x2="{high}%" y1="{y:g}" y2="{y:g}"/>'
    at = _number(scale.position(point.value))
    return f'{whisker}<circle class="dot" cx="{at}%" cy="{y:g}" r="4.5"/>'


def _bar(shares: Sequence[float], y: int) -> str:
    parts = []
    left = 0.0
    for place, share in enumerate(shares):
        x, width = _number(100 * left), _number(100 * share)
        parts.append(
            f'<rect class="s{place}" x="{x}%" width="{width}%" y="{y + 3}" height="{ROW - 6}"/>'
        )
        if share >= 0.1:
            middle, centre = _number(100 * (left + share / 2)), y + ROW // 2
            label = f'<text class="share on{place}" x="{middle}%" y="{centre}">{share:.0%}</text>'
            parts.append(label)
        left += share
    return "".join(parts)


def _axes(scale: Scale, x: Scale, axis: str) -> str:
    """The grid lines of the values, and below the ticks and what they are of."""
    grid = "".join(_horizontal_grid_line(*label) for label in scale.labels())
    ticks = "".join(
        _tick(place, position, _HEIGHT + 18, label)
        for place, (position, label) in enumerate(x.labels(_CHARACTER))
    )
    kind = f"{axis} (logarithmic)" if x.logarithmic else axis
    return f'{grid}{ticks}<text class="tick" x="50%" y="{_HEIGHT + 36}">{text(kind)}</text>'


def _mark(mark: Mark, number: int | None, scale: Scale, x: Scale) -> str:
    across, up = _number(x.position(mark.x)), _number(100 - scale.position(mark.y))
    whisker = label = ""
    if known(mark.low) and known(mark.high):
        low, high = (_number(100 - scale.position(end)) for end in (mark.low, mark.high))
        whisker = (
            f'<line class="whisker thin" x1="{across}%" x2="{across}%" y1="{low}%" y2="{high}%"/>'
        )
    if number:
        label = f'<text class="tick" x="{across}%" y="{up}%" dx="-9" dy="-6">{number}</text>'
    return (
        f'{whisker}<circle class="dot{"" if number else " faint"}" cx="{across}%" cy="{up}%" '
        f'r="4.5"><title>{text(mark.name)}</title></circle>{label}'
    )


def _steps(best: Sequence[Mark], scale: Scale, x: Scale) -> list[tuple[float, float]]:
    """Over each cost, the most that is had for it; level from the last mark to the right end."""
    corners = [(x.position(mark.x), scale.position(mark.y)) for mark in best]
    rises = [((right, low), (right, high)) for (_, low), (right, high) in pairwise(corners)]
    return [corners[0], *(corner for rise in rises for corner in rise), (100.0, corners[-1][1])]


def _in_percent(content: str) -> str:
    """Paths, which know no percentages, in a coordinate system of 100 by 100 of their own."""
    return (
        '<svg width="100%" height="100%" viewBox="0 0 100 100" preserveAspectRatio="none">'
        f"{content}</svg>"
    )


def _polyline(line: Line, kind: str, path: Iterable[tuple[float, float]]) -> str:
    return (
        f'<polyline class="line {kind}" points="{_path(path)}">'
        f"<title>{text(line.name)}</title></polyline>"
    )


def _line(line: Line, scale: Scale, x: Scale) -> str:
    path = _known_points(line.points, scale, x)
    circles = "".join(
        f'<circle class="point c{line.colour}" cx="{_number(across)}%" cy="{_number(100 - up)}%" '
        f'r="3.5"/>'
        for across, up in path
    )
    polyline = _polyline(line, f"c{line.colour}", path)
    return _in_percent(polyline) + circles + _labels(line, scale, x)


def _labels(line: Line, scale: Scale, x: Scale) -> str:
    """The labels of a line, of the points whose ticks are labelled."""
    shown = {position for position, _ in x.labels(_CHARACTER)}
    places = ((x.position(point.x), point.value) for point in line.points)
    return "".join(
        f'<text class="tick label{"" if across else " begin"}" x="{_number(across)}%" '
        f'y="{_number(100 - scale.position(value))}%" dy="-10">{text(label)}</text>'
        for label, (across, value) in zip(line.labels, places, strict=False)
        if across in shown and known(value)
    )


def _band(line: Line, scale: Scale, x: Scale) -> str:
    return (
        f'<polygon class="band c{line.colour}" points="{_path(_outline(line.points, scale, x))}"/>'
    )


def _known_points(points: Sequence[Point], scale: Scale, x: Scale) -> list[tuple[float, float]]:
    return [(x.position(p.x), scale.position(p.value)) for p in points if known(p.value)]


def _outline(points: Sequence[Point], scale: Scale, x: Scale) -> list[tuple[float, float]]:
    """The upper ends of the intervals from left to right, then the lower ends back."""
    upper = [(x.position(p.x), scale.position(p.high)) for p in points if known(p.high)]
    lower = [(x.position(p.x), scale.position(p.low)) for p in points if known(p.low)]
    return upper + lower[::-1]


def _apart(places: Sequence[float], gap: float, end: float) -> list[float]:
    """Rising places, moved so that each is a gap from the next and the last at most at the end."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + gap) if moved else place)
    for left, place in enumerate(reversed(range(len(moved)))):
        moved[place] = min(moved[place], end - left * gap)
    return moved


def _path(positions: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_number(x)},{_number(100 - y)}" for x, y in positions)


def _round_ticks(low: float, high: float) -> tuple[float, ...]:
    """Some five multiples of 1, 2 or 5 times a power of ten, around low and high."""
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        low, high = min(low, 0.0), max(high, 0.0) or float(not low)
    power = 10.0 ** math.floor(math.log10((high - low) / 4))
    step = next(power * unit for unit in (1, 2, 5, 10) if power * unit * 5 >= high - low)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(step * k for k in range(first, last + 1))


def _powers_of_ten(low: float, high: float) -> tuple[float, ...]:
    """At most six powers of ten, evenly apart, around low and high."""
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    step = math.ceil((last - first) / 5)
    return tuple(10.0**power for power in range(first, last + step, step))


def _tick_decimals(ticks: Sequence[float]) -> int:
    """Digits after the point that tell every tick from the next."""
    closest = min(b - a for a, b in pairwise(ticks))
    decimals = max(0, -math.floor(math.log10(closest) + 1e-9))
    exact = all(abs(round(tick, decimals) - tick) <= 1e-6 * closest for tick in ticks)
    return decimals if exact else decimals + 1


def _power_label(tick: float) -> str:
    power = round(math.log10(tick))
    return f"{tick:.10g}" if -3 <= power <= 4 else f"1e{power}"


def _tick_label(tick: float, decimals: int) -> str:
    for unit, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(tick) >= max(unit, 1e4):
            return f"{tick / unit:.10g}{letter}"
    return f"{tick:.{decimals}f}" if decimals <= 5 else f"{tick:.3g}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
