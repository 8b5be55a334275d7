"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_tasks() -> list[Component]:
    """What is learned in one place and tried in others: made suites, and data of one's own."""
    summaries = {
        "identity:Identity": "Give back a vector, in ranges that were not seen",
        "arithmetic:Arithmetic": "Add or subtract sums of parts of a vector, in other ranges",
        "rolling_average:RollingAverage": "The mean of a sequence, in other ranges and lengths",
        "rolling_argmax:RollingArgmax": "Where in a sequence its maximum is, in other ranges",
        "spiky:Spiky": "Forecast a series with regions of spikes",
        "series:Series": "Forecast a dated series of one's own, months after the training",
        "earthquakes:Earthquakes": "Locate earthquakes by arrival times, outside of a region",
        "table:Table": "A table of one's own, outside of the rows that were trained on",
    }
    return [
        Component(
            name=path.partition(":")[0].replace("_", "-"),
            summary=summary,
            path=f"evalcore_implicit.suites.{path}",
            settings=f"evalcore_implicit.suites.{path}Settings",
        )
        for path, summary in summaries.items()
    ]


@hookimpl
def evalcore_models() -> list[Component]:
    """Implicit models, and what they are compared with."""
    return [
        _torch("implicit", "implicit:Implicit", "Implicit model, x = phi(Ax + Bu), y = Cx + Du"),
        _torch("implicit-rnn", "implicit:ImplicitRnn", "Recurrent network with an implicit cell"),
        _torch("mlp", "feedforward:Mlp", "Multilayer perceptron"),
        _torch("nac", "feedforward:Nac", "Neural accumulators: layers that add and subtract"),
        _torch("nalu", "feedforward:Nalu", "Neural arithmetic logic units"),
        _torch("rnn", "sequences:Rnn", "Recurrent network with ReLU"),
        _torch("lstm", "sequences:Lstm", "Long short-term memory"),
        _torch("gru", "sequences:Gru", "Gated recurrent unit"),
        _torch("cnn", "sequences:Cnn", "One-dimensional convolutional network"),
        _torch("transformer", "sequences:Transformer", "Transformer encoder"),
        _other("ridge", "ridge:RidgeRegression", "ridge:RidgeSettings", "Ridge regression"),
        _other(
            "boosted-trees",
            "trees:BoostedTrees",
            "trees:BoostedTreesSettings",
            "Gradient-boosted trees",
        ),
        _other(
            "last-value",
            "last_value:LastValue",
            "last_value:LastValueSettings",
            "What was seen last, as the forecast of a series",
        ),
        _other(
            "garch",
            "garch:Garch",
            "garch:GarchSettings",
            "GARCH(1,1), the forecast of a volatility",
        ),
    ]


@hookimpl
def evalcore_strategies() -> list[Component]:
    """One strategy for every suite."""
    return [
        Component(
            name="extrapolate",
            summary="Fits a model to a drawing, then asks it further and further from it",
            path="evalcore_implicit.extrapolate:Extrapolate",
            settings="evalcore_implicit.extrapolate:ExtrapolateSettings",
        )
    ]


@hookimpl
def evalcore_metrics() -> list[Component]:
    """How far a model goes, and what that takes."""
    return [
        _metric("extrapolation-curve", "curve:ExtrapolationCurve", "A measure at each shift"),
        _metric("extrapolation-area", "reach:ExtrapolationArea", "Mean height of that curve"),
        _metric(
            "extrapolation-doubling",
            "reach:ExtrapolationDoubling",
            "How far from training the error has doubled",
        ),
        _metric(
            "extrapolation-forecast",
            "forecast:ExtrapolationForecast",
            "Mean error of each band of a series, with pictures of forecasts and truth",
        ),
        _metric(
            "extrapolation-map",
            "map:ExtrapolationMap",
            "Mean error of each band around a region, with maps of errors",
        ),
        _metric(
            "solver-iterations",
            "solver:SolverIterations",
            "Fixed-point steps of implicit models at each shift",
        ),
        _metric(
            "solver-convergence",
            "solver:SolverConvergence",
            "Share of the predictions whose equilibrium was found",
        ),
        _metric(
            "model-size", "size:ModelSize", "Parameters, operations of a prediction, seconds to fit"
        ),
    ]


def _torch(name: str, path: str, summary: str) -> Component:
    return _other(name, path, f"settings:{path.partition(':')[2]}Settings", summary)


def _other(name: str, path: str, settings: str, summary: str) -> Component:
    where = "evalcore_implicit.estimators."
    return Component(name=name, summary=summary, path=where + path, settings=where + settings)


def _metric(name: str, path: str, summary: str) -> Component:
    where = f"evalcore_implicit.metrics.{path}"
    return Component(name=name, summary=summary, path=where, settings=f"{where}Settings")
