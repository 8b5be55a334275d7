"""Metric `lm-eval`: the metrics of an lm-eval task, aggregated by its own functions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore import stats
from evalcore.errors import EvalcoreError
from evalcore.metric import Metric
from evalcore.settings import Settings
from evalcore.stats import Estimate
from evalcore_lm_eval.functions import find_function
from evalcore_lm_eval.packing import unpack

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evalcore.data import Record
    from evalcore.metric import Scores

    Floats = NDArray[np.float64]

__all__ = ["LmEvalMetric"]

_HOME = "lm_eval.api.metrics:"


@dataclass(slots=True)
class _Column:
    """The values of one metric over the documents of one task.

    Attributes:
        function: the name of what aggregates them.
        places: document and attempt of each value, by which lm-eval's order is found.
    """

    function: Any
    values: list[Any] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)

    def add(self, place: tuple[int, int], value: Any) -> None:
        self.places.append(place)
        self.values.append(value)

    def estimate(self) -> Estimate:
        """The aggregate, with an interval where one can be told."""
        order = sorted(range(len(self.places)), key=self.places.__getitem__)
        values = [unpack(self.values[i]) for i in order]
        documents = np.unique([self.places[i][0] for i in order], return_inverse=True)[1]
        value = float(find_function(self.function)(values))
        low, high = _interval(self.function, values, documents)
        return Estimate(value, low, high, len(values), int(documents.max()) + 1)


@dataclass(slots=True)
class _Group:
    """A group's aggregate of one metric: the mean of its tasks, weighted by their size or not."""

    weighted: bool
    tasks: set[str] = field(default_factory=set)


class LmEvalMetric(Metric[Settings]):
    """Aggregates what the task's metrics said of each document; parts are named `metric,filter`.

    Where the spec names a group or a tag, the parts of each task stand behind its name, and so do
    those of groups that aggregate their tasks.
    """

    def compute(self, scores: Scores) -> dict[str, Estimate]:
        """The metrics of every task, over the attempts that did not fail."""
        tasks: dict[str, dict[str, _Column]] = {}
        groups: dict[tuple[str, str], _Group] = {}
        suite = False
        for record in scores.records():
            if record.score:
                suite = suite or "suite" in record.metadata
                _add(record, tasks, groups)
        measured = {
            task: {key: column.estimate() for key, column in columns.items()}
            for task, columns in tasks.items()
        }
        parts = {
            f"{task}/{key}" if suite else key: estimate
            for task, estimates in measured.items()
            for key, estimate in estimates.items()
        }
        of_groups = {
            f"{name}/{key}": _aggregate(group, measured, key)
            for (name, key), group in groups.items()
        }
        return of_groups | parts


def _add(
    record: Record, tasks: dict[str, dict[str, _Column]], groups: dict[tuple[str, str], _Group]
) -> None:
    assert record.score
    details, task = record.score.details, str(record.metadata.get("task"))
    if "aggregation" not in details:
        raise EvalcoreError("the metric `lm-eval` measures attempts at the task `lm-eval`")
    columns = tasks.setdefault(task, {})
    for key in details:
        metric, comma, _ = key.partition(",")
        if comma:
            column = columns.setdefault(key, _Column(details["aggregation"][metric]))
            column.add((int(record.metadata["doc"]), record.attempt), details[key])
    for name, keys in details.get("groups", {}).items():
        for key, weighted in keys.items():
            groups.setdefault((name, key), _Group(weighted)).tasks.add(task)


def _aggregate(group: _Group, measured: dict[str, dict[str, Estimate]], key: str) -> Estimate:
    from lm_eval.api.metrics import aggregate_subtask_metrics

    having = [measured[task] for task in sorted(group.tasks)]
    # A task's size is the same for all of its metrics: the largest count of values.
    sizes = [max(estimate.n for estimate in estimates.values()) for estimates in having]
    values = [estimates[key].value for estimates in having]
    value = float(aggregate_subtask_metrics(values, sizes, group.weighted))
    n = sum(estimates[key].n for estimates in having)
    clusters = sum(estimates[key].clusters for estimates in having)
    return Estimate(value, math.nan, math.nan, n, clusters)


# Intervals


def _interval(function: Any, values: list[Any], documents: NDArray[np.intp]) -> tuple[float, float]:
    """The ends of the 95 % interval; nan where the aggregation has none that can be trusted."""
    statistic = _STATISTICS.get(function) if isinstance(function, str) else None
    if statistic is None and function != f"{_HOME}mean":
        return math.nan, math.nan
    try:
        numbers = np.array(values, dtype=np.float64)
        if statistic:
            estimate = stats.bootstrap(statistic, numbers, documents)
        elif np.isin(numbers, (0.0, 1.0)).all():
            estimate = stats.proportion(numbers, documents)
        else:
            estimate = stats.mean(numbers, documents)
    except (TypeError, ValueError):  # values that are no numbers, or not finite
        return math.nan, math.nan
    return estimate.low, estimate.high


def _perplexity(values: Floats, weights: Floats) -> Floats:
    mean: Floats = weights @ values / weights.sum(axis=1)
    return np.exp(-mean)


def _weighted_perplexity(values: Floats, weights: Floats) -> Floats:
    ratio: Floats = (weights @ values[:, 0]) / (weights @ values[:, 1])
    return np.exp(-ratio)


def _bits_per_byte(values: Floats, weights: Floats) -> Floats:
    ratio: Floats = (weights @ values[:, 0]) / (weights @ values[:, 1])
    return -ratio / math.log(2)


_STATISTICS: dict[str, Callable[[Floats, Floats], Floats]] = {
    f"{_HOME}perplexity": _perplexity,
    f"{_HOME}weighted_perplexity": _weighted_perplexity,
    f"{_HOME}bits_per_byte": _bits_per_byte,
}
