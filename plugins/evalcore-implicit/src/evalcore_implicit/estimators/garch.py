"""Estimator `garch`: the volatility of returns by GARCH(1,1)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from evalcore.errors import EvalcoreError
from evalcore.model import Estimator, Fitted, Prediction
from evalcore.settings import Settings
from evalcore_implicit.estimators.samples import check_inputs
from evalcore_implicit.estimators.series import (
    check_targets,
    check_windows,
    repeated,
    windows,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Garch", "GarchSettings"]

_HIGHEST = 0.9999
"""Of alpha + beta: below 1, where the variance has a mean to return to."""

_POINTS = 9
"""Of the grid of likelihoods, in each direction."""

_ROUNDS = 14
"""Grids, each half as wide as the one before."""


class GarchSettings(Settings):
    """What is forecast."""

    target: Literal["volatility", "returns"] = "volatility"
    """`volatility`: the root of the mean square return that is expected over the horizon.
    `returns`: their sum, of which the model expects 0."""
    horizon: int = Field(1, ge=1)
    """Time steps of the target."""


class _Garch(NamedTuple):
    """The variance follows v[t+1] = (1 - alpha - beta) v + alpha r[t]^2 + beta v[t].

    Attributes:
        variance: v, the mean square of the training returns.
        alpha: weight of the last square.
        beta: weight of the last variance.
        outputs: columns of the targets.
    """

    variance: float
    alpha: float
    beta: float
    outputs: int


class Garch(Estimator[GarchSettings]):
    """GARCH(1,1) of returns with mean 0 (Bollerslev 1986), fitted by maximum likelihood.

    The mean variance is that of the training returns (variance targeting); alpha and beta are
    searched on grids that become finer. Inputs are windows of returns, the newest last. Windows
    that follow each other by one step are joined to the series that they were cut from. Before the
    first return of a series, the variance is its mean; so it is in each window that is predicted
    from, for which `look_back` is best long.
    """

    def fit(
        self,
        inputs: NDArray[np.floating[Any]],
        targets: NDArray[np.generic],
        *,
        seed: int,
        tell: Callable[[float], None],
    ) -> Fitted:
        """Find the likeliest parameters.

        Raises:
            EvalcoreError: if the inputs are no windows of returns, all returns are 0, or targets
                are not what is forecast.
        """
        start = time.process_time()
        samples = check_windows(inputs, targets)
        rows = windows(samples.inputs)
        squares, weights = _joined(rows)
        variance = float((squares * weights).sum() / weights.sum())
        if variance == 0:
            raise EvalcoreError("found returns that are all 0, of which no variance can be learned")
        check_targets(rows, samples.targets, self.settings.target, self.settings.horizon)
        alpha, beta, loss = _likeliest(squares / variance, weights, tell)
        details = {
            "parameters": 3,
            "operations": 3 * samples.inputs.shape[1] + 2 * self.settings.horizon,
            "epochs": _ROUNDS,
            # In the returns' own unit, without the constant log(2 pi) / 2.
            "loss": loss + 0.5 * float(np.log(variance)),
            "alpha": alpha,
            "beta": beta,
            "seconds": time.process_time() - start,
        }
        return Fitted(_Garch(variance, alpha, beta, samples.outputs), details)

    def predict(self, state: Any, inputs: NDArray[np.floating[Any]]) -> Prediction:
        """The forecast after each window, as every output."""
        rows = windows(check_inputs(inputs))
        if self.settings.target == "returns":
            return Prediction(np.zeros((len(rows), state.outputs)))
        variance = np.full(len(rows), 1.0)
        for square in np.square(rows).T / state.variance:
            variance = _next(variance, square, state.alpha, state.beta)
        # The distance from the mean shrinks by alpha + beta with each step into the future.
        shrunk = np.mean((state.alpha + state.beta) ** np.arange(self.settings.horizon))
        expected = state.variance * (1 + (variance - 1) * shrunk)
        return Prediction(repeated(np.sqrt(expected), state.outputs))


def _next(variance: Floats, square: Floats, alpha: Any, beta: Any) -> Floats:
    """The variance after a squared return, of returns whose mean variance is 1."""
    after: Floats = (1 - alpha - beta) + alpha * square + beta * variance
    return after


def _joined(rows: Floats) -> tuple[Floats, Floats]:
    """The squared returns of the series that windows were cut from.

    Returns:
        Squares, shape (longest series, series), and weights: 1 where there is a return, else 0.
    """
    follows = (rows[1:, :-1] == rows[:-1, 1:]).all(axis=1)
    starts = np.flatnonzero(np.concatenate([[True], ~follows]))
    ends = np.append(starts[1:], len(rows))
    series = [
        np.concatenate([rows[start], rows[start + 1 : end, -1]])
        for start, end in zip(starts, ends, strict=True)
    ]
    longest = max(len(one) for one in series)
    squares, weights = np.zeros((longest, len(series))), np.zeros((longest, len(series)))
    for column, one in enumerate(series):
        squares[: len(one), column] = np.square(one)
        weights[: len(one), column] = 1.0
    return squares, weights


def _likeliest(
    squares: Floats, weights: Floats, tell: Callable[[float], None]
) -> tuple[float, float, float]:
    """Alpha, beta and the mean negative log-likelihood, without its constant.

    Searched over alpha + beta and the share of alpha in it, in which the bounds are a rectangle.
    """
    persistence, share = np.linspace(0, _HIGHEST, _POINTS), np.linspace(0, 1, _POINTS)
    best: tuple[float, float, float] = (0.0, 0.0, float("inf"))
    for finished in range(_ROUNDS):
        totals, shares = (axis.ravel() for axis in np.meshgrid(persistence, share))
        alphas = totals * shares
        losses = _losses(squares, weights, alphas, totals - alphas)
        found = int(np.argmin(losses))
        if losses[found] < best[2]:
            best = (float(totals[found]), float(shares[found]), float(losses[found]))
        persistence = _around(best[0], (persistence[-1] - persistence[0]) / 4, _HIGHEST)
        share = _around(best[1], (share[-1] - share[0]) / 4, 1.0)
        tell((finished + 1) / _ROUNDS)
    total, of_alpha, loss = best
    return total * of_alpha, total * (1 - of_alpha), loss


def _around(value: float, reach: float, highest: float) -> Floats:
    return np.linspace(max(0.0, value - reach), min(highest, value + reach), _POINTS)


def _losses(squares: Floats, weights: Floats, alphas: Floats, betas: Floats) -> Floats:
    """Mean of (log v + r^2 / v) / 2 for each pair of parameters, shape (pairs,)."""
    variance = np.ones((len(alphas), squares.shape[1]))
    total = np.zeros(len(alphas))
    for square, weight in zip(squares, weights, strict=True):
        # Rounding alone can make it 0 where alpha is 1 and the return was 0.
        np.maximum(variance, 1e-12, out=variance)
        total += (np.log(variance) + square / variance) @ weight
        variance = _next(variance, square, alphas[:, None], betas[:, None])
    losses: Floats = 0.5 * total / weights.sum()
    return losses
