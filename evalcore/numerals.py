"""Numbers as people read them: no more digits than their intervals support."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalcore.data import Result

__all__ = [
    "MISSING",
    "NumberFormat",
    "counted",
    "known",
    "number_format",
    "number_formats",
    "over_decades",
]

#: What stands where nothing could be measured.
MISSING = "—"


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How the numbers of one metric are written, alike in every cell.

    Attributes:
        decimals: Digits after the point of a value; None writes three digits and a power of ten.
        ends: The same of the ends of its interval.
        decades: Whether the values lie so far apart that each is written with three digits.
    """

    decimals: int | None
    ends: int | None
    decades: bool = False

    def value(self, number: float | None) -> str:
        """The number, such as `0.417`."""
        if not known(number):
            return MISSING
        return _three_digits(number) if self.decades else _written(number, self.decimals)

    def interval(self, low: float | None, high: float | None) -> str:
        """The interval, such as `[0.36, 0.48]`, or nothing where it is unknown."""
        if not (known(low) and known(high)):
            return ""
        if self.decades:
            return f"[{_three_digits(low)}, {_three_digits(high)}]"
        return f"[{_written(low, self.ends)}, {_written(high, self.ends)}]"

    def estimate(self, result: Result) -> str:
        """The value and its interval, such as `0.417 [0.36, 0.48]`."""
        return f"{self.value(result.value)} {self.interval(result.low, result.high)}".rstrip()


def number_formats(results: Sequence[Result]) -> dict[str, NumberFormat]:
    """The format for each metric, in the order in which the metrics come.

    A value is written to two digits of half the width of the typical interval, the ends of the
    interval to a tenth of it. Without intervals, the largest value is written with three digits,
    but a share of a few percent with two. Where values lie over decades, each has three digits.
    """
    by_metric: dict[str, list[Result]] = {}
    for result in results:
        by_metric.setdefault(result.metric, []).append(result)
    return {metric: number_format(of_metric) for metric, of_metric in by_metric.items()}


def number_format(results: Sequence[Result]) -> NumberFormat:
    """One format for all of them, as `number_formats` has it for those of a metric."""
    values = [result.value for result in results if known(result.value)]
    halves = [
        (result.high - result.low) / 2
        for result in results
        if known(result.low) and known(result.high) and result.high > result.low
    ]
    if over_decades(values):
        return NumberFormat(None, None, decades=True)
    largest = max(map(abs, values), default=0.0)
    if halves:
        half = sorted(halves)[len(halves) // 2]
        decimals, ends = 1 - math.floor(math.log10(half)), math.ceil(math.log10(5 / half) - 1e-9)
    else:
        decimals = ends = _decimals(
            largest, whole=all(float(value).is_integer() for value in values)
        )
    if decimals > 7 or largest >= 1e12:
        return NumberFormat(None, None)
    return NumberFormat(max(0, decimals), max(0, ends))


def known(value: object) -> TypeGuard[float]:
    """Whether this is a finite number, not a stand-in for one."""
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def over_decades(values: Sequence[float]) -> bool:
    """Whether the values are positive, and the highest is over a thousand times the lowest."""
    return bool(values) and min(values) > 0 and max(values) > 1_000 * min(values)


def counted(number: int, noun: str) -> str:
    """The number with its noun, such as `1 cell` or `2 cells`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _decimals(largest: float, *, whole: bool) -> int:
    if whole:
        return 0
    return 3 if 0.01 <= largest < 1 else 2 - math.floor(math.log10(largest))


def _three_digits(number: float) -> str:
    rounded = float(f"{number:.3g}")
    return f"{rounded:,.10g}" if rounded == 0 or 1e-3 <= abs(rounded) < 1e6 else f"{rounded:.2e}"


def _written(number: float, decimals: int | None) -> str:
    if decimals is None:
        return f"{number:.2e}"
    # Twice, so that numbers that are equal but for an error of rounding read alike; and no minus
    # before a zero.
    rounded = round(round(number, decimals + 6), decimals) + 0.0
    grouping = "," if abs(rounded) >= 10_000 else ""
    return f"{rounded:{grouping}.{decimals}f}"
