"""Which compositions are for training, which for validation, and which for the contest.

Each sequence of two operations belongs to one of the three, by a hash. A composition of three is
for the contest if either of its two sequences is, or else for validation if either is; of the rest,
a hash of its own decides. So no sequence that is held out occurs in training.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from evalcore_microcoder.world.operations import OPERATIONS
from evalcore_microcoder.world.source import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalcore_microcoder.world.operation import Operation, Type

__all__ = ["Composition", "Split", "compositions", "split_of"]

Split = Literal["training", "validation", "contest"]
Composition = tuple[str, ...]
"""The type of the source, and the names of the operations."""

DEPTH = 3
"""Operations in a composition at most."""


@cache
def compositions(split: Split) -> tuple[Composition, ...]:
    """The compositions of a split."""
    every = (
        (source, *(operation.name for operation in chain))
        for source in SOURCES
        for chain in _chains(source, DEPTH)
        if chain[-1].gives != "table"
    )
    return tuple(composition for composition in every if split_of(composition) == split)


def split_of(composition: Composition) -> Split:
    """The split that a composition belongs to; one operation alone is for training."""
    _, *names = composition
    pairs = {_hashed(pair) for pair in pairwise(names)}
    for held_out in ("contest", "validation"):
        if held_out in pairs:
            return held_out
    return _hashed(tuple(names)) if len(names) > 2 else "training"


def _hashed(names: tuple[str, ...]) -> Split:
    """One in eight for the contest, one in sixteen for validation."""
    place = sha256(" ".join(names).encode()).digest()[0]
    return "contest" if place < 32 else "validation" if place < 48 else "training"


def _chains(takes: Type, depth: int) -> Iterator[tuple[Operation, ...]]:
    """The sequences of up to so many different operations whose types fit, from a type on."""
    for operation in OPERATIONS.values():
        if operation.takes == takes:
            yield (operation,)
            if depth > 1:
                for rest in _chains(operation.gives, depth - 1):
                    if operation not in rest:
                        yield (operation, *rest)
