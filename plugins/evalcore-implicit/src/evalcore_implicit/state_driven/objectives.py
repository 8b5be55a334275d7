"""The objectives by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalcore_implicit.sim import L1, ElasticNet, Perspective, Robust

if TYPE_CHECKING:
    from evalcore_implicit.sim import Objective
    from evalcore_implicit.state_driven.settings import StateDrivenSettings

__all__ = ["objective_of"]


def objective_of(settings: StateDrivenSettings) -> Objective:
    """That of the settings, at the first strength."""
    first = settings.strengths[0]
    made: dict[str, Objective] = {
        "l1": L1(first),
        "elastic-net": ElasticNet(first, settings.ratio),
        "perspective": Perspective(first, settings.ridge),
        "robust": Robust(first, settings.exposed),
    }
    return made[settings.objective]
