"""Settings that are a count or a list of counts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

__all__ = ["Count", "Counts", "listed"]

Count = Annotated[int, Field(ge=1)]
Counts = Count | Annotated[tuple[Count, ...], Field(min_length=1)]


def listed(counts: int | tuple[int, ...]) -> tuple[int, ...]:
    """The counts as a list, also where there is one only."""
    return counts if isinstance(counts, tuple) else (counts,)
