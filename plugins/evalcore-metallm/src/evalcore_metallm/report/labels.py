"""Names beside points, where they cover each other and what is drawn as little as possible."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.transforms import Bbox

from evalcore_metallm.report.drawing import HALO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["beside"]

_SIDES: dict[tuple[int, int], dict[str, str]] = {
    (1, 0): {"ha": "left", "va": "center"},
    (-1, 0): {"ha": "right", "va": "center"},
    (0, 1): {"ha": "center", "va": "bottom"},
    (0, -1): {"ha": "center", "va": "top"},
    (1, 1): {"ha": "left", "va": "bottom"},
    (1, -1): {"ha": "left", "va": "top"},
    (-1, 1): {"ha": "right", "va": "bottom"},
    (-1, -1): {"ha": "right", "va": "top"},
}
_DISTANCES = (7.0, 16.0, 27.0, 40.0, 56.0)
_APART = 6.0
"""So far apart, on the canvas, are the points of a line that count."""

_MARKER = 8
"""So many of them a marker counts as."""

_FAR = 0.02
"""What a point of distance costs, in covered points."""


def beside(
    axes: Axes, at: Sequence[tuple[float, float]], names: Sequence[str], **style: Any
) -> None:
    """Write the names.

    Args:
        axes: whose limits are final, and whose lines are not to be covered.
        at: the points that have names, in the terms of the axes.
        names: as many.
        style: of the texts.
    """
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    points = np.concatenate([_along(line) for line in axes.lines])
    taken: list[Bbox] = []
    for point, name in zip(at, names, strict=True):
        places = [_Place(side, distance) for distance, side in product(_DISTANCES, _SIDES)]
        boxes = [_box(axes, point, name, place, style) for place in places]
        costs = [
            _covered(box, points, taken, axes) + _FAR * place.distance
            for box, place in zip(boxes, places, strict=True)
        ]
        best = int(np.argmin(costs))
        taken.append(boxes[best])
        line = {"arrowstyle": "-", "lw": 0.6, "shrinkA": 0, "shrinkB": 3, "color": style["color"]}
        near = places[best].distance == _DISTANCES[0]
        _label(axes, point, name, places[best], style, None if near else line)


class _Place(NamedTuple):
    """On which side of a point a label is, and how far from it."""

    side: tuple[int, int]
    distance: float


def _along(line: Line2D) -> Floats:
    """Points of a line on the canvas, shape (m, 2): its markers, and some of what is between."""
    points: Floats = line.get_transform().transform(np.stack(line.get_data(), axis=1))
    markers = [points[:: line.get_markevery() or 1]] * _MARKER
    if line.get_linestyle() == "None":
        return np.concatenate(markers)
    far = np.append(0.0, np.hypot(*np.diff(points, axis=0).T).cumsum())
    at = np.linspace(0.0, far[-1], 2 + int(far[-1] / _APART))
    between = np.stack([np.interp(at, far, of) for of in points.T], axis=1)
    return np.concatenate([*markers, between] if line.get_marker() != "None" else [between])


def _box(
    axes: Axes, point: tuple[float, float], name: str, place: _Place, style: dict[str, Any]
) -> Bbox:
    """Where a label would be on the canvas."""
    label = _label(axes, point, name, place, style, None)
    box = label.get_window_extent()
    label.remove()
    return box


def _label(
    axes: Axes,
    point: tuple[float, float],
    name: str,
    place: _Place,
    style: dict[str, Any],
    line: dict[str, Any] | None,
) -> Annotation:
    offset = tuple(place.distance * part / np.hypot(*place.side) for part in place.side)
    words = {"textcoords": "offset points", "gid": HALO, "zorder": 6, **_SIDES[place.side], **style}
    return axes.annotate(name, point, offset, arrowprops=line, **words)


def _covered(box: Bbox, points: Floats, taken: Sequence[Bbox], axes: Axes) -> float:
    """How many points a label covers; another label counts as many, the outside as more still."""
    inside = (points > box.min).all(axis=1) & (points < box.max).all(axis=1)
    others = sum(Bbox.intersection(box, other) is not None for other in taken)
    room = axes.bbox
    out = not (room.x0 <= box.x0 and box.x1 <= room.x1 and room.y0 <= box.y0 and box.y1 <= room.y1)
    return float(inside.sum()) + 50 * others + 100 * out
