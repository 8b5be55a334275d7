"""evalcore: a small core that finds plugins and runs evaluations from spec files.

The names below are the public interface; each is imported when it is first used, so that
`import evalcore` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalcore.calls import ModelCallError
    from evalcore.component import Command, Component
    from evalcore.data import (
        Attempt,
        Case,
        Continuation,
        Failure,
        Feedback,
        Generation,
        Likelihood,
        Message,
        Record,
        Request,
        Result,
        Sample,
        Score,
        Token,
        Usage,
    )
    from evalcore.errors import EvalcoreError, PluginError, RunError, SpecError, TaskError
    from evalcore.folders import cache_folder
    from evalcore.hookspecs import hookimpl
    from evalcore.library import OpenModel, open_model, open_records, open_samples
    from evalcore.metric import Metric, Picture, Scores, Shown
    from evalcore.model import (
        Estimator,
        Fitted,
        LanguageModel,
        Model,
        Prediction,
        TransientError,
    )
    from evalcore.prices import Price, read_prices
    from evalcore.rehearsal import Rehearsal, rehearse
    from evalcore.reporter import Report, Reporter
    from evalcore.settings import DataPath, Settings
    from evalcore.stats import Estimate
    from evalcore.strategy import Context, FittedHandle, Outcome, StandIns, Strategy
    from evalcore.task import Task

_HOMES = {
    "calls": ("ModelCallError",),
    "component": ("Command", "Component"),
    "data": (
        "Attempt",
        "Case",
        "Continuation",
        "Failure",
        "Feedback",
        "Generation",
        "Likelihood",
        "Message",
        "Record",
        "Request",
        "Result",
        "Sample",
        "Score",
        "Token",
        "Usage",
    ),
    "errors": ("EvalcoreError", "PluginError", "RunError", "SpecError", "TaskError"),
    "folders": ("cache_folder",),
    "hookspecs": ("hookimpl",),
    "library": ("OpenModel", "open_model", "open_records", "open_samples"),
    "metric": ("Metric", "Picture", "Scores", "Shown"),
    "model": ("Estimator", "Fitted", "LanguageModel", "Model", "Prediction", "TransientError"),
    "prices": ("Price", "read_prices"),
    "rehearsal": ("Rehearsal", "rehearse"),
    "reporter": ("Report", "Reporter"),
    "settings": ("DataPath", "Settings"),
    "stats": ("Estimate",),
    "strategy": ("Context", "FittedHandle", "Outcome", "StandIns", "Strategy"),
    "task": ("Task",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Attempt",
    "Case",
    "Command",
    "Component",
    "Context",
    "Continuation",
    "DataPath",
    "Estimate",
    "Estimator",
    "EvalcoreError",
    "Failure",
    "Feedback",
    "Fitted",
    "FittedHandle",
    "Generation",
    "LanguageModel",
    "Likelihood",
    "Message",
    "Metric",
    "Model",
    "ModelCallError",
    "OpenModel",
    "Outcome",
    "Picture",
    "PluginError",
    "Prediction",
    "Price",
    "Record",
    "Rehearsal",
    "Report",
    "Reporter",
    "Request",
    "Result",
    "RunError",
    "Sample",
    "Score",
    "Scores",
    "Settings",
    "Shown",
    "SpecError",
    "StandIns",
    "Strategy",
    "Task",
    "TaskError",
    "Token",
    "TransientError",
    "Usage",
    "cache_folder",
    "hookimpl",
    "open_model",
    "open_records",
    "open_samples",
    "read_prices",
    "rehearse",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'evalcore' has no attribute {name!r}")
    value = getattr(import_module(f"evalcore.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
