"""Text to bytes and back, so that no byte that a program writes can raise."""

from __future__ import annotations


def to_bytes(text: str) -> bytes:
    """Encode as UTF-8; lone surrogates give back the bytes they stand for, or their own."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def to_text(data: bytes) -> str:
    """Decode UTF-8; bytes that are none become lone surrogates."""
    return data.decode("utf-8", "surrogateescape")
