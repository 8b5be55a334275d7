"""What the checkers share: text to bytes and back without raising, and pairs of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Token = TypeVar("Token", str, bytes)

_CHUNK = 1024


def to_bytes(text: str) -> bytes:
    """Encode as UTF-8; lone surrogates give back the bytes they stand for, or their own."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def to_text(data: bytes) -> str:
    """Decode UTF-8; bytes that are none become lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def distinct_pairs(got: Sequence[Token], want: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """Yield what stands side by side, once for each stretch of tokens however often it does.

    Outputs of millions of tokens mostly have few distinct ones, or they differ early.
    """
    for start in range(0, len(got), _CHUNK):
        stretch = slice(start, start + _CHUNK)
        yield from set(zip(got[stretch], want[stretch], strict=True))
