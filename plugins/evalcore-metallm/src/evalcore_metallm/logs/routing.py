"""Full-information logs: what every model achieved on every query, and what it cost."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evalcore.errors import EvalcoreError
from evalcore_metallm.logs import columns as at
from evalcore_metallm.logs.columns import CostColumns
from evalcore_metallm.logs.reading import LogError, read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from evalcore.prices import Price
    from evalcore_metallm.logs.reading import Row

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

__all__ = ["Arm", "LogColumns", "RoutingLog", "read_routing_log"]


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
        return _means(self.quality)

    def mean_cost(self) -> Floats:
        """Of each arm over its known outcomes, in dollars a query, shape (k,)."""
        return _means(self.cost)

    def take(self, rows: ArrayLike) -> RoutingLog:
        """Some queries in the order of `rows`, which may be numbers or a mask."""
        chosen = np.arange(len(self))[np.asarray(rows)]
        texts = {
            name: tuple(getattr(self, name)[row] for row in chosen)
            for name in ("ids", "queries", "groups", "split")
        }
        return replace(self, **texts, quality=self.quality[chosen], cost=self.cost[chosen])

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

    def _refuse(self, wrong: Bools, found: Floats, what: str, expected: str) -> None:
        row, column = np.argwhere(wrong)[0]
        raise EvalcoreError(
            f"{what} of {self.arms[column]} on query {self.ids[row]!r}: found "
            f"{found[row, column]:g}, expected {expected}"
        )


class LogColumns(CostColumns):
    """Where the rows of a full-information log hold what is wanted of them.

    A row is a query with the outcomes of all models; or, where `arm` is set, one outcome.
    """

    id: str = "id"
    """The query's name; a path, or a template of several such as `{dataset}/{task}`."""
    query: str = "query"
    """Its text; likewise."""
    group: str = "task"
    """The task or subject it belongs to; likewise, and if not set, taken where there is one."""
    split: str = "split"
    """The part that the log's authors put it into; likewise."""
    quality: str = "quality"
    """Between 0 and 1 for each model: `scores` is a mapping by model, `score_{arm}` a column
    each, and where `arm` is set a path."""
    arm: str | None = None
    """The model of which a row is the outcome; a path or a template."""
    arms: tuple[str, ...] = ()
    """The models that are wanted, in this order; all of the log if not set."""
    repeated: Literal["refuse", "mean"] = "refuse"
    """What is done with several outcomes of a model on a query, where `arm` is set."""


def read_routing_log(
    files: Sequence[Path], columns: LogColumns, prices: Mapping[str, Price]
) -> RoutingLog:
    """A full-information log from files of rows.

    An outcome counts where both its quality and its cost are known. Queries without any are left
    out, and counted in the log's notes.

    Args:
        files: JSON Lines, CSV, TSV or Parquet, see `read_rows`.
        columns: where the rows hold what is wanted.
        prices: of models by name, as `pricing.price_table` gives them.

    Raises:
        LogError: if a file cannot be read, a column is missing, a value is out of range, a query
            stands twice, a model that is wanted is not there or has no price; with its place.
        EvalcoreError: if the log holds nothing to choose from.
    """
    rows = list(read_rows(files))
    if not rows:
        raise LogError(f"{', '.join(map(str, files)) or 'no file'}: found no row, expected queries")
    _check_models(rows, columns)
    queries = _gathered(rows, columns, prices)
    arms = columns.arms or tuple(dict.fromkeys(arm for query in queries for arm in query.outcomes))
    priced = [prices.get(arm) if columns.priced else None for arm in arms]
    return _assembled(queries, arms, priced, (_PROXY,) if columns.proxy else ())


_PROXY = (
    "where no cost was recorded, a quarter of the query's characters as prompt tokens stands for it"
)


@dataclass(slots=True)
class _Query:
    """A query, and by model the quality and cost of its outcomes."""

    place: str
    texts: tuple[str, str, str, str]
    outcomes: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


def _gathered(
    rows: Iterable[Row], columns: LogColumns, prices: Mapping[str, Price]
) -> list[_Query]:
    queries: dict[str, _Query] = {}
    for row in rows:
        query = _query(row, columns)
        query, found = queries.setdefault(query.texts[0], query), query
        if query is not found and columns.arm is None:
            raise LogError(f"{row.place}: id {query.texts[0]!r} stands at {query.place} already")
        for arm, there in _outcomes(row, columns):
            earlier = query.outcomes.setdefault(arm, [])
            if earlier and columns.repeated == "refuse":
                raise LogError(
                    f"{row.place}: {arm} answered {query.texts[0]!r} already; set "
                    "`repeated: mean` if a query has several outcomes of a model"
                )
            quality = at.number(there(columns.quality), row.place, f"quality of {arm}", most=1.0)
            cost = at.dollars(columns, there, row.place, arm, query.texts[1], prices)
            earlier.append((quality, cost))
    return list(queries.values())


def _query(row: Row, columns: LogColumns) -> _Query:
    id_, query = at.text(row, columns.id), at.text(row, columns.query)
    group, split = (at.optional(row, columns, name) for name in ("group", "split"))
    return _Query(row.place, (id_, query, group, split))


def _outcomes(row: Row, columns: LogColumns) -> Iterator[tuple[str, Callable[[str], Any]]]:
    """The models that the row has something of, each with what stands at a path or template."""
    if columns.arm is not None:
        arm = at.text(row, columns.arm)
        if not columns.arms or arm in columns.arms:
            yield arm, partial(at.value, row)
        return
    for arm in columns.arms or at.arms_of(row, columns.quality):
        yield arm, partial(at.of_arm, row, arm=arm)


def _check_models(rows: Sequence[Row], columns: LogColumns) -> None:
    """Refuse templates that hold nothing of any model, and models that are not there."""
    if columns.arm is None:
        for template in (columns.quality, *columns.cost_columns):
            if not any(True for row in rows for _ in at.arms_of(row, template)):
                raise LogError(
                    f"{rows[0].place}: found no models under {template!r}, expected them by name; "
                    f"the columns are: {at.nearest(template, rows[0].values)}"
                )
        present = {arm for row in rows for arm in at.arms_of(row, columns.quality)}
    else:
        present = {at.text(row, columns.arm) for row in rows}
    for arm in columns.arms:
        if arm not in present:
            raise LogError(
                f"{rows[0].place}: found no model {arm!r}; the nearest in the log: "
                f"{at.nearest(arm, present)}"
            )


def _assembled(
    queries: Sequence[_Query],
    arms: Sequence[str],
    prices: Sequence[Price | None],
    notes: tuple[str, ...],
) -> RoutingLog:
    outcomes = np.array(
        [[_mean(query.outcomes.get(arm, ())) for arm in arms] for query in queries]
    ).reshape(len(queries), len(arms), 2)
    known = ~np.isnan(outcomes[..., 0])
    for arm, column in zip(arms, known.T, strict=True):
        if not column.any():
            raise LogError(
                f"{queries[0].place}: {arm} has no outcome of which quality and cost are known; "
                "leave it out by `arms`, or say by `proxy` what stands for its cost"
            )
    kept = known.any(axis=1)
    texts = zip(
        *(query.texts for query, keep in zip(queries, kept, strict=True) if keep), strict=True
    )
    ids, asked, groups, split = texts
    return RoutingLog(
        ids, asked, groups, split, tuple(arms), tuple(prices),
        outcomes[kept, :, 0], outcomes[kept, :, 1], (*notes, *_notes(known, kept)),
    )  # fmt: skip


def _mean(outcomes: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Of those of which both parts are known; NaN twice where there is none."""
    known = [pair for pair in outcomes if not any(map(math.isnan, pair))]
    if not known:
        return math.nan, math.nan
    quality, cost = zip(*known, strict=True)
    return math.fsum(quality) / len(known), math.fsum(cost) / len(known)


def _notes(known: Bools, kept: Bools) -> tuple[str, ...]:
    dropped, missing = int((~kept).sum()), int((~known[kept]).sum())
    notes = []
    if dropped:
        notes.append(f"left out {dropped} queries without any outcome that is known")
    if missing:
        notes.append(f"{missing} of {known[kept].size} outcomes are not known")
    return tuple(notes)


def _means(values: Floats) -> Floats:
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    means = np.full(len(counts), np.nan)
    sums = np.where(known, values, 0.0).sum(axis=0)
    np.divide(sums, counts, out=means, where=counts > 0)
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
