"""Patterns of the matrices of implicit models: A and B above C and D."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from evalcore_implicit.pictures.elements import (
    INK,
    SOFT,
    WIDTH,
    cells,
    label,
    line,
    polyline,
    svg,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Cell = tuple[float, float, float]

__all__ = ["Matrices", "matrices"]

_GAP, _HEADING, _LETTERS, _BETWEEN = 20, 20, 14, 8

_LEVELS = 9
"""Digits above 0."""


class Matrices(NamedTuple):
    """Rasters of the four matrices.

    Attributes:
        title: Such as the name of a model.
        rasters: By `A`, `B`, `C` and `D` rows of digits: 0 for nothing, 9 for all weights of a
            cell.
        layers: Where a layer ends and the next begins, as a share of the states.
    """

    title: str
    rasters: Mapping[str, Sequence[str]]
    layers: Sequence[float]


def matrices(shown: Sequence[Matrices], title: str, description: str) -> str:
    """A drawing of models, two in a row."""
    width = (WIDTH - _GAP) / 2
    drawn, top, below = [], 0.0, 0.0
    for i, model in enumerate(shown):
        if i % 2 == 0:
            top, below = top + below, 0.0
        content, height = _model(model, i % 2 * (width + _GAP), top, width)
        drawn.append(content)
        below = max(below, height)
    return svg(title, description, top + below, "".join(drawn))


def _model(model: Matrices, left: float, top: float, width: float) -> tuple[str, float]:
    rasters = model.rasters
    columns = {key: len(rasters[key][0]) if rasters[key] else 0 for key in "CD"}
    side = min((width - _BETWEEN - 2) / max(sum(columns.values()), 1), 8.0)
    drawn = [label(left, top + 13, model.title, colour=INK, bold=True)]
    height = top + _HEADING
    for pair in ("AB", "CD"):
        rows = max(len(rasters[key]) for key in pair)
        across = left
        for key, above in zip(pair, "CD", strict=True):
            if rasters[key]:
                box = (across, height + _LETTERS, columns[above] * side, rows * side)
                drawn.append(label(across, height + 11, key))
                drawn.append(_raster(rasters[key], box, side))
                drawn += _layers(key, model.layers, box)
            across += columns[above] * side + _BETWEEN
        height += (_LETTERS + rows * side + 4) if rows else 0
    return "".join(drawn), height - top + _GAP


def _raster(rows: Sequence[str], box: tuple[float, float, float, float], side: float) -> str:
    left, top, width, height = box
    found: dict[str, list[Cell]] = {}
    for i, row in enumerate(rows):
        at = 0
        for digit, run in groupby(row):
            count = len(list(run))
            if digit != "0":
                found.setdefault(digit, []).append((left + at * side, top + i * side, count * side))
            at += count
    drawn = [
        cells(places, side, 0.15 + 0.85 * int(digit) / _LEVELS)
        for digit, places in sorted(found.items())
    ]
    right, bottom = left + width, top + height
    outline = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return "".join([*drawn, polyline(outline, SOFT, width=1)])


def _layers(key: str, layers: Sequence[float], box: tuple[float, float, float, float]) -> list[str]:
    """The lines between layers: rows of A and B, columns of A and C."""
    left, top, width, height = box
    drawn = []
    for share in layers:
        if not math.isfinite(share):
            continue
        if key in "AB":
            at = top + share * height
            drawn.append(line((left, at), (left + width, at), SOFT))
        if key in "AC":
            at = left + share * width
            drawn.append(line((at, top), (at, top + height), SOFT))
    return drawn
