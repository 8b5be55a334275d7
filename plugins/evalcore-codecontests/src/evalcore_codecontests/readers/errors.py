"""What goes wrong while reading problems."""

from __future__ import annotations

import reprlib

_LONGEST = 80


class ReadError(ValueError):
    """A data set cannot be read: the message says where, what was found and what to do."""


class UnfitField(ValueError):  # noqa: N818  (never leaves the readers)
    """A field of one row does not hold what it should."""

    def __init__(self, field: str, found: object, expected: str, remedy: str = "") -> None:
        message = f"field {field}: found {_shown(found)}, expected {expected}"
        super().__init__(f"{message}; {remedy}" if remedy else message)


def _shown(value: object) -> str:
    shorten = reprlib.Repr()
    shorten.maxstring = shorten.maxother = _LONGEST
    try:
        return shorten.repr(value)
    except ValueError:  # an integer with more digits than Python prints
        return f"a value of type {type(value).__name__}"
