"""Maps of errors: events on a plain equirectangular world, one map for each model."""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from evalcore_implicit.pictures.elements import (
    GRID,
    INK,
    SOFT,
    WIDTH,
    dots,
    label,
    line,
    polyline,
    svg,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["World", "error_edges", "worlds"]

_GAP, _HEADING, _FOOT, _KEY = 20, 20, 18, 40
_STEP = 30

#: From the lowest errors to the highest, told apart by colour-blind readers: of viridis.
_RAMP = ("#443a83", "#31688e", "#21918c", "#35b779", "#90d743", "#fde725")


#: Multiples of a power of ten that are round, the roundest first.
_ROUND = ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8), tuple(unit / 10 for unit in range(10, 100)))


class World(NamedTuple):
    """Events and how far off each was located.

    Attributes:
        title: Such as the name of a model.
        events: Longitude and latitude in degrees, and the error in kilometres, of each.
        region: The corners of a region in degrees; nothing where there is none.
    """

    title: str
    events: Sequence[tuple[float, float, float]]
    region: Sequence[tuple[float, float]]


def worlds(shown: Sequence[World], title: str, description: str) -> str:
    """A drawing of maps, two in a row where there are several, with one key for all."""
    columns = 1 if len(shown) == 1 else 2
    width = (WIDTH - (columns - 1) * _GAP) / columns
    height = width / 2
    edges = error_edges(event[2] for world in shown for event in world.events)
    parts = [_key(edges)]
    for i, world in enumerate(shown):
        left = (i % columns) * (width + _GAP)
        top = _KEY + i // columns * (_HEADING + height + _FOOT) + _HEADING
        parts.append(_map(world, edges, left, top, width))
    rows = math.ceil(len(shown) / columns)
    return svg(title, description, _KEY + rows * (_HEADING + height + _FOOT), "".join(parts))


def error_edges(errors: Iterable[float]) -> list[float]:
    """Round errors that part the colours, at most five.

    They lie above a twentieth of the errors and below another.
    """
    ordered = sorted(error for error in errors if math.isfinite(error) and error > 0)
    if not ordered:
        return []
    low, high = (ordered[round(share * (len(ordered) - 1))] for share in (0.05, 0.95))
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    inside: list[float] = []
    for units in _ROUND:
        rounded = (unit * 10.0**power for power in powers for unit in units)
        inside = [edge for edge in rounded if low < edge < high]
        if len(inside) >= 3:
            break
    most = len(_RAMP) - 1
    if len(inside) <= most:
        return inside
    return [inside[round(i * (len(inside) - 1) / (most - 1))] for i in range(most)]


def _map(world: World, edges: Sequence[float], left: float, top: float, width: float) -> str:
    def place(longitude: float, latitude: float) -> tuple[float, float]:
        return left + (longitude + 180) / 360 * width, top + (90 - latitude) / 360 * width

    drawn = [label(left, top - 7, world.title, colour=INK, bold=True)]
    drawn += [
        line(place(at, -90), place(at, 90), SOFT if abs(at) == 180 else GRID)
        for at in range(-180, 181, _STEP)
    ]
    drawn += [
        line(place(-180, at), place(180, at), SOFT if abs(at) == 90 else GRID)
        for at in range(-90, 91, _STEP)
    ]
    for at in (-120, 0, 120):
        drawn.append(label(place(at, -90)[0], top + width / 2 + 13, f"{at}°", anchor="middle"))
    colours = _colours(len(edges) + 1)
    radius = 2.6 if width > WIDTH / 2 else 1.9
    for step, colour in enumerate(colours):
        events = [
            (*place(_wrapped(longitude), latitude), f"{error:.3g} km")
            for longitude, latitude, error in world.events
            if bisect_right(edges, error) == step
        ]
        if events:
            drawn.append(dots(events, colour, radius))
    for piece in _outline(world.region):
        drawn.append(polyline((place(*point) for point in piece), INK, dash="4 2"))
    return "".join(drawn)


def _outline(region: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """A closed region, cut where it crosses the date line."""
    if not region:
        return []
    corners = [*region, region[0]] if region[0] != region[-1] else list(region)
    if all(-180 <= longitude <= 180 for longitude, _ in corners):
        return [corners]
    pieces: list[list[tuple[float, float]]] = [[]]
    for (x1, y1), (x2, y2) in pairwise(corners):
        turns = sorted({0.0, 1.0, *_crossings(x1, x2)})
        for first, last in pairwise(turns):
            turn = 360 * math.floor(((x1 + (first + last) / 2 * (x2 - x1)) + 180) / 360)
            ends = [
                (x1 + share * (x2 - x1) - turn, y1 + share * (y2 - y1)) for share in (first, last)
            ]
            if not pieces[-1] or pieces[-1][-1] != ends[0]:
                pieces.append([ends[0]])
            pieces[-1].append(ends[1])
    return [piece for piece in pieces if len(piece) > 1]


def _crossings(x1: float, x2: float) -> list[float]:
    """How far between two longitudes the date line is crossed."""
    return [(at - x1) / (x2 - x1) for at in (-180.0, 180.0) if min(x1, x2) < at < max(x1, x2)]


def _wrapped(longitude: float) -> float:
    return (longitude + 180) % 360 - 180


def _colours(count: int) -> list[str]:
    """So many of the ramp, spread over it."""
    if count == 1:
        return [_RAMP[2]]
    return [_RAMP[round(i * (len(_RAMP) - 1) / (count - 1))] for i in range(count)]


def _key(edges: Sequence[float]) -> str:
    """The colours with the errors that part them."""
    colours = _colours(len(edges) + 1)
    width = 52
    bars = "".join(
        f'<path d="M{i * width} 16h{width}v8h-{width}z" style="fill:{colour}"/>'
        for i, colour in enumerate(colours)
    )
    ends = "".join(
        label((i + 1) * width, 11, f"{edge:,.10g}", anchor="middle") for i, edge in enumerate(edges)
    )
    return bars + ends + label(len(colours) * width + 8, 24, "error in km")
