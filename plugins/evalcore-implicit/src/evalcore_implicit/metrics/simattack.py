"""Metric `sim-attack`: accuracy under attack, over its strength."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from evalcore.metric import Metric
from evalcore.settings import Settings
from evalcore_implicit.metrics.contenders import check_name, records_of
from evalcore_implicit.metrics.curves import by_sample, estimate
from evalcore_implicit.metrics.simshown import under_attack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore.metric import Picture, Scores, Shown
    from evalcore.stats import Estimate
    from evalcore_implicit.metrics.contenders import Records

    Floats = NDArray[np.float64]

__all__ = ["SimAttack", "SimAttackSettings"]


_FITTED = "state-driven"


class SimAttackSettings(Settings):
    """Which contender is attacked, and how."""

    kind: Literal["fgsm", "pgd", "gaussian", "uniform"] = "fgsm"
    """One step along the sign of the gradient, ten such steps, or noise."""
    contender: str = _FITTED
    """Its name: `state-driven`, `teacher`, `magnitude-pruned` or `layer-wise-lasso`."""
    strength: float | None = None
    """The lambda at which it was fitted; if not set, the middle one of those on record."""
    against: str | None = None
    """Another contender, whose accuracy is subtracted in each drawing."""


class SimAttack(Metric[SimAttackSettings]):
    """Share of the attacked test images that are told right, at each strength of an attack.

    In the report all contenders are drawn.
    """

    def compute(self, scores: Scores) -> Mapping[str, Estimate]:
        """A part for each strength of the attack, such as `epsilon=0.05`."""
        records = self._records(scores)
        if records is None:
            return {}
        least = 0.0 if self.settings.against is None else -1.0
        return {
            f"epsilon={at:g}": replace(
                estimate(values, records.samples, within=(least, 1)), axis="epsilon", at=at
            )
            for at, values in self._columns(records)
        }

    def per_sample(self, scores: Scores) -> Mapping[str, Floats]:
        """The accuracy of each drawing."""
        records = self._records(scores)
        if records is None:
            return {}
        return {
            f"epsilon={at:g}": by_sample(values, records.samples, scores)
            for at, values in self._columns(records)
        }

    def pictures(self, cells: Sequence[Shown]) -> Iterable[Picture]:
        """One of all contenders, with a chart for each cell; nothing of a comparison."""
        if self.settings.contender != _FITTED or self.settings.against is not None:
            return ()
        return under_attack(cells, self.settings.kind, self.settings.strength)

    def _records(self, scores: Scores) -> Records | None:
        records = records_of(scores)
        for name in (self.settings.contender, self.settings.against):
            if records is not None and name is not None:
                check_name(records, name)
        return records

    def _columns(self, records: Records) -> Iterator[tuple[float, Floats]]:
        settings = self.settings
        for at in records.attacked(settings.kind):
            values = records.accuracies(settings.contender, settings.strength, settings.kind, at)
            if settings.against is not None:
                values -= records.accuracies(settings.against, settings.strength, settings.kind, at)
            if not np.isnan(values).all():
                yield at, values
