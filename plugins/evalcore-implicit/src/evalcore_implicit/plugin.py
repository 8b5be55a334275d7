"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_tasks() -> list[Component]:
    """Suites of extrapolation: made ones, and three of one's own data."""
    return [
        _component("identity", "suites.identity:Identity", "A vector, of itself"),
        _component("arithmetic", "suites.arithmetic:Arithmetic", "Sums of parts of a vector"),
        _component(
            "rolling-average", "suites.rolling_average:RollingAverage", "The mean of a sequence"
        ),
        _component(
            "rolling-argmax",
            "suites.rolling_argmax:RollingArgmax",
            "Where in a sequence the highest value is",
        ),
        _component("spiky", "suites.spiky:Spiky", "The next value of a series with bursts"),
        _component("series", "suites.series:Series", "A dated series of one's own, in its future"),
        _component(
            "earthquakes",
            "suites.earthquakes:Earthquakes",
            "Where an earthquake was, from when it arrived at stations",
        ),
        _component("table", "suites.table:Table", "A table of one's own, outside of a split"),
    ]


@hookimpl
def evalcore_models() -> list[Component]:
    """Implicit models, and what they are compared with."""
    return [
        _component("implicit", "estimators.implicit:Implicit", "Implicit model, x = φ(Ax + Bu)"),
        _component(
            "implicit-rnn", "estimators.implicit:ImplicitRNN", "RNN of an implicit cell"
        ),
    ]


@hookimpl
def evalcore_strategies() -> list[Component]:
    """One strategy for every suite."""
    return [
        _component(
            "extrapolate",
            "extrapolate:Extrapolate",
            "Fits a model on a drawing, and asks it further and further from it",
        )
    ]


@hookimpl
def evalcore_metrics() -> list[Component]:
    """How far a model goes, and at what cost."""
    return [
        _component(
            "extrapolation-curve",
            "metrics.curve:ExtrapolationCurve",
            "The main measure at each shift",
        ),
    ]


def _component(name: str, path: str, summary: str) -> Component:
    return Component(
        name=name,
        summary=summary,
        path=f"evalcore_implicit.{path}",
        settings=f"evalcore_implicit.{path}Settings",
    )
