"""What the scorer of LiveCodeBench accepts.

Standard output: both texts are stripped, split at newlines, and the lines stripped. The counts
must agree, and each line must be equal, or both lines consist of numbers alone and these are
equal as decimals, exactly.

Known faults, kept: no tolerance for floats; case matters; a blank line too many fails; spacing
matters between words and does not between numbers; 0011 passes for 11 and 1_000 for 1000.

Returned values: Python's `==` after turning a tuple into a list, without tolerance.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from evalcore_codecontests.checkers.text import distinct_pairs, to_text


def stdio(output: bytes, expected: str) -> bool:
    """Tell whether LiveCodeBench's own scorer would pass this output."""
    got, want = _lines(to_text(output)), _lines(expected)
    return len(got) == len(want) and all(map(_same_line, got, want))


def call(result: Any, expected: Any) -> bool:
    """Tell whether LiveCodeBench's own scorer would pass this return value."""
    if isinstance(result, tuple):
        result = list(result)
    try:
        return bool(result == expected)
    except RecursionError:  # nested deeper than Python compares
        return False


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().split("\n")]


def _same_line(got: str, want: str) -> bool:
    if got == want:
        return True
    numbers, wanted = got.split(), want.split()
    if len(numbers) != len(wanted):
        return False
    try:
        return all(Decimal(a) == Decimal(b) for a, b in distinct_pairs(numbers, wanted))
    except InvalidOperation:  # not a number, or one that refuses to be compared
        return False
