"""Axes: where values lie on them, and round values to write beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Scale"]


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis.

    Attributes:
        low: The value at its start.
        high: That at its end, above the one at its start.
    """

    low: float
    high: float

    @classmethod
    def around(cls, values: Iterable[float], margin: float = 0.0) -> Scale:
        """The axis that holds all finite values, with a share of their span to each side."""
        finite = [value for value in values if math.isfinite(value)]
        low, high = min(finite, default=0.0), max(finite, default=1.0)
        span = high - low
        if span <= 1e-9 * max(abs(low), abs(high)):
            span = max(abs(high), 1.0)
            low, high = low - span / 2, high + span / 2
        return cls(low - margin * span, high + margin * span)

    def position(self, value: float) -> float:
        """How far along the axis a value lies, from 0 to 1 for those on it."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self, wanted: int = 4) -> list[tuple[float, str]]:
        """Round values on the axis, about as many as are wanted, as they are written."""
        span = self.high - self.low
        power = 10.0 ** math.floor(math.log10(span / wanted))
        step = next(power * unit for unit in (1, 2, 5, 10) if power * unit * wanted >= span)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [(k * step, f"{k * step:.10g}") for k in range(first, last + 1)]
