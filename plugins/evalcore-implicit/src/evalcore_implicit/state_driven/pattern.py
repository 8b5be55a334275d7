"""Which weights of an implicit model are not 0, coarsely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalcore_implicit.sim import Weights

    Mask = NDArray[np.bool_]

__all__ = ["pattern"]

_STATES, _INPUTS, _OUTPUTS = 50, 50, 20
"""Cells of each matrix at most, by what its rows and columns are of."""

_LEVELS = 9
"""Above nothing at all."""


def pattern(weights: Weights, sizes: Sequence[int]) -> dict[str, Any]:
    """The four matrices, each thinned to a raster of few cells.

    Args:
        weights: of the model.
        sizes: states of each layer, the last layer first.

    Returns:
        By `A`, `B`, `C` and `D` the rows of the raster as texts, of a digit for each cell: 0 where
        all weights are 0, and 1 to 9 by the share of those that are not. `layers` has the states at
        which a layer ends, and `shape` the numbers of states, inputs and outputs.
    """
    (n, p), q = weights.B.shape, len(weights.C)
    cells = {"A": (_STATES, _STATES), "B": (_STATES, _INPUTS)}
    cells |= {"C": (_OUTPUTS, _STATES), "D": (_OUTPUTS, _INPUTS)}
    rasters = {name: _thinned(getattr(weights, name) != 0, *of) for name, of in cells.items()}
    ends = np.cumsum(sizes, dtype=int)[:-1].tolist()
    return {**rasters, "layers": ends, "shape": [n, p, q]}


def _thinned(mask: Mask, most_rows: int, most_columns: int) -> list[str]:
    rows, columns = mask.shape
    if not mask.size:
        return []
    above = _bounds(rows, most_rows)
    left = _bounds(columns, most_columns)
    sums = np.add.reduceat(np.add.reduceat(mask.astype(int), above[:-1], 0), left[:-1], 1)
    shares = sums / np.outer(np.diff(above), np.diff(left))
    levels = np.ceil(shares * _LEVELS).astype(int)
    return ["".join(map(str, row)) for row in levels.tolist()]


def _bounds(size: int, most: int) -> NDArray[np.int64]:
    """Where cells begin and end: one for each where there are few."""
    count = min(size, most)
    return np.arange(count + 1) * size // count
