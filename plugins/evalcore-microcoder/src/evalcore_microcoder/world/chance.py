"""Randomness that a text decides."""

from __future__ import annotations

from random import Random

__all__ = ["seeded"]


def seeded(*parts: object) -> Random:
    """A generator of random numbers: equal parts, equal numbers, on every machine and Python."""
    return Random(" ".join(map(str, parts)))  # noqa: S311 (chance here guards nothing)
