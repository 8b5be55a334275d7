"""What metrics of passes share: they are functions of means over orders and queries."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydantic import Field

from evalcore.metric import Metric
from evalcore.settings import Settings
from evalcore_metallm.evaluation.passes import Outcomes
from evalcore_metallm.evaluation.resampling import Observed, pigeonhole, resampled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore.metric import Scores
    from evalcore.stats import Estimate

    Floats = NDArray[np.float64]

__all__ = ["Part", "PassMetric", "PassMetricSettings", "at_prices"]


class PassMetricSettings(Settings):
    """At which prices passes are measured, and how intervals are drawn."""

    prices: tuple[float, ...] = ()
    """Only these of the prices at which a router passed over the log; all if none is named. Of a
    pass at one price alone, such as that of a budget, it is that one."""
    resamples: int = Field(1000, ge=100)
    """Resamples of orders and queries, drawn each for itself (the pigeonhole bootstrap)."""


class Part(NamedTuple):
    """One number of a metric.

    Attributes:
        statistic: makes it of means, from shape (r, q) to shape (r,).
        axis: as of `Estimate`.
        at: as of `Estimate`.
    """

    statistic: Callable[[Floats], Floats]
    axis: str = ""
    at: float | None = None


class PassMetric(Metric[PassMetricSettings]):
    """A metric of passes: some quantities of each query, and what is made of their means.

    An interval is for other orders and other queries of the same kind. By `per_sample` cells are
    compared pass by pass: as their orders are the same, what makes an order hard cancels, and the
    interval of a difference is for other orders of the same log. By `comparison.differences` it is
    for other queries as well.
    """

    @abstractmethod
    def columns(self, outcomes: Outcomes) -> Sequence[Floats]:
        """The quantities of a pass, q of shape (n,)."""

    @abstractmethod
    def parts(self, passes: Sequence[Outcomes]) -> Mapping[str, Part]:
        """What is made of them; with `""` for a name it is the only part."""

    def observed(self, outcomes: Outcomes) -> Observed:
        """The quantities of a pass, as they are resampled."""
        return Observed(outcomes.queries, np.stack(self.columns(outcomes), axis=1))

    def compute(self, scores: Scores) -> Estimate | Mapping[str, Estimate]:
        """Each part, with its interval."""
        codes, passes = self._passes(scores)
        if not passes:
            return {}
        seen = [self.observed(one) for one in passes]
        orders = [
            Observed(*map(np.concatenate, zip(*(seen[i] for i in of_order), strict=True)))
            for of_order in (np.flatnonzero(codes == code) for code in np.unique(codes))
        ]
        means = pigeonhole(orders, resamples=self.settings.resamples)
        found = {
            name: resampled(means, part.statistic, axis=part.axis, at=part.at)
            for name, part in self.parts(passes).items()
        }
        return found.get("", found)

    def per_sample(self, scores: Scores) -> Floats | Mapping[str, Floats]:
        """Each part of each order."""
        codes, passes = self._passes(scores)
        if not passes:
            return {}
        tables = np.stack([self.observed(one).values.mean(axis=0) for one in passes])
        orders = int(scores.sample.max()) + 1
        counts = np.bincount(codes, minlength=orders)
        sums = np.zeros((orders, tables.shape[1]))
        np.add.at(sums, codes, tables)
        with np.errstate(invalid="ignore"):
            means = sums / counts[:, None]
        found = {name: part.statistic(means) for name, part in self.parts(passes).items()}
        return found.get("", found)

    def _passes(self, scores: Scores) -> tuple[NDArray[np.int64], list[Outcomes]]:
        """The orders of the passes that did not fail, as codes, and the passes.

        Raises:
            ValueError: if they are not of the same models, at as many prices.
        """
        passes = [
            Outcomes.of_details(record.score.details).at(self.settings.prices)
            for record in scores.records()
            if record.score
        ]
        if len({(one.prices.size, one.arms) for one in passes}) > 1:
            raise ValueError("found passes at other numbers of prices, or of other models")
        return scores.sample[~scores.failed], passes


def at_prices(passes: Sequence[Outcomes], *, axis: str = "") -> list[tuple[str, dict[str, Any]]]:
    """The names of the prices at which passes were graded, and where on an axis they lie.

    Of one price alone the name is empty: it may be another in each pass, where it follows from a
    budget.
    """
    prices = passes[0].prices
    if prices.size == 1:
        return [("", {})]
    return [
        (f"p={price:g}", {"axis": axis, "at": float(price)} if axis else {}) for price in prices
    ]
