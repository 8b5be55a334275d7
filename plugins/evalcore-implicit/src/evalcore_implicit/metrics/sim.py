"""Metrics of State-driven Implicit Modeling, each a curve over lambda."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from evalcore_implicit.metrics.contrasts import Column, ContenderMetric, ContenderSettings
from evalcore_implicit.metrics.simshown import against_weights, over_strengths, patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from evalcore.metric import Picture, Shown
    from evalcore_implicit.metrics.contenders import Records

__all__ = [
    "SimAccuracy",
    "SimAccuracySettings",
    "SimAgreement",
    "SimAgreementSettings",
    "SimIterations",
    "SimIterationsSettings",
    "SimNorm",
    "SimNormSettings",
    "SimOperations",
    "SimOperationsSettings",
    "SimRadius",
    "SimRadiusSettings",
    "SimSensitivity",
    "SimSensitivitySettings",
    "SimWeights",
    "SimWeightsSettings",
]


class _PathSettings(ContenderSettings):
    """Which contender is measured, and over what.

    What it is compared with is taken at the same strength, of the teacher its only number.
    """

    axis: Literal["lambda", "weights left"] = "lambda"
    """What the curve is a function of: the strength of the penalty, or the contender's weights as a
    share of the teacher's, their mean over drawings."""


class SimAccuracySettings(_PathSettings):
    """Which contender is measured, and over what."""


class SimAgreementSettings(_PathSettings):
    """Which contender is measured, and over what."""


class SimWeightsSettings(_PathSettings):
    """Which contender is measured, over what, and which weights."""

    count: Literal["share", "total", "A", "B", "C", "D"] = "share"
    """All of them as a share of the teacher's, all of them, or those of a matrix."""


class SimOperationsSettings(_PathSettings):
    """Which contender is measured, and over what."""


class SimIterationsSettings(_PathSettings):
    """Which contender is measured, and over what."""


class SimNormSettings(_PathSettings):
    """Which contender is measured, and over what."""


class SimSensitivitySettings(_PathSettings):
    """Which contender is measured, and over what."""


class SimRadiusSettings(_PathSettings):
    """Which contender is measured, and over what."""


S = TypeVar("S", bound=_PathSettings)


class _PathMetric(ContenderMetric[S]):
    """A number of a contender at each strength, such as `lambda=1`; of the teacher one alone."""

    @abstractmethod
    def read(self, contender: Mapping[str, Any]) -> float | None:
        """The number, of a contender as the task has it on record."""

    def columns(self, records: Records) -> Iterator[Column]:
        """One for each strength, with its place on the axis."""
        name, other = self.settings.contender, self.settings.against
        for strength in records.strengths(name):
            values = records.values(name, strength, self.read)
            if other is not None:
                alone = records.strengths(other) == [None]
                values -= records.values(other, None if alone else strength, self.read)
            if strength is None:
                yield Column(name, values)
            else:
                yield Column(f"lambda={strength:g}", values, *self._place(records, strength))

    def _place(self, records: Records, strength: float) -> tuple[str, float | None]:
        if self.settings.axis == "lambda":
            return "lambda", strength
        shares = records.values(self.settings.contender, strength, _share)
        known = shares[~np.isnan(shares)]
        return ("weights left", float(known.mean())) if known.size else ("", None)


class SimAccuracy(_PathMetric[SimAccuracySettings]):
    """Share of the test images that are told right.

    In the report the accuracy of every contender is drawn against the share of weights left.
    """

    most = 1.0

    def read(self, contender: Mapping[str, Any]) -> float | None:
        """The accuracy."""
        return _number(contender, "accuracy")

    def pictures(self, cells: Sequence[Shown]) -> Iterable[Picture]:
        """One, with a chart for each cell."""
        return against_weights(cells, self.read, "accuracy") if self.drawn else ()


class SimAgreement(_PathMetric[SimAgreementSettings]):
    """Share of the test images that are put in the teacher's class."""

    most = 1.0

    def read(self, contender: Mapping[str, Any]) -> float | None:
        """The agreement."""
        return _number(contender, "agreement")


class SimWeights(_PathMetric[SimWeightsSettings]):
    """Weights that are not 0.

    In the report there is the pattern of the matrices of a drawing, at one strength.
    """

    def read(self, contender: Mapping[str, Any]) -> float | None:
        """The share, or a count."""
        if self.settings.count == "share":
            return _share(contender)
        return _number(contender.get("weights") or {}, self.settings.count)

    def pictures(self, cells: Sequence[Shown]) -> Iterable[Picture]:
        """One, with the matrices of each cell."""
        return patterns(cells) if self.drawn else ()


class SimOperations(_PathMetric[SimOperationsSettings]):
    """Multiplications with additions of one prediction, by weights that are not 0.

    Those of A count once for each iteration; once in all where A is triangular.
    """

    def read(self, contender: Mapping[str, Any]) -> float | None:
        """The operations."""
        return _number(contender, "operations")


class SimIterations(_PathMetric[SimIterationsSettings]):
    """Fixed-point steps to the equilibrium, to a millionth of its largest state.

    Nothing of contenders that take none. In the report there are those of every cell.
    """

    def read(self, contender: Mapping[str, Any]) -> float | None:
        """The iterations."""
        return _number(contender, "iterations")

    def pictures(self, cells: Sequence[Shown]) -> Iterable[Picture]:
        """One, with a line for each cell."""
        return (
            over_strengths(cells, self.settings.contender, self.read, "iterations")
            if self.drawn
            else ()
        )


class SimNorm(_PathMetric[SimNormSettings]):
    """The largest sum of absolute values in a row of A."""

    def read(self, contender: Mapping[str, Any]) -> float | None:
        """The norm."""
        return _number(contender, "norm")


class SimSensitivity(_PathMetric[SimSensitivitySettings]):
    """How much a score can change at most where each pixel changes by at most 1.

    It is the largest row sum of S = |C| (I - |A|)^-1 |B| + |D| (El Ghaoui et al., Implicit Deep
    Learning, 2021, section 4); of a network of linear layers that of its implicit form.
    """

    def read(self, contender: Mapping[str, Any]) -> float | None:
        """The bound."""
        return _number(contender, "sensitivity")


class SimRadius(_PathMetric[SimRadiusSettings]):
    """Change of all pixels up to which the class is certain to stay, the mean over test images.

    It is 0 for those that are not told right.
    """

    def read(self, contender: Mapping[str, Any]) -> float | None:
        """The mean certified radius."""
        return _number(contender, "radius")


def _share(contender: Mapping[str, Any]) -> float | None:
    return _number(contender, "share")


def _number(found: Mapping[str, Any], name: str) -> float | None:
    value = found.get(name)
    return None if value is None else float(value)
