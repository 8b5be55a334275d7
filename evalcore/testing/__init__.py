"""What a plugin's author tests with: contracts to subclass, and fixtures that run specs.

A contract is a class of tests. Subclass it, name your component, and pytest runs what every
component of that kind must hold to:

    from evalcore.testing import TaskContract

    class TestSums(TaskContract):
        component = "sums"
        right = {"0": "5"}
        wrong = {"0": "6", "1": ""}

The fixtures `evalcore_run` and `evalcore_offer` need no import: pytest finds them by itself.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalcore.testing.estimators import EstimatorContract
    from evalcore.testing.metrics import MetricContract
    from evalcore.testing.models import ModelContract, scripted
    from evalcore.testing.offers import Offer
    from evalcore.testing.runs import Run, SpecRunner
    from evalcore.testing.scores import record, scores_of
    from evalcore.testing.strategies import StrategyContract
    from evalcore.testing.tasks import TaskContract

_HOMES = {
    "EstimatorContract": "estimators",
    "MetricContract": "metrics",
    "ModelContract": "models",
    "Offer": "offers",
    "Run": "runs",
    "SpecRunner": "runs",
    "StrategyContract": "strategies",
    "TaskContract": "tasks",
    "record": "scores",
    "scores_of": "scores",
    "scripted": "models",
}

__all__ = [
    "EstimatorContract",
    "MetricContract",
    "ModelContract",
    "Offer",
    "Run",
    "SpecRunner",
    "StrategyContract",
    "TaskContract",
    "record",
    "scores_of",
    "scripted",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'evalcore.testing' has no attribute {name!r}")
    return getattr(import_module(f"evalcore.testing.{_HOMES[name]}"), name)
