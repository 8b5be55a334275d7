"""Lengths of texts in tokens, and texts cut to a length."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalcore.strategy import ModelHandle

    Count = Callable[[str], int]

__all__ = ["beginning", "end", "tokens_of"]

_CHARS_A_TOKEN = 4
"""About what texts have that are English or programs."""
_CUT = "..."


def tokens_of(model: ModelHandle) -> Count:
    """What counts tokens as the model does; where it cannot, four characters are a token."""

    def count(text: str) -> int:
        counted = model.count_tokens(text)
        return -(-len(text) // _CHARS_A_TOKEN) if counted is None else counted

    return count


def beginning(text: str, limit: int, count: Count) -> str:
    """The text, or its longest beginning that has, with `...` after it, no more tokens."""
    return _longest(text, limit, count, lambda chars: text[:chars] + _CUT)


def end(text: str, limit: int, count: Count) -> str:
    """The text, or its longest end that has, with `...` before it, no more tokens."""
    return _longest(text, limit, count, lambda chars: _CUT + text[len(text) - chars :])


def _longest(text: str, limit: int, count: Count, kept: Callable[[int], str]) -> str:
    """The text, or what is `kept` of it with the most characters that fit; else nothing.

    Of a text that is far too long, no more is counted than a few times what fits.
    """
    fits, too_many = 0, limit * _CHARS_A_TOKEN
    while too_many < len(text) and count(kept(too_many)) <= limit:
        fits, too_many = too_many, 2 * too_many
    if too_many >= len(text):
        if count(text) <= limit:
            return text
        too_many = len(text)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if count(kept(middle)) <= limit:
            fits = middle
        else:
            too_many = middle
    return kept(fits) if count(kept(fits)) <= limit else ""
