r"""What the tester of CodeContests accepts.

Both sides are split on space, `\n`, `\t`, `\r` and `\v`, and lower-cased (ASCII). Equal tokens
match. Otherwise the counts must agree and every pair must match: as doubles when both are
numbers, with an absolute difference strictly below 1e-5, else as strings.

Known faults, kept: integers are compared as doubles, so 1000000000000000001 passes for
1000000000000000000 and 0011 for 11; the tolerance is absolute, so 1e9 + 0.1 fails for 1e9;
one different token anywhere sends all others through the numbers, where `nan`, `inf` and
integers of over 308 digits are unequal even to themselves; case never matters; a form feed
does not separate. The original passes a program that prints the answer and crashes; here the
judge looks at how the program ended.

The data set has no problems that call a function; such values are compared by the rule of
`tokens`.
"""

from __future__ import annotations

import re

from evalcore_codecontests.checkers import tokens
from evalcore_codecontests.checkers.text import distinct_pairs, to_bytes

_TOLERANCE = 1e-5
_SEPARATORS = re.compile(rb"[ \n\t\r\v]+")
_DOUBLE = re.compile(
    rb"(?:\+(?!-))?-?(?:(?:\d++(?:\.\d*+)?|\.\d++)(?:e[+-]?\d++)?|inf(?:inity)?|nan(?:\(\w*+\))?)"
)

call = tokens.call


def stdio(output: bytes, expected: str) -> bool:
    """Tell whether CodeContests' own tester would pass this output."""
    got, want = _tokens(output), _tokens(to_bytes(expected))
    if got == want:
        return True
    if len(got) != len(want):
        return False
    return all(_same_token(a, b) for a, b in distinct_pairs(got, want))


def _tokens(text: bytes) -> list[bytes]:
    text = text.lower()
    if b"\f" not in text:
        return text.split()
    return [token for token in _SEPARATORS.split(text) if token]


def _same_token(got: bytes, want: bytes) -> bool:
    a, b = _double(got), _double(want)
    if a is None or b is None:
        return got == want
    return abs(a - b) < _TOLERANCE


def _double(token: bytes) -> float | None:
    token = token.strip()  # the parser of numbers does skip a form feed
    if not _DOUBLE.fullmatch(token):
        return None
    return float(token.partition(b"(")[0])
