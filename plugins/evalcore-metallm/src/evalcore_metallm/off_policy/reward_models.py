"""Regressions of what each arm yields, such that none has seen the outcome that it predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import Ridge

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = ["cross_fitted"]


def cross_fitted(
    contexts: Floats,
    arms: Ints,
    outcomes: Floats,
    count: int,
    *,
    groups: Ints | None = None,
    folds: int = 5,
    ridge: float = 10.0,
    seed: int = 0,
) -> Floats:
    """The outcomes of each query under each arm, predicted by models of the other folds.

    One ridge regression an arm, on the queries that went to it, its intercept not penalised; an arm
    without any yields the mean of all. Folds keep groups together (Chernozhukov et al.,
    "Double/debiased machine learning", Econometrics Journal 2018, definition 3.2).

    Args:
        contexts: shape (n, d).
        arms: which was picked for each query, shape (n,).
        outcomes: what came of it, shape (n, t).
        count: of arms, k.
        groups: codes of queries that are not independent of each other, shape (n,).
        folds: their number; as many as there are groups, if these are fewer.
        ridge: the penalty of squared weights.
        seed: of the folds.

    Returns:
        Shape (n, k, t).

    Raises:
        EvalcoreError: if there is a single query, or group of them.
    """
    fold = _folds(np.arange(len(arms)) if groups is None else groups, folds, seed)
    predicted = np.empty((len(arms), count, outcomes.shape[1]))
    for held_out in range(int(fold.max()) + 1):
        seen, asked = fold != held_out, fold == held_out
        for arm in range(count):
            rows = seen & (arms == arm)
            if rows.any():
                model = Ridge(alpha=ridge).fit(contexts[rows], outcomes[rows])
                predicted[asked, arm] = model.predict(contexts[asked])
            else:
                predicted[asked, arm] = outcomes[seen].mean(axis=0)
    return predicted


def _folds(groups: Ints, folds: int, seed: int) -> Ints:
    """The fold of each query, shape (n,)."""
    names, group = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise EvalcoreError(
            "found a single query, or group of queries, in the log, expected two at least: models "
            "of outcomes are fitted on some and asked about others"
        )
    shuffled = np.random.default_rng(seed).permutation(len(names))
    fold: Ints = shuffled[group] % min(folds, len(names))
    return fold
