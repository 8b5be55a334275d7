"""Full-information logs: what every model achieved on every query, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evalcore.prices import Price

    Floats = NDArray[np.float64]

__all__ = ["Arm", "RoutingLog"]


@dataclass(frozen=True, slots=True)
class Arm:
    """A model that may be chosen.

    Attributes:
        name: as the log or the spec calls it.
        price: of its tokens; None where the log records what each query cost.
    """

    name: str
    price: Price | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RoutingLog:
    """n queries and k models, with the outcome of each model on each query.

    An outcome is missing where its quality is NaN; wherever quality is known, so is cost. Arrays
    cannot be written to.

    Attributes:
        ids: of the queries, each once, n of them.
        queries: their texts.
        groups: the task or subject of each; empty where there is none.
        split: the part that the log's authors put each into, such as `train`; empty if none.
        arms: names of the models, k of them.
        prices: of the models' tokens; None where cost was recorded as such.
        quality: between 0 and 1, shape (n, k).
        cost: dollars, shape (n, k).
        notes: what reading left out or put in, one line each.

    Raises:
        EvalcoreError: if there is no query, or one model alone, or values are out of range.
    """

    ids: tuple[str, ...]
    queries: tuple[str, ...]
    groups: tuple[str, ...]
    split: tuple[str, ...]
    arms: tuple[str, ...]
    prices: tuple[Price | None, ...]
    quality: Floats
    cost: Floats
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("quality", "cost"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        self._check_shapes()
        self._check_values()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def models(self) -> tuple[Arm, ...]:
        """The arms with their prices."""
        return tuple(map(Arm, self.arms, self.prices))

    def mean_quality(self) -> Floats:
        """Of each arm over its known outcomes, shape (k,)."""
        return _means(self.quality, ~np.isnan(self.quality))

    def mean_cost(self) -> Floats:
        """Of each arm over its known outcomes, in dollars a query, shape (k,)."""
        return _means(self.cost, ~np.isnan(self.cost))

    def take(self, rows: ArrayLike) -> RoutingLog:
        """Some queries in the order of `rows`, which may be numbers or a mask."""
        chosen = np.arange(len(self))[np.asarray(rows)]
        texts = {
            name: tuple(getattr(self, name)[row] for row in chosen)
            for name in ("ids", "queries", "groups", "split")
        }
        return replace(self, **texts, quality=self.quality[chosen], cost=self.cost[chosen])

    def only(self, arms: Sequence[str]) -> RoutingLog:
        """Some arms, in that order.

        Raises:
            EvalcoreError: if the log does not have one of them.
        """
        columns = [position(arm, self.arms) for arm in arms]
        return replace(
            self,
            arms=tuple(arms),
            prices=tuple(self.prices[column] for column in columns),
            quality=self.quality[:, columns],
            cost=self.cost[:, columns],
        )

    def _check_shapes(self) -> None:
        n, k = len(self.ids), len(self.arms)
        if not n:
            raise EvalcoreError("the log holds no query, expected one at least")
        if k < 2:
            raise EvalcoreError(
                f"the log holds {_listed(self.arms) or 'no model'}, expected two models at least "
                "to choose from"
            )
        for name in ("ids", "arms"):
            repeated = _repeated(getattr(self, name))
            if repeated is not None:
                raise EvalcoreError(f"the log has {repeated!r} twice among its {name}")
        sizes = {len(self.queries), len(self.groups), len(self.split)}
        shapes = {self.quality.shape, self.cost.shape}
        if sizes != {n} or shapes != {(n, k)} or len(self.prices) != k:
            raise EvalcoreError(
                f"a log of {n} queries and {k} models has parts of {sorted(sizes)} queries and "
                f"outcomes of shape {sorted(shapes)}"
            )

    def _check_values(self) -> None:
        known = ~np.isnan(self.quality)
        wrong = known & ~((self.quality >= 0) & (self.quality <= 1))
        if wrong.any():
            self._refuse(wrong, self.quality, "quality", "a number from 0 to 1")
        wrong = ~(np.isnan(self.cost) | ((self.cost >= 0) & np.isfinite(self.cost)))
        if wrong.any():
            self._refuse(wrong, self.cost, "cost", "dollars, 0 or more")
        if (known & np.isnan(self.cost)).any():
            self._refuse(known & np.isnan(self.cost), self.cost, "cost", "that of a known outcome")

    def _refuse(self, wrong: NDArray[np.bool_], found: Floats, what: str, expected: str) -> None:
        row, column = np.argwhere(wrong)[0]
        raise EvalcoreError(
            f"{what} of {self.arms[column]} on query {self.ids[row]!r}: found "
            f"{found[row, column]:g}, expected {expected}"
        )


def position(name: str, arms: Sequence[str]) -> int:
    """Where a model stands among others.

    Raises:
        EvalcoreError: if it does not; the text names all.
    """
    if name not in arms:
        raise EvalcoreError(f"found no model {name!r}, expected one of: {_listed(arms)}")
    return list(arms).index(name)


def _means(values: Floats, known: NDArray[np.bool_]) -> Floats:
    sums = np.where(known, values, 0.0).sum(axis=0)
    means: Floats = np.divide(
        sums, known.sum(axis=0), out=np.full(len(sums), np.nan), where=known.any(axis=0)
    )
    return means


def _repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
