r"""The default rule: what a careful contest jury would accept, no more.

Standard output: both sides are split on ASCII white space and compared token by token. A token
matches when it is equal byte for byte, or when the expected token is

- a float (it has a point or an exponent) and the output a finite decimal literal within 1e-6,
  absolute or relative to the expected value;
- an integer and the output the same digits, with a leading `+` or a fraction of zeros allowed
  (`+5` and `5.0` for `5`): exact at any length, and `0010` is not `10`, for it may be a string
  of bits;
- one of yes, no, true, false, possible, impossible, whatever the case of the letters.

Returned values: compared by type and value. A tuple is a list; a float where a float is
expected is compared to 1e-6; a boolean is wanted where a boolean is expected, while `True` may
stand for 1; integers, and floats where an integer is expected, are exact; integer keys of a
dict may have become strings, as they do in JSON.

Data sets of the APPS family wrap many return values in a list of one element, and nothing in
the data says which. So where the expected value is a list of exactly one element, that element
is accepted as well. The price: a function that returns `x` for `[x]` passes. A longer list is
never shortened, as the APPS scorer would.

Known faults: problems with several right answers need a checker of their own; a table whose
lines are broken in the wrong places passes.
"""

from __future__ import annotations

import decimal
import math
import re
from typing import Any

from evalcore_codecontests.checkers.text import distinct_pairs, to_bytes

_TOLERANCE = 1e-6
_NUMERAL = b"0123456789+-.eE"  # made of these alone, what `float` takes is a decimal literal
_INTEGER = re.compile(rb"[+-]?\d++")
_WHOLE = re.compile(rb"(?:\+(?=\d))?(-?\d++)(?:\.0++)?")
_ANSWERS = frozenset({b"yes", b"no", b"true", b"false", b"possible", b"impossible"})

_EXACT = decimal.Context(prec=60, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[])


def stdio(output: bytes, expected: str) -> bool:
    """Tell whether the tokens of `output` match those of `expected`."""
    got, want = output.split(), to_bytes(expected).split()
    if got == want:
        return True
    if len(got) != len(want):
        return False
    return all(a == b or _same_token(a, b) for a, b in distinct_pairs(got, want))


def call(result: Any, expected: Any) -> bool:
    """Tell whether `result` is the expected value, or the one element that it wraps."""
    if _same_value(result, expected):
        return True
    wraps = isinstance(expected, list) and len(expected) == 1
    return wraps and _same_value(result, expected[0])


def _same_token(got: bytes, want: bytes) -> bool:
    if not want.translate(None, _NUMERAL):
        is_float = b"." in want or b"e" in want or b"E" in want
        return _same_float(got, want) if is_float else _same_integer(got, want)
    answer = want.lower()
    return answer in _ANSWERS and got.lower() == answer


def _same_integer(got: bytes, want: bytes) -> bool:
    whole = _WHOLE.fullmatch(got)
    if whole is None or not _INTEGER.fullmatch(want):
        return False
    return whole[1] == want.removeprefix(b"+")


def _same_float(got: bytes, want: bytes) -> bool:
    if got.translate(None, _NUMERAL):
        return False
    try:
        a, b = float(got), float(want)
    except ValueError:
        return False
    gap, allowed = abs(a - b), _TOLERANCE * max(1.0, abs(b))
    # Doubles are off by 1e-10 of what is allowed: they decide all but the border and overflow.
    if gap < 0.999 * allowed:
        return True
    if 1.001 * allowed < gap < math.inf:
        return False
    return _near_exactly(got.decode(), want.decode())


def _near_exactly(got: str, want: str) -> bool:
    a, b = _EXACT.create_decimal(got), _EXACT.create_decimal(want)
    if not (a.is_finite() and b.is_finite()):
        return False
    gap = _EXACT.abs(_EXACT.subtract(a, b))
    scale = _EXACT.max(decimal.Decimal(1), _EXACT.abs(b))
    return gap <= _EXACT.multiply(scale, decimal.Decimal("1e-6"))


def _same_value(result: Any, expected: Any) -> bool:
    # A stack instead of recursion: values may be nested deeper than Python recurses.
    pending = [(result, expected)]
    while pending:
        got, want = pending.pop()
        if isinstance(want, list | tuple):
            if not isinstance(got, list | tuple) or len(got) != len(want):
                return False
            pending.extend(zip(got, want, strict=True))
        elif isinstance(want, dict):
            if not isinstance(got, dict) or len(got) != len(want):
                return False
            got, want = _with_json_keys(got), _with_json_keys(want)
            if got.keys() != want.keys():
                return False
            pending.extend((got[key], want[key]) for key in want)
        elif not _same_scalar(got, want):
            return False
    return True


def _with_json_keys(mapping: dict[Any, Any]) -> dict[Any, Any]:
    # By way of Decimal, which writes integers longer than `str` is allowed to.
    return {
        str(decimal.Decimal(key)) if type(key) is int else key: value
        for key, value in mapping.items()
    }


def _same_scalar(got: Any, want: Any) -> bool:
    if not isinstance(want, int | float) or isinstance(want, bool):
        return type(got) is type(want) and bool(got == want)
    if isinstance(want, int):
        return isinstance(got, int | float) and got == want
    return type(got) in (int, float) and _near_number(got, want)


def _near_number(got: float, want: float) -> bool:
    if not math.isfinite(want):
        return got == want or (got != got and want != want)  # noqa: PLR0124  (nan is not itself)
    try:
        return abs(got - want) <= _TOLERANCE * max(1.0, abs(want))
    except OverflowError:  # an integer beyond every double
        return False
