"""Metrics `mean`, `proportion`, `count` and `cost`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore import stats
from evalcore.metric import Metric
from evalcore.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalcore.metric import Column, Scores
    from evalcore.stats import Estimate

    Values = NDArray[np.float64]

__all__ = ["Cost", "Count", "Mean", "Proportion"]


class Mean(Metric[Settings]):
    """Mean score of the attempts that did not fail; the attempts at a sample are one cluster."""

    def compute(self, scores: Scores) -> Estimate:
        """The mean with its cluster-robust interval."""
        kept = ~scores.failed
        return stats.mean(scores.column("value")[kept], scores.sample[kept])

    def per_sample(self, scores: Scores) -> Values:
        """The mean of the attempts at each sample."""
        return _means(scores.column("value"), scores)


class Proportion(Metric[Settings]):
    """Share of the attempts that did not fail whose score is 1."""

    def compute(self, scores: Scores) -> Estimate:
        """The share with its Wilson interval, widened for clusters."""
        kept = ~scores.failed
        return stats.proportion(scores.column("value")[kept] == 1.0, scores.sample[kept])

    def per_sample(self, scores: Scores) -> Values:
        """The share at each sample."""
        return _means(scores.column("value") == 1.0, scores)


class Count(Metric[Settings]):
    """How the attempts ended: the share of each label, and of `failed`, among all attempts."""

    def compute(self, scores: Scores) -> dict[str, Estimate]:
        """The share of each label that occurs."""
        codes, labels = scores.labels()
        named = {label or "unlabelled": codes == i for i, label in enumerate(labels)}
        if scores.failed.any():
            named["failed"] = scores.failed
        return {name: stats.proportion(found, scores.sample) for name, found in named.items()}


class Cost(Metric[Settings]):
    """What an attempt costs on average, failed ones included.

    A cell of which a call was answered by the cache has no seconds: such a call takes next to none,
    whatever the answer once took, and how many there are depends on what ran before.
    """

    _COLUMNS: tuple[tuple[Column, str], ...] = (
        ("calls", "calls"),
        ("prompt_tokens", "prompt-tokens"),
        ("completion_tokens", "completion-tokens"),
        ("dollars", "dollars"),
        ("seconds", "seconds"),
        ("executions", "executions"),
    )

    def compute(self, scores: Scores) -> dict[str, Estimate]:
        """The mean of each kind of cost that is not zero throughout."""
        found = {}
        for column, name in self._COLUMNS:
            values = scores.column(column)
            if column == "seconds" and np.any(scores.column("cached")):
                continue
            if np.any(values):
                found[name] = stats.mean(values, scores.sample)
        return found


def _means(values: NDArray[Any], scores: Scores) -> Values:
    """The mean at each sample of the attempts that did not fail; NaN where all failed."""
    sample, kept = scores.sample, ~scores.failed
    samples = int(sample.max(initial=-1)) + 1
    totals = np.bincount(sample[kept], weights=values[kept], minlength=samples)
    counts = np.bincount(sample[kept], minlength=samples)
    with np.errstate(invalid="ignore"):
        return totals / counts
