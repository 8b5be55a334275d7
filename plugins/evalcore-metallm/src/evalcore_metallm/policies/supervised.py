"""Routers that are trained once, on queries whose outcome is known for every model."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor

from evalcore.errors import EvalcoreError
from evalcore_metallm.policies.policy import Estimate, Policy

if TYPE_CHECKING:
    from evalcore_metallm.policies.catalogue import (
        MultilayerPerceptronSettings,
        NearestNeighboursSettings,
    )
    from evalcore_metallm.policies.policy import Floats, State

__all__ = ["MultilayerPerceptron", "NearestNeighbours"]


class Supervised(Policy):
    """A regressor of scikit-learn, from a query to the quality and the cost of each arm.

    Its state is the arrays that it predicts from, never a pickle.
    """

    def __init__(self, *pool: Any, **others: Any) -> None:
        super().__init__(*pool, **others)
        self._regressor: Any = None

    @abstractmethod
    def trained(self, contexts: Floats, outcomes: Floats) -> Any:
        """A regressor, from contexts of shape (n, d) to outcomes of shape (n, 2 k)."""

    @abstractmethod
    def arrays(self, regressor: Any) -> State:
        """What it predicts from."""

    @abstractmethod
    def rebuilt(self, arrays: State) -> Any:
        """The regressor that `arrays` came from."""

    def estimate(self, contexts: Floats) -> Estimate:
        """As predicted.

        Raises:
            EvalcoreError: if it was not trained.
        """
        if self._regressor is None:
            raise EvalcoreError(
                f"{type(self).__name__} learns from training queries alone, and has seen none"
            )
        none = np.empty((0, 2 * self.arms))  # which scikit-learn refuses to predict
        outcomes = self._regressor.predict(contexts) if len(contexts) else none
        return Estimate(*np.split(outcomes, 2, axis=1))

    def warm_start(self, contexts: Floats, quality: Floats, cost: Floats) -> None:
        """Train on the queries of which every outcome is known.

        Raises:
            EvalcoreError: if there is none.
        """
        outcomes = np.concatenate([quality, cost], axis=1)
        known = ~np.isnan(outcomes).any(axis=1)
        if not known.any():
            raise EvalcoreError("found no training query whose quality is known for every model")
        self._regressor = self.trained(contexts[known], outcomes[known])

    def state(self) -> State:
        """With the regressor's arrays, if it was trained."""
        if self._regressor is None:
            return super().state()
        return {**super().state(), **self.arrays(self._regressor)}

    def restore(self, state: State) -> None:
        """Likewise."""
        self._regressor = None
        own = super().state().keys()
        arrays = {name: np.array(array) for name, array in state.items() if name not in own}
        super().restore({name: state[name] for name in own if name in state})
        if arrays:
            self._regressor = self._checked(arrays)

    def _checked(self, arrays: State) -> Any:
        """The regressor, if it is one for these arms and contexts."""
        try:
            regressor = self.rebuilt(arrays)
            (outcomes,) = regressor.predict(np.zeros((1, self.width)))
        except (KeyError, ValueError) as error:
            outcomes, problem = (), f"{error!r}"
        else:
            problem = f"one that predicts {len(outcomes) / 2:g} models"
        if len(outcomes) != 2 * self.arms:
            raise EvalcoreError(
                f"expected the state of a {type(self).__name__} for {self.arms} models and "
                f"contexts of width {self.width}, found {problem}"
            )
        return regressor


class NearestNeighbours(Supervised):
    """The mean outcome of the training queries nearest by cosine.

    Hu et al., "RouterBench" (arXiv 2403.12031).
    """

    def __init__(self, settings: NearestNeighboursSettings, *pool: Any, **others: Any) -> None:
        super().__init__(settings, *pool, **others)
        self._neighbours = settings.neighbours
        self._examples: State = {}

    def trained(self, contexts: Floats, outcomes: Floats) -> Any:
        """All training queries are kept."""
        self._examples = {"contexts": contexts, "outcomes": outcomes}
        neighbours = min(self._neighbours, len(contexts))
        return KNeighborsRegressor(neighbours, metric="cosine").fit(contexts, outcomes)

    def arrays(self, regressor: Any) -> State:
        """The training queries' contexts and outcomes."""
        return self._examples

    def rebuilt(self, arrays: State) -> Any:
        """Trained on these."""
        return self.trained(arrays["contexts"], arrays["outcomes"])  # type: ignore[arg-type]


class MultilayerPerceptron(Supervised):
    """A small neural network with rectified linear units, trained by Adam.

    Hu et al., "RouterBench" (arXiv 2403.12031).
    """

    def __init__(self, settings: MultilayerPerceptronSettings, *pool: Any, **others: Any) -> None:
        super().__init__(settings, *pool, **others)
        self._hidden = settings.hidden

    def trained(self, contexts: Floats, outcomes: Floats) -> Any:
        """Stops where a tenth of the queries says so, if there are enough, or after 200 rounds."""
        regressor = MLPRegressor(
            hidden_layer_sizes=self._hidden,
            early_stopping=len(contexts) >= 100,
            random_state=int(self._rng.integers(2**31)),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # 200 rounds are enough
            return regressor.fit(contexts, outcomes)

    def arrays(self, regressor: Any) -> State:
        """The weights of each layer."""
        layers = zip(regressor.coefs_, regressor.intercepts_, strict=True)
        return {
            f"{name}_{layer}": array
            for layer, pair in enumerate(layers)
            for name, array in zip(("weights", "biases"), pair, strict=True)
        }

    def rebuilt(self, arrays: State) -> Any:
        """With these weights."""
        layers = range(len(self._hidden) + 1)
        regressor = MLPRegressor(hidden_layer_sizes=self._hidden)
        regressor.coefs_ = [arrays[f"weights_{layer}"] for layer in layers]
        regressor.intercepts_ = [arrays[f"biases_{layer}"] for layer in layers]
        regressor.n_layers_, regressor.out_activation_ = len(layers) + 1, "identity"
        regressor.n_outputs_ = len(regressor.intercepts_[-1])
        regressor.n_features_in_ = len(regressor.coefs_[0])
        return regressor
