"""Symbols of straight strokes, drawn as small grey images."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["SYMBOLS", "Hand", "drawn"]

SYMBOLS: tuple[tuple[tuple[float, float, float, float], ...], ...] = (
    # plus, times, rectangle, triangle, T
    ((-1, 0, 1, 0), (0, -1, 0, 1)),
    ((-1, -1, 1, 1), (-1, 1, 1, -1)),
    ((-1, -1, 1, -1), (1, -1, 1, 1), (1, 1, -1, 1), (-1, 1, -1, -1)),
    ((-1, 1, 1, 1), (1, 1, 0, -1), (0, -1, -1, 1)),
    ((-1, -1, 1, -1), (0, -1, 0, 1)),
    # L, Z, N, V, H
    ((-1, -1, -1, 1), (-1, 1, 1, 1)),
    ((-1, -1, 1, -1), (1, -1, -1, 1), (-1, 1, 1, 1)),
    ((-1, 1, -1, -1), (-1, -1, 1, 1), (1, 1, 1, -1)),
    ((-1, -1, 0, 1), (0, 1, 1, -1)),
    ((-1, -1, -1, 1), (1, -1, 1, 1), (-1, 0, 1, 0)),
)
"""The strokes of each symbol, from (x, y) to (x, y) in a square from -1 to 1; y points down."""


def _padded() -> Floats:
    """The strokes of all symbols, shape (symbols, strokes, 2, 2); the last of one is repeated."""
    most = max(map(len, SYMBOLS))
    padded = [(*strokes, *[strokes[-1]] * (most - len(strokes))) for strokes in SYMBOLS]
    return np.array(padded, np.float64).reshape(len(SYMBOLS), most, 2, 2)


_STROKES = _padded()


class Hand(NamedTuple):
    """How much the drawings of a symbol differ: greatest deviations, each drawn uniformly.

    Attributes:
        shift: of the middle, in pixels.
        turn: of the symbol, in radians.
        slip: of each end of a stroke, where the symbol is from -1 to 1.
        noise: standard deviation of what is added to each pixel, where ink is 1.
    """

    shift: float = 1.5
    turn: float = 0.3
    slip: float = 0.2
    noise: float = 0.15


_SCALE = (0.5, 0.85)
"""Half the width and half the height of a symbol, each by itself; of half the image."""

_THICKNESS = (0.8, 1.8)
"""Of all strokes of a symbol, in pixels."""

_INK = (0.5, 1.0)
"""Grey of a stroke, where the ground is 0."""


def drawn(
    rng: np.random.Generator, labels: NDArray[np.int64], size: int, hand: Hand
) -> NDArray[np.uint8]:
    """Draw a symbol for each label.

    Args:
        rng: draws what differs.
        labels: places in `SYMBOLS`, shape (m,).
        size: height and width in pixels.
        hand: how much the drawings differ.

    Returns:
        Shape (m, 1, size, size).
    """
    count = len(labels)
    ends = _placed(rng, _STROKES[labels], size, hand)
    thickness, ink = (rng.uniform(*each, (count, 1, 1)) for each in (_THICKNESS, _INK))
    # Half a pixel beyond the edge of a stroke there is no ink any more.
    grey = ink * np.clip(thickness / 2 + 0.5 - _distance(ends, size), 0, 1)
    grey += hand.noise * rng.standard_normal((count, size, size))
    return np.rint(255 * np.clip(grey, 0, 1)).astype(np.uint8)[:, None]


def _placed(rng: np.random.Generator, ends: Floats, size: int, hand: Hand) -> Floats:
    """Ends of strokes in pixels, shape (m, strokes, 2, 2), of ends in symbols."""
    count = len(ends)
    slipped = ends + rng.uniform(-hand.slip, hand.slip, ends.shape)
    scaled = slipped * rng.uniform(*_SCALE, (count, 1, 1, 2)) * (size / 2)
    turn = rng.uniform(-hand.turn, hand.turn, (count, 1, 1))
    middle = (size - 1) / 2 + rng.uniform(-hand.shift, hand.shift, (count, 1, 1, 2))
    x, y = scaled[..., 0], scaled[..., 1]
    across, down = np.cos(turn), np.sin(turn)
    placed: Floats = np.stack([across * x - down * y, down * x + across * y], axis=-1) + middle
    return placed


def _distance(ends: Floats, size: int) -> Floats:
    """From each pixel to the nearest stroke, shape (m, size, size)."""
    x = np.arange(size, dtype=np.float64)
    y = x[:, None]
    nearest = np.full((len(ends), size, size), np.inf)
    for stroke in range(ends.shape[1]):
        (x0, y0), (x1, y1) = ends[:, stroke].transpose(1, 2, 0)[..., None, None]
        length = np.maximum((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-12)
        along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length, 0, 1)
        square = (x - x0 - along * (x1 - x0)) ** 2 + (y - y0 - along * (y1 - y0)) ** 2
        nearest = np.minimum(nearest, square)
    distance: Floats = np.sqrt(nearest)
    return distance
