"""Which weights a row may have, and with it into which independent problems the rows fall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Indices = NDArray[np.int64]

__all__ = ["MASKS", "Mask", "Part", "parts"]

Mask = Literal["full", "no-same-layer", "triangular"]

MASKS: tuple[Mask, ...] = get_args(Mask)
"""`full`: every state; `no-same-layer`: not those of the row's own block; `triangular`: only those
of blocks that follow the row's own, which are its earlier layers. Outputs may use every state, and
every row every input."""


@dataclass(frozen=True, eq=False)
class Part:
    """Rows that may have weights on the same columns.

    Attributes:
        rows: ascending, of the n + q rows.
        columns: ascending, of the n + p columns.
    """

    rows: Indices
    columns: Indices


def parts(
    mask: Mask, blocks: Sequence[int], *, states: int, inputs: int, outputs: int
) -> list[Part]:
    """The parts, which together have every row once.

    Args:
        mask: one of `MASKS`.
        blocks: how many states each layer has, the last layer first.
        states: n.
        inputs: p.
        outputs: q.

    Raises:
        ValueError: if the mask is unknown, the blocks do not make up the states, or there are no
            inputs.
    """
    if mask not in MASKS:
        raise ValueError(f"no mask {mask!r}; there are {', '.join(MASKS)}")
    if sum(blocks) != states or any(size < 1 for size in blocks):
        raise ValueError(
            f"blocks of {list(blocks)} states make {sum(blocks)}, but there are {states}; give the "
            "size of each layer, the last layer first"
        )
    if inputs < 1:
        raise ValueError("no inputs: U has no columns")
    every = np.arange(states + inputs)
    results = np.arange(states, states + outputs)
    if mask == "full":
        return [Part(np.arange(states + outputs), every)]
    found = []
    ends = np.cumsum(blocks)
    for start, end in zip(ends - np.asarray(blocks), ends, strict=True):
        first = start if mask == "no-same-layer" else 0
        hidden = (every >= first) & (every < end)
        found.append(Part(np.arange(start, end), every[~hidden]))
    if outputs:
        found.append(Part(results, every))
    return found
