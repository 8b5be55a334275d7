"""Which queries of a log a router learns from, which it is tuned on, and which it is graded on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from evalcore.errors import EvalcoreError
from evalcore.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.intp]

__all__ = ["Parts", "Shares", "split"]

#: What the parts are called in logs that record them.
_PARTS = {
    "train": 0,
    "training": 0,
    "validation": 1,
    "valid": 1,
    "dev": 1,
    "test": 2,
}


class Shares(Settings):
    """Shares of a log's queries, each drawn anew for each order; the rest is left out."""

    train: float = Field(0.5, ge=0, le=1)
    """What the router may learn from before it is graded."""
    validation: float = Field(0.0, ge=0, le=1)
    """What its price is chosen on, where it has a budget."""
    test: float = Field(0.5, gt=0, le=1)
    """What it is graded on."""

    @model_validator(mode="after")
    def _no_more_than_all(self) -> Self:
        total = self.train + self.validation + self.test
        if total > 1 + 1e-9:
            raise ValueError(f"shares of at most 1 together, found {total:g}")
        return self


class Parts(NamedTuple):
    """Numbers of queries in the order in which a router meets them."""

    train: Ints
    validation: Ints
    test: Ints


def split(
    shares: Shares | Literal["recorded"], recorded: Sequence[str], rng: np.random.Generator
) -> Parts:
    """Deal the queries out, in an order by chance.

    Args:
        shares: of the parts, or `recorded` for those that the log has.
        recorded: the part of each query in the log.
        rng: draws the order, and the parts where they are shares.

    Raises:
        EvalcoreError: if a recorded part is of another name, or no query is left to be graded on.
    """
    order = rng.permutation(len(recorded))
    if shares == "recorded":
        numbers = np.array([_part(name) for name in recorded])[order]
        parts = Parts(*(order[numbers == number] for number in range(3)))
    else:
        ends = np.cumsum([shares.train, shares.validation, shares.test]) * len(order)
        parts = Parts(*np.split(order, np.floor(ends + 1e-9).astype(int))[:3])
    if not parts.test.size:
        raise EvalcoreError(
            f"of {len(order)} queries none is left to grade a router on: give the test part more"
        )
    return parts


def _part(name: str) -> int:
    try:
        return _PARTS[name.lower()]
    except KeyError:
        expected = ", ".join(_PARTS)
        raise EvalcoreError(
            f"found {name!r} as the part of a query, expected one of: {expected}; or draw the "
            "parts by their shares"
        ) from None
