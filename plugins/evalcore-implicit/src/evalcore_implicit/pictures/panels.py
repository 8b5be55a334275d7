"""Lines in panels, one above the other: a forecast beside the truth."""

from __future__ import annotations

import math
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from evalcore_implicit.pictures.elements import (
    COLOURS,
    GRID,
    INK,
    WIDTH,
    label,
    legend,
    line,
    polyline,
    svg,
)
from evalcore_implicit.pictures.scales import Scale

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Points = Sequence[tuple[float, float]]

__all__ = ["Panel", "panels"]

_LEFT, _RIGHT, _HEADING, _HEIGHT, _FOOT = 56, 12, 20, 150, 30

#: How far beyond the truth an axis goes to each side, as a share of what the truth spans.
_MARGIN = 0.2

#: Times further apart than so many times the median step are not joined.
_GAP = 10

_DASHES = ("", "5 3", "2 2")


class Panel(NamedTuple):
    """The truth and what was said of it.

    Attributes:
        title: Such as the name of a band.
        time: Numbers, or texts, of which dates are by ISO 8601, in order; shape (k,).
        truth: Shape (k,).
        forecasts: By the name of the model, each of shape (k,).
    """

    title: str
    time: Sequence[float] | Sequence[str]
    truth: Sequence[float]
    forecasts: Mapping[str, Sequence[float]]


def panels(shown: Sequence[Panel], title: str, description: str) -> str:
    """A drawing of panels, with one key for all of them.

    The vertical axis of each is around its truth; lines are cut where they leave it, and where
    nothing is known for ten times as long as between most times. A model has the same colour in all
    panels.
    """
    names = list(dict.fromkeys(name for panel in shown for name in panel.forecasts))
    styles = {
        name: (COLOURS[i % len(COLOURS)], _DASHES[i // len(COLOURS) % len(_DASHES)])
        for i, name in enumerate(names)
    }
    keys = [("truth", INK, ""), *((name, *styles[name]) for name in names)]
    drawn, top = legend(keys, 0)
    parts = [drawn]
    for panel in shown:
        parts.append(_panel(panel, styles, top + _HEADING))
        top += _HEADING + _HEIGHT + _FOOT
    return svg(title, description, top, "".join(parts))


def _panel(panel: Panel, styles: Mapping[str, tuple[str, str]], top: float) -> str:
    times, ends = _places(panel.time)
    x, y = Scale.around(times), Scale.around(panel.truth, _MARGIN)

    def place(time: float, value: float) -> tuple[float, float]:
        across = _LEFT + x.position(time) * (WIDTH - _LEFT - _RIGHT)
        return across, top + (1 - y.position(value)) * _HEIGHT

    drawn = [label(_LEFT, top - 7, panel.title, colour=INK, bold=True)]
    for value, written in y.ticks():
        (left, height), (right, _) = place(x.low, value), place(x.high, value)
        drawn.append(line((left, height), (right, height), GRID))
        drawn.append(label(left - 8, height + 4, written, anchor="end"))
    marks = [(x.low, ends[0], "start"), (x.high, ends[1], "end")] if ends else []
    marks = marks or [(value, written, "middle") for value, written in x.ticks(6)]
    for value, written, anchor in marks:
        across, bottom = place(value, y.low)
        drawn.append(label(across, bottom + 15, written, anchor=anchor))
    lines = [(panel.truth, INK, "", 2.0)]
    lines += [(values, *styles[name], 1.5) for name, values in panel.forecasts.items()]
    for values, colour, dash, width in lines:
        for stretch in _stretches(list(zip(times, values, strict=True))):
            for piece in _cut(stretch, y):
                drawn.append(
                    polyline((place(*point) for point in piece), colour, width=width, dash=dash)
                )
    return "".join(drawn)


def _places(time: Sequence[float] | Sequence[str]) -> tuple[list[float], tuple[str, str] | None]:
    """Times as numbers; of texts their days, or places, and what is written at both ends."""
    if not time or not isinstance(time[0], str):
        return [float(value) for value in time], None
    texts = [str(text) for text in time]
    try:
        dates = [datetime.fromisoformat(text).replace(tzinfo=None) for text in texts]
        places = [(date - dates[0]).total_seconds() / 86_400 for date in dates]
    except ValueError:
        places = [float(i) for i in range(len(texts))]
    return places, (texts[0], texts[-1])


def _stretches(points: Points) -> Iterator[Points]:
    """The parts of a line between which there are no times for long."""
    steps = sorted(after[0] - before[0] for before, after in pairwise(points))
    if not steps:
        return
    longest = _GAP * steps[len(steps) // 2]
    begin = 0
    for i, (before, after) in enumerate(pairwise(points), 1):
        if after[0] - before[0] > longest > 0:
            yield points[begin:i]
            begin = i
    yield points[begin:]


def _cut(points: Points, y: Scale) -> Iterator[Points]:
    """The pieces of a line that lie on an axis, cut where they leave it."""
    piece: list[tuple[float, float]] = []
    for start, end in pairwise(points):
        inner = _inner(start, end, y)
        if inner and piece and piece[-1] == inner[0]:
            piece.append(inner[1])
            continue
        if len(piece) > 1:
            yield piece
        piece = list(inner) if inner else []
    if len(piece) > 1:
        yield piece


def _inner(
    start: tuple[float, float], end: tuple[float, float], y: Scale
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """What of a segment lies on the axis."""
    (x1, y1), (x2, y2) = start, end
    if not all(map(math.isfinite, (*start, *end))):
        return None
    if y1 == y2:
        return (start, end) if y.low <= y1 <= y.high else None
    shares = sorted(((y.low - y1) / (y2 - y1), (y.high - y1) / (y2 - y1)))
    first, last = max(0.0, shares[0]), min(1.0, shares[1])
    if first >= last:
        return None
    cut = [
        start
        if share == 0
        else end
        if share == 1
        else (x1 + share * (x2 - x1), y1 + share * (y2 - y1))
        for share in (first, last)
    ]
    return cut[0], cut[1]
