"""Metric `sim-attack`: accuracy under attack, over its strength."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from evalcore_implicit.metrics.contrasts import Column, ContenderMetric, ContenderSettings
from evalcore_implicit.metrics.simshown import under_attack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from evalcore.metric import Picture, Shown
    from evalcore_implicit.metrics.contenders import Records

__all__ = ["SimAttack", "SimAttackSettings"]


class SimAttackSettings(ContenderSettings):
    """Which contender is attacked, and how."""

    kind: Literal["fgsm", "pgd", "gaussian", "uniform"] = "fgsm"
    """One step along the sign of the gradient, ten such steps, or noise."""
    strength: float | None = None
    """The lambda at which it was fitted; if not set, the middle one of those on record."""


class SimAttack(ContenderMetric[SimAttackSettings]):
    """Share of the attacked test images that are told right, at each strength of an attack.

    In the report all contenders are drawn.
    """

    most = 1.0

    def columns(self, records: Records) -> Iterator[Column]:
        """One for each strength of the attack, such as `epsilon=0.05`."""
        contender, other = self.settings.contender, self.settings.against
        strength, kind = self.settings.strength, self.settings.kind
        for at in records.attacked(kind):
            values = records.accuracies(contender, strength, kind, at)
            if other is not None:
                values -= records.accuracies(other, strength, kind, at)
            yield Column(f"epsilon={at:g}", values, "epsilon", at)

    def pictures(self, cells: Sequence[Shown]) -> Iterable[Picture]:
        """One of all contenders, with a chart for each cell; nothing of a comparison."""
        if not self.drawn:
            return ()
        return under_attack(cells, self.settings.kind, self.settings.strength)
