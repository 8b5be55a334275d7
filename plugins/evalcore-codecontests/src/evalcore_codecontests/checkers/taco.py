r"""What the scorer of TACO accepts.

It runs the cascade of APPS, which was written for a list of lines, on the output as one string;
so every step that walks the lines of the output walks its characters. What is left: (1) the
texts are equal after stripping the whole. (2) Every character of the output is a digit, there
are as many as expected lines, and they are the same numbers. (3) The set of output tokens, each
taken as a set of characters, equals the set of expected lines, each taken as a set of tokens.
(4) The same with numbers rounded to 3 decimals.

Known faults, kept: a blank at the end of an inner line fails, and so does any other spelling of
a float, for there is no tolerance. Where the expected tokens are single characters, order,
repetition and separators do not matter: "321" passes for "1 2 3". Output that is not UTF-8
fails.

Returned values are compared as in APPS.
"""

from __future__ import annotations

from evalcore_codecontests.checkers import apps

call = apps.call


def stdio(output: bytes, expected: str) -> bool:
    """Tell whether TACO's own scorer would pass this output."""
    try:
        got = output.decode()
    except UnicodeDecodeError:
        return False
    got = got.replace("\r\n", "\n").replace("\r", "\n")  # as a text pipe does
    if got.strip() == expected.strip():
        return True
    want = apps.expected_lines(expected)
    return _digits_match(got, want) or apps.same_sets(got.split(), map(str.split, want))


def _digits_match(got: str, want: list[str]) -> bool:
    # Most outputs fail at the count: that spares walking them character by character.
    return len(got) == len(want) and apps.close_numbers(got, want)
