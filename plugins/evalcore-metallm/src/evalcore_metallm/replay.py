"""Task `routing-log`: routers over a log of what every model achieved on every query."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from evalcore.data import Case, Feedback, Sample, Score
from evalcore.errors import EvalcoreError, TaskError
from evalcore.settings import DataPath
from evalcore.task import Task
from evalcore_metallm.evaluation.passes import QUERIES, REGRETS, Outcomes, Pass
from evalcore_metallm.evaluation.split import Shares, split
from evalcore_metallm.logs.pricing import PriceSettings
from evalcore_metallm.logs.routing import LogColumns, read_routing_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from evalcore.data import Attempt
    from evalcore_metallm.logs.routing import RoutingLog

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = ["RoutingLogSettings", "RoutingLogTask"]


class RoutingLogSettings(PriceSettings):
    """A log, how it is read, and how routers pass over it."""

    path: DataPath
    """The log: JSON Lines, CSV, TSV or Parquet, also compressed; several files by a glob."""
    columns: LogColumns = LogColumns()
    """Where a row has what, as dotted paths."""
    orders: int = Field(20, ge=1)
    """Passes over the log, each in an order, and with parts, of its own."""
    split: Shares | Literal["recorded"] = Shares()
    """How the queries are dealt out, anew for each order; `recorded`: as the log says."""
    seed: int = Field(0, ge=0)
    """By which orders are drawn; they are the same in all cells."""


class RoutingLogTask(Task[RoutingLogSettings]):
    """A sample is one pass over the log, in one order."""

    def cases(self) -> Iterator[Case]:
        """Yield one pass for each order."""
        for order in range(self.settings.orders):
            yield self._case(order)

    def size(self) -> int:
        """The number of orders."""
        return self.settings.orders

    def preflight(self) -> None:
        """Read the log and draw the first order.

        Raises:
            EvalcoreError: if either cannot be done.
        """
        self._case(0)

    def feedback(self, case: Case, answer: Any) -> Feedback:
        """The outcomes of some models on some queries, in `details`: `quality` and `cost`.

        Args:
            case: the pass.
            answer: `{"queries": [...], "arms": [...]}`, of equal lengths: places of queries among
                those to come, and numbers of models, both from 0.

        Raises:
            TaskError: if the answer is not of that form.
        """
        log: RoutingLog = case.hidden[0]
        rows, arms = _numbers(answer, "queries", len(log)), _numbers(answer, "arms", len(log.arms))
        if rows.shape != arms.shape:
            raise TaskError(f"found {rows.size} queries and {arms.size} arms, expected as many")
        quality, cost = log.quality[rows, arms], log.cost[rows, arms]
        return Feedback(
            passed=bool((quality == 1).all()),
            details={"quality": quality.tolist(), "cost": cost.tolist()},
        )

    def score(self, case: Case, attempt: Attempt) -> Score:
        """The mean quality at the first price; the details have all that metrics are made of.

        The answer is a mapping: `prices`, P numbers; `scale`, dollars of a query that they are for;
        `arms`, for each price a list of n numbers of models, -1 where none was asked, which is
        worth nothing; and, where more were asked than the one whose answer counts, `asked`: for
        each price n lists of all of them.

        Raises:
            TaskError: if the answer is not of that form.
        """
        log, rows = case.hidden
        chosen = _choices(attempt.answer, log)
        places = np.arange(len(log))
        outcomes = Outcomes(
            queries=rows,
            prices=_floats(attempt.answer["prices"], "prices"),
            scale=float(_floats([attempt.answer["scale"]], "scale")[0]),
            arms=log.arms,
            chosen=chosen,
            quality=np.where(chosen < 0, 0.0, log.quality[places, chosen]),
            cost=_costs(attempt.answer, log, chosen),
            single_quality=log.quality.T,
            single_cost=log.cost.T,
        )
        return Score(float(outcomes.quality[0].mean()), details=_summary(outcomes))

    @cached_property
    def _log(self) -> RoutingLog:
        settings = self.settings
        return read_routing_log(settings.path.files(), settings.columns, settings.table())

    def _case(self, order: int) -> Case:
        log = self._log
        parts = split(
            self.settings.split, log.split, np.random.default_rng((self.settings.seed, order))
        )
        # What is not known of a query cannot be graded; it can be learned from in part.
        graded = parts.test[~np.isnan(log.quality[parts.test]).any(axis=1)]
        if not graded.size:
            raise EvalcoreError("no query is left whose outcome is known for every model")
        test = log.take(graded)
        seen = Pass(
            _part(log, parts.train),
            _part(log, parts.validation),
            test.ids,
            test.queries,
            log.models,
        )
        sample = Sample(
            id=f"order-{order:0{len(str(self.settings.orders - 1))}d}",
            input=f"A pass over {len(test)} queries with {len(log.arms)} models to choose from.",
            public=seen,
            metadata={
                "order": order,
                "train": len(parts.train),
                "validation": len(parts.validation),
                "test": len(test),
                "ungraded": len(parts.test) - len(test),
            },
        )
        return Case(sample, (test, graded))


def _part(log: RoutingLog, rows: Ints) -> RoutingLog | None:
    return log.take(rows) if rows.size else None


def _summary(outcomes: Outcomes) -> dict[str, Any]:
    """What people look for in a record, before what metrics are made of."""
    models = np.arange(len(outcomes.arms))
    shares = (outcomes.chosen[..., None] == models).mean(axis=1)
    return {
        "accuracy": outcomes.quality.mean(axis=1),
        "dollars": outcomes.cost.mean(axis=1) * QUERIES,
        "shares": shares,
        "regret": {name: outcomes.regret(name).mean(axis=1) for name in REGRETS},
        **outcomes.details(),
    }


def _floats(found: Any, name: str) -> Floats:
    try:
        numbers = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if numbers.ndim != 1 or not np.isfinite(numbers).all():
        raise TaskError(f"found {found!r:.60} as {name!r}, expected numbers")
    return numbers


def _choices(answer: Any, log: RoutingLog) -> Ints:
    """The models chosen, shape (P, n)."""
    if not isinstance(answer, dict) or not {"prices", "scale", "arms"} <= answer.keys():
        raise TaskError(f"found {answer!r:.60}, expected a mapping of `prices`, `scale` and `arms`")
    prices = _floats(answer["prices"], "prices").size
    rows = [_numbers({"arms": arms}, "arms", len(log.arms), lowest=-1) for arms in answer["arms"]]
    found = [row.size for row in rows]
    if not rows or found != [len(log)] * prices:
        raise TaskError(
            f"found choices for {found} queries at {prices} prices, expected {len(log)} at each"
        )
    return np.stack(rows)


def _costs(answer: Mapping[str, Any], log: RoutingLog, chosen: Ints) -> Floats:
    """Dollars for all models that were asked, shape (P, n)."""
    models = np.arange(len(log.arms))
    counted = chosen[..., None] == models
    if "asked" in answer:
        asked = np.array([[_mask(arms, models) for arms in row] for row in answer["asked"]])
        if asked.shape != counted.shape:
            raise TaskError(f"found models asked of shape {asked.shape}, expected {counted.shape}")
        if (counted & ~asked).any():
            raise TaskError("a model was chosen for a query that it was not asked")
        counted = asked
    costs: Floats = np.where(counted, log.cost, 0.0).sum(axis=2)
    return costs


def _mask(arms: Any, models: Ints) -> NDArray[np.bool_]:
    return np.isin(models, _numbers({"asked": arms}, "asked", models.size))


def _numbers(answer: Any, name: str, below: int, *, lowest: int = 0) -> Ints:
    """Whole numbers, under a name of an answer."""
    try:
        found = np.asarray(answer[name])
    except (TypeError, KeyError, IndexError, ValueError):
        raise TaskError(f"found {answer!r:.60}, expected a mapping with a list {name!r}") from None
    if not found.size:
        return np.array([], dtype=np.intp)
    if found.ndim != 1 or not np.issubdtype(found.dtype, np.integer):
        raise TaskError(f"found {answer[name]!r:.60} as {name!r}, expected a list of whole numbers")
    if not lowest <= found.min() <= found.max() < below:
        raise TaskError(
            f"found {found.min()} to {found.max()} as {name!r}, expected {lowest} to {below - 1}"
        )
    return found.astype(np.intp)
