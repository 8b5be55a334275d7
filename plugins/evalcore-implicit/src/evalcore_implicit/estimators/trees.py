"""Estimator `boosted-trees`: trees that each mend what those before leave over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from evalcore.model import Estimator, Fitted, Prediction
from evalcore.settings import Settings
from evalcore_implicit.estimators.samples import check_inputs, check_samples, flat

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evalcore_implicit.estimators.samples import Samples

__all__ = ["BoostedTrees", "BoostedTreesSettings"]

_IMPOSSIBLE = -50.0
"""Score of a class without a training sample: the logarithm of a probability of about 1e-22."""


class BoostedTreesSettings(Settings):
    """Gradient-boosted trees."""

    trees: int = Field(100, ge=1)
    """For each output, or for each class; at most."""
    learning_rate: float = Field(0.1, gt=0, allow_inf_nan=False)
    """Share of what is left over that a tree mends."""
    leaves: int = Field(31, ge=2)
    """Of a tree, at most."""
    least: int = Field(20, ge=1)
    """Samples in a leaf."""
    penalty: float = Field(0.0, ge=0, allow_inf_nan=False)
    """On the squared values of leaves."""
    validation: float = Field(0.0, ge=0, lt=1)
    """Fraction of the samples, drawn at random, that is held out to stop early; none by default."""
    patience: int | None = Field(None, ge=1)
    """Trees without a lower loss on the held-out samples after which no more are made, 10 by
    default; needs `validation`."""

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> Self:
        if self.patience is not None and self.validation == 0:
            raise ValueError("`patience` counts trees by held-out samples: set `validation` too")
        return self


class _Boosted(NamedTuple):
    """A model for each output, or one for all classes; features of an input; classes, or 0."""

    models: tuple[Any, ...]
    features: int
    classes: int


class BoostedTrees(Estimator[BoostedTreesSettings]):
    """Histogram-based gradient boosting of scikit-learn.

    Beyond the training data its outputs are constant. Of classes it gives the logarithms of
    probabilities. Details of a fit: `parameters` are a threshold and a feature for each split and
    a value for each leaf, `operations` the comparisons and additions of one prediction where the
    trees are balanced.
    """

    def fit(
        self,
        inputs: NDArray[np.floating[Any]],
        targets: NDArray[np.generic],
        *,
        seed: int,
        tell: Callable[[float], None],
    ) -> Fitted:
        """Grow the trees.

        Raises:
            EvalcoreError: if the data cannot be learned from.
        """
        start = time.process_time()
        samples = check_samples(inputs, targets)
        rows = flat(samples.inputs)
        models = self._grown(rows, samples, seed, tell)
        leaves = np.array([tree.get_n_leaf_nodes() for model in models for tree in _trees(model)])
        details = {
            "parameters": int(np.sum(3 * leaves - 2)),
            "operations": round(float(np.sum(np.log2(leaves) + 1))),
            "epochs": max(int(model.n_iter_) for model in models),
            "seconds": time.process_time() - start,
        }
        classes = samples.outputs if samples.classes else 0
        return Fitted(_Boosted(models, rows.shape[1], classes), details)

    def predict(self, state: Any, inputs: NDArray[np.floating[Any]]) -> Prediction:
        """The sums of the trees.

        Raises:
            EvalcoreError: if the inputs are of another form than those of the fit.
        """
        rows = flat(check_inputs(inputs), state.features)
        if not state.classes:
            return Prediction(np.stack([model.predict(rows) for model in state.models], axis=1))
        (model,) = state.models
        outputs = np.full((len(rows), state.classes), _IMPOSSIBLE)
        likely = np.maximum(model.predict_proba(rows), np.exp(_IMPOSSIBLE))
        outputs[:, model.classes_] = np.log(likely)
        return Prediction(outputs)

    def _grown(
        self,
        rows: NDArray[np.float64],
        samples: Samples,
        seed: int,
        tell: Callable[[float], None],
    ) -> tuple[Any, ...]:
        from sklearn.ensemble import (
            HistGradientBoostingClassifier,
            HistGradientBoostingRegressor,
        )

        options = self._options(seed)
        if samples.classes:
            model = HistGradientBoostingClassifier(**options).fit(rows, samples.targets)
            tell(1.0)
            return (model,)
        models = []
        for column in samples.targets.T:
            models.append(HistGradientBoostingRegressor(**options).fit(rows, column))
            tell(len(models) / samples.outputs)
        return tuple(models)

    def _options(self, seed: int) -> dict[str, Any]:
        settings = self.settings
        return {
            "max_iter": settings.trees,
            "learning_rate": settings.learning_rate,
            "max_leaf_nodes": settings.leaves,
            "min_samples_leaf": settings.least,
            "l2_regularization": settings.penalty,
            "early_stopping": settings.validation > 0,
            "validation_fraction": settings.validation or None,
            "n_iter_no_change": settings.patience or 10,
            "random_state": seed % 2**32,
        }


def _trees(model: Any) -> list[Any]:
    """The trees of a model of scikit-learn, which counts them nowhere in public."""
    return [tree for of_step in model._predictors for tree in of_step]
