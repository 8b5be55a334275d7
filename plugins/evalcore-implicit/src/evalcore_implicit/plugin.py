"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_tasks() -> list[Component]:
    """What is learned in one place and tried in others: made, drawn, and of one's own."""
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
    suites = [
        _component(path.partition(":")[0].replace("_", "-"), f"suites.{path}", summary)
        for path, summary in summaries.items()
    ]
    return [
        *suites,
        _component(
            "images",
            "images.dataset:ImageDataset",
            "Classify images of one's own, clean and under attack",
        ),
        _component(
            "glyphs",
            "images.glyphs:Glyphs",
            "Classify symbols drawn for it, clean and under attack",
        ),
    ]


@hookimpl
def evalcore_models() -> list[Component]:
    """Implicit models, and what they are compared with."""
    return [
        _model("implicit", "implicit:Implicit", "Implicit model, x = φ(Ax + Bu), y = Cx + Du"),
        _model("implicit-rnn", "implicit:ImplicitRnn", "Recurrent network with an implicit cell"),
        _model("mlp", "feedforward:Mlp", "Multilayer perceptron"),
        _model("nac", "feedforward:Nac", "Neural accumulators, which add and subtract"),
        _model("nalu", "feedforward:Nalu", "Neural arithmetic logic units"),
        _model("rnn", "sequences:Rnn", "Recurrent network with ReLU"),
        _model("lstm", "sequences:Lstm", "Long short-term memory"),
        _model("gru", "sequences:Gru", "Gated recurrent units"),
        _model("cnn", "sequences:Cnn", "Convolutional network in time"),
        _model("transformer", "sequences:Transformer", "Encoder of a transformer"),
        _model("ridge", "ridge:Ridge", "Ridge regression"),
        _model("boosted-trees", "trees:BoostedTrees", "Gradient-boosted trees"),
        _model("last-value", "last_value:LastValue", "A series goes on as it was last"),
        _model("garch", "garch:Garch", "GARCH(1,1), of volatilities"),
        _model("image-mlp", "teachers:ImageMlp", "Multilayer perceptron for images"),
        _model("resnet", "teachers:ResNet", "Residual network for small images"),
    ]


@hookimpl
def evalcore_strategies() -> list[Component]:
    """One strategy for every suite of shifts, and one for images."""
    return [
        _component(
            "extrapolate",
            "extrapolate:Extrapolate",
            "Fits a model to a drawing, then asks it further and further from it",
        ),
        _component(
            "state-driven",
            "state_driven.strategy:StateDriven",
            "Fits sparse implicit models to the states of a trained network",
        ),
    ]


@hookimpl
def evalcore_metrics() -> list[Component]:
    """How far a model goes, what that takes, and what of a network is needed."""
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
        _metric("sim-accuracy", "sim:SimAccuracy", "Accuracy along the path of lambda"),
        _metric("sim-agreement", "sim:SimAgreement", "Agreement with the teacher"),
        _metric("sim-weights", "sim:SimWeights", "Weights left, in all or of a matrix"),
        _metric("sim-operations", "sim:SimOperations", "Operations of one prediction"),
        _metric("sim-iterations", "sim:SimIterations", "Fixed-point steps of one prediction"),
        _metric("sim-norm", "sim:SimNorm", "Norm of A"),
        _metric("sim-sensitivity", "sim:SimSensitivity", "Bound on the change of a score"),
        _metric("sim-radius", "sim:SimRadius", "Mean certified radius"),
        _metric("sim-attack", "simattack:SimAttack", "Accuracy under attack, over its strength"),
    ]


def _model(name: str, path: str, summary: str) -> Component:
    return _component(name, f"estimators.{path}", summary)


def _metric(name: str, path: str, summary: str) -> Component:
    return _component(name, f"metrics.{path}", summary)


def _component(name: str, path: str, summary: str) -> Component:
    where = f"evalcore_implicit.{path}"
    return Component(name=name, summary=summary, path=where, settings=f"{where}Settings")
