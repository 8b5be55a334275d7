"""What the scorer of APPS accepts.

Standard output: a cascade in which any step may accept. (1) The texts are equal after
stripping the whole, or after stripping each output line and then the whole. (2) The output
lines equal the expected ones, blank lines dropped. (3) Every line is one float and the columns
are close: 1e-5 relative plus 1e-8 absolute. (4) The set of output lines, each taken as a set of
tokens, equals the expected one. (5) The same with every token rounded to 3 decimals.

Known faults, kept: by (4) and (5) the order of lines, the order within a line and repetitions
do not matter ("20 10" passes for "10 20"), and by (3) large integers are compared as doubles.

Returned values: Python's `==`, after turning a tuple into a list, against the expected value
or, where that is a list, against its first element; a list of tuples also as a list of lists,
but only against the first element. No tolerance for floats; `True == 1` passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalcore_codecontests.checkers.text import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def stdio(output: bytes, expected: str) -> bool:
    """Tell whether APPS' own scorer would pass this output."""
    got = to_text(output).splitlines()
    answer = expected.strip()
    if answer in ("\n".join(got).strip(), "\n".join(line.strip() for line in got).strip()):
        return True
    want = expected_lines(expected)
    if want in (got, [line for line in got if line]):
        return True
    got = [line for line in got if line]
    if close_numbers(got, want):
        return True
    return same_sets(filter(None, map(str.split, got)), map(str.split, want))


def call(result: Any, expected: Any) -> bool:
    """Tell whether APPS' own scorer would pass this return value."""
    if isinstance(result, tuple):
        result = list(result)
    try:
        if result == expected:
            return True
        if not isinstance(expected, list) or not expected:
            return False
        return bool(result == expected[0] or _tuples_as_lists(result) == expected[0])
    except RecursionError:  # nested deeper than Python compares
        return False


def expected_lines(expected: str) -> list[str]:
    """Split into lines as the scorer does: the empty ones dropped first, the rest stripped."""
    return [line.strip() for line in expected.split("\n") if line]


def close_numbers(got: Sequence[str], want: Sequence[str]) -> bool:
    """Tell whether both are as many numbers, each near the other as NumPy's `allclose` says."""
    try:
        numbers, wanted = [float(text) for text in got], [float(text) for text in want]
    except ValueError:
        return False
    return len(numbers) == len(wanted) and all(map(_close, numbers, wanted))


def same_sets(got: Iterable[Iterable[str]], want: Iterable[Iterable[str]]) -> bool:
    """Tell whether both are the same set of sets, of texts or of numbers to 3 decimals."""
    texts, wanted = set(map(frozenset, got)), set(map(frozenset, want))
    if texts == wanted:
        return True
    try:
        return _rounded(texts) == _rounded(wanted)
    except ValueError:
        return False


def _close(got: float, want: float) -> bool:
    if got == want:
        return True
    return abs(got - want) <= 1e-8 + 1e-5 * abs(want) < float("inf")


def _rounded(groups: set[frozenset[str]]) -> set[frozenset[float]]:
    return {frozenset(round(float(text), 3) for text in group) for group in groups}


def _tuples_as_lists(result: Any) -> Any:
    if isinstance(result, list) and result and isinstance(result[0], tuple):
        try:
            return [list(item) for item in result]
        except TypeError:
            return result
    return result
