import numpy as np
import pytest
from pydantic import ValidationError
from scipy.optimize import minimize

from evalcore.errors import EvalcoreError
from evalcore_implicit.estimators.garch import Garch, GarchSettings
from evalcore_implicit.estimators.last_value import LastValue, LastValueSettings

WINDOW = np.array([[3.0, -1.0, 2.0, -2.0]])
PAIR = np.repeat(WINDOW, 2, axis=0)


def returns(length, alpha=0.1, beta=0.85, mean=2.0, seed=0):
    """Of GARCH(1,1) with a mean variance."""
    rng = np.random.default_rng(seed)
    variance, drawn = mean, []
    for deviate in rng.normal(size=length):
        drawn.append(np.sqrt(variance) * deviate)
        variance = mean * (1 - alpha - beta) + alpha * drawn[-1] ** 2 + beta * variance
    return np.array(drawn)


def windows(series, width=40, horizon=5):
    """Windows, and the volatility after each."""
    seen = np.lib.stride_tricks.sliding_window_view(series[:-horizon], width)
    after = np.lib.stride_tricks.sliding_window_view(series[width:], horizon)
    return seen, np.sqrt(np.square(after).mean(axis=1, keepdims=True))


def loss(parameters, series):
    """Mean negative log-likelihood, one step after the other."""
    alpha, beta = parameters
    if min(alpha, beta) < 0 or alpha + beta > 0.9999:
        return np.inf
    mean = np.mean(series**2)
    variance, total = mean, 0.0
    for value in series:
        total += 0.5 * (np.log(variance) + value**2 / variance)
        variance = mean * (1 - alpha - beta) + alpha * value**2 + beta * variance
    return total / len(series)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, -2.0),
        ({"target": "returns"}, -2.0),
        ({"target": "returns", "horizon": 3}, -1.0),
        ({"target": "volatility"}, 2.0),
        ({"target": "volatility", "horizon": 4}, np.sqrt(18 / 4)),
    ],
)
@pytest.mark.parametrize("outputs", [1, 3])
def test_what_was_seen_last(fit, settings, expected, outputs):
    estimator = LastValue(LastValueSettings(**settings))
    state = fit(estimator, PAIR, np.ones((2, outputs))).state
    assert estimator.predict(state, WINDOW).outputs == pytest.approx(
        np.full((1, outputs), expected)
    )
    assert estimator.predict(state, WINDOW[:, :, None]).outputs[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize("target", ["returns", "volatility"])
def test_windows_shorter_than_the_horizon_are_told(fit, target):
    with pytest.raises(EvalcoreError, match="found windows of 4 values, expected 5 or more"):
        fit(LastValue(LastValueSettings(target=target, horizon=5)), PAIR, np.ones((2, 1)))


@pytest.mark.parametrize(
    ("estimator", "told"),
    [
        (LastValue(LastValueSettings()), "`target: value` of"),
        (
            LastValue(LastValueSettings(target="volatility")),
            "`target: volatility` with `horizon: 1`",
        ),
        (Garch(GarchSettings(horizon=40)), "`target: volatility` with `horizon: 40`"),
        (Garch(GarchSettings(target="returns", horizon=5)), "`target: returns` with `horizon: 5`"),
    ],
)
def test_targets_that_are_not_what_is_forecast_are_told(fit, estimator, told):
    inputs, targets = windows(returns(300), horizon=5)
    with pytest.raises(
        EvalcoreError, match=f"the targets are not the {told}.* as those of the task"
    ):
        fit(estimator, inputs, targets)


@pytest.mark.parametrize("kept", [slice(None), slice(None, None, 2)], ids=["all", "half"])
def test_targets_that_are_what_is_forecast_are_taken(fit, kept):
    inputs, targets = windows(returns(300), horizon=5)
    for estimator in (
        LastValue(LastValueSettings(target="volatility", horizon=5)),
        Garch(GarchSettings(horizon=5)),
    ):
        fit(estimator, inputs[kept], targets[kept])
    values = np.cumsum(returns(300))
    seen = np.lib.stride_tricks.sliding_window_view(values[:-7], 40)
    fit(LastValue(LastValueSettings()), seen[kept], values[46:, None][kept])


@pytest.mark.parametrize("estimator", [LastValue(LastValueSettings()), Garch(GarchSettings())])
def test_series_are_values_in_windows(fit, estimator):
    with pytest.raises(EvalcoreError, match="found classes as targets"):
        fit(estimator, PAIR, np.array([0, 1]))
    with pytest.raises(EvalcoreError, match="expected windows of a series"):
        fit(estimator, np.ones((2, 3, 2)), np.ones((2, 1)))


def test_the_likeliest_parameters_are_found(fit):
    series = returns(2000)
    inputs, targets = windows(series)
    series = series[: 40 + len(inputs) - 1]
    found = fit(Garch(GarchSettings(horizon=5)), inputs, targets).details
    exact = minimize(loss, (0.1, 0.8), args=(series,), method="Nelder-Mead")
    assert (found["alpha"], found["beta"]) == pytest.approx(exact.x, abs=2e-3)
    assert found["loss"] == pytest.approx(exact.fun, abs=1e-6)
    assert (found["alpha"], found["beta"]) == pytest.approx((0.1, 0.85), abs=0.06)


def test_windows_that_do_not_follow_each_other_are_series_of_their_own(fit):
    series = returns(2000)
    apart = series.reshape(50, 40)
    found = fit(Garch(GarchSettings()), apart, np.ones((50, 1))).details

    def of_all(parameters):
        if min(parameters) < 0 or sum(parameters) > 0.9999:
            return np.inf
        alpha, beta = parameters
        mean = np.mean(series**2)
        variance, total = np.full(50, mean), 0.0
        for column in apart.T:
            total += 0.5 * np.sum(np.log(variance) + column**2 / variance)
            variance = mean * (1 - alpha - beta) + alpha * column**2 + beta * variance
        return total / series.size

    exact = minimize(of_all, (0.1, 0.8), method="Nelder-Mead")
    assert found["loss"] == pytest.approx(exact.fun, abs=1e-6)


def test_the_forecast_is_the_expected_square_over_the_horizon(fit):
    for horizon in (1, 7):
        inputs, targets = windows(returns(1000), horizon=horizon)
        estimator = Garch(GarchSettings(horizon=horizon))
        fitted = fit(estimator, inputs, targets)
        alpha, beta, mean = fitted.details["alpha"], fitted.details["beta"], fitted.state.variance
        variance = mean
        for value in inputs[123]:
            variance = mean * (1 - alpha - beta) + alpha * value**2 + beta * variance
        expected = []
        for _ in range(horizon):
            expected.append(variance)
            # The square that is expected is the variance itself.
            variance = mean * (1 - alpha - beta) + (alpha + beta) * variance
        outputs = estimator.predict(fitted.state, inputs[123:124]).outputs
        assert outputs[0, 0] == pytest.approx(np.sqrt(np.mean(expected)))


def test_volatility_is_better_forecast_than_by_what_was_last(fit):
    inputs, targets = windows(returns(2000))
    errors = []
    for estimator in (
        Garch(GarchSettings(horizon=5)),
        LastValue(LastValueSettings(target="volatility", horizon=5)),
    ):
        outputs = estimator.predict(fit(estimator, inputs, targets).state, inputs).outputs
        errors.append(np.mean((outputs - targets) ** 2))
    assert errors[0] < 0.8 * errors[1]


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_the_unit_of_returns_does_not_matter(fit, factor):
    inputs, targets = windows(returns(500))
    estimator = Garch(GarchSettings(horizon=5))
    plain, scaled = (fit(estimator, size * inputs, size * targets) for size in (1.0, factor))
    assert scaled.details["alpha"] == pytest.approx(plain.details["alpha"])
    outputs = estimator.predict(scaled.state, factor * inputs).outputs
    assert outputs == pytest.approx(factor * estimator.predict(plain.state, inputs).outputs)


def test_a_return_of_garch_is_expected_to_be_none(fit):
    estimator = Garch(GarchSettings(target="returns", horizon=3))
    state = fit(estimator, returns(200).reshape(5, 40), np.ones((5, 1))).state
    assert np.array_equal(estimator.predict(state, WINDOW).outputs, [[0.0]])


def test_returns_that_are_all_zero_are_told(fit):
    with pytest.raises(EvalcoreError, match="all 0"):
        fit(Garch(GarchSettings()), np.zeros((5, 3)), np.ones((5, 1)))


def test_noise_has_no_memory(fit):
    series = np.random.default_rng(0).normal(size=2000)
    assert fit(Garch(GarchSettings(horizon=5)), *windows(series)).details["alpha"] < 0.05


@pytest.mark.parametrize(
    ("settings", "given"),
    [(GarchSettings, {"target": "value"}), (LastValueSettings, {"horizon": 0})],
)
def test_settings_that_cannot_be_meant_are_refused(settings, given):
    with pytest.raises(ValidationError):
        settings(**given)
