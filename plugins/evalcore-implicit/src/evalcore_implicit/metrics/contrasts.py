"""What metrics of contenders have in common: one of them, alone or against another."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar

import numpy as np

from evalcore.metric import Metric
from evalcore.settings import Settings
from evalcore_implicit.metrics.contenders import check_name, records_of
from evalcore_implicit.metrics.curves import by_sample, estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from evalcore.metric import Scores
    from evalcore.stats import Estimate
    from evalcore_implicit.metrics.contenders import Records

    Floats = NDArray[np.float64]

__all__ = ["Column", "ContenderMetric", "ContenderSettings"]

_FITTED = "state-driven"


class ContenderSettings(Settings):
    """Which contender is measured."""

    contender: str = _FITTED
    """Its name: `state-driven`, `teacher`, `magnitude-pruned` or `layer-wise-lasso`."""
    against: str | None = None
    """Another contender, whose number is subtracted in each drawing."""


S = TypeVar("S", bound=ContenderSettings)


class Column(NamedTuple):
    """A part of a metric.

    Attributes:
        name: Such as `lambda=1`.
        values: Of each attempt, shape (A,); NaN where there is none.
        axis: What it is a function of; nothing where it has no place.
        at: Where on the axis it lies.
    """

    name: str
    values: Floats
    axis: str = ""
    at: float | None = None


class ContenderMetric(Metric[S]):
    """A part for each column in which there is a number, the mean over drawings."""

    most: ClassVar[float] = math.inf
    """What a number cannot be above; it cannot be below 0."""

    @abstractmethod
    def columns(self, records: Records) -> Iterator[Column]:
        """The numbers of the contender, less those of the one it is compared with."""

    def compute(self, scores: Scores) -> Mapping[str, Estimate]:
        """The parts, each with its place on an axis where it has one."""
        least = 0.0 if self.settings.against is None else -self.most
        return {
            column.name: replace(
                estimate(column.values, records.samples, within=(least, self.most)),
                axis=column.axis,
                at=column.at,
            )
            for records, column in self._known(scores)
        }

    def per_sample(self, scores: Scores) -> Mapping[str, Floats]:
        """Those of each drawing."""
        return {
            column.name: by_sample(column.values, records.samples, scores)
            for records, column in self._known(scores)
        }

    @property
    def drawn(self) -> bool:
        """Whether it is of the fit itself; pictures have every contender, and are drawn once."""
        return self.settings.contender == _FITTED and self.settings.against is None

    def _known(self, scores: Scores) -> Iterator[tuple[Records, Column]]:
        records = records_of(scores)
        if records is None:
            return
        for name in (self.settings.contender, self.settings.against):
            if name is not None:
                check_name(records, name)
        for column in self.columns(records):
            if not np.isnan(column.values).all():
                yield records, column
