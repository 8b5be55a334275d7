"""Ridge regressions of all arms on one set of contexts, updated one outcome at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_solve
from scipy.linalg.blas import dsymm, dsymv, dsyr
from scipy.linalg.lapack import dpotrf, dpotri

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["ArmRegressions"]


class ArmRegressions:
    """For each arm j a ridge regression: A_j = lam I + sum x x', W_j = A_j^-1 sum x y'.

    Each learns several targets at once, which share A_j^-1. With a discount g below 1 an outcome
    makes A_j := g A_j + (1 - g) lam I + x x', so that what was learned fades and the regulariser
    does not (Russac et al., "Weighted Linear Bandits for Non-Stationary Environments", NeurIPS
    2019, algorithm 1).

    An update takes O(d^2), by Sherman and Morrison. With a discount it takes O(d^3), for the
    regulariser that is put back changes A_j by a matrix of full rank; outcomes of an arm that come
    together then share one factorisation.

    Args:
        arms: their number k.
        width: of a context, d.
        targets: their number t.
        ridge: lam, above 0.
        discount: g, above 0 and at most 1.
    """

    def __init__(
        self, arms: int, width: int, targets: int, ridge: float, discount: float = 1.0
    ) -> None:
        self.ridge, self.discount = ridge, discount
        # A_j^-1, of which the upper triangles are kept up; BLAS, by columns, sees lower ones.
        self._inverse = np.tile(np.eye(width) / ridge, (arms, 1, 1))
        self._weights = np.zeros((arms, targets, width))
        # What a discount needs: A_j, sum x y', and whose solution is of older ones.
        self._gram = np.tile(np.eye(width) * ridge, (arms if discount < 1 else 0, 1, 1))
        self._sums = np.zeros((len(self._gram), targets, width))
        self._stale: set[int] = set()
        self._last: tuple[bytes, Floats] | None = None  # a context, and A_j^-1 x of it

    @property
    def weights(self) -> Floats:
        """W_j transposed, shape (k, t, d)."""
        self._solve_stale()
        return self._weights

    @property
    def inverse(self) -> Floats:
        """A_j^-1, shape (k, d, d)."""
        self._solve_stale()
        upper: Floats = np.triu(self._inverse)
        return upper + np.triu(self._inverse, 1).swapaxes(1, 2)

    def fit(self, contexts: Floats, targets: Floats) -> None:
        """Learn from the outcomes of all arms at once, instead of what was learned before.

        The arms share A, and its factorisation, unless outcomes are missing.

        Args:
            contexts: shape (n, d).
            targets: shape (n, k, t); NaN where an outcome is not known.

        Raises:
            EvalcoreError: if lam is too small for an inverse.
        """
        self._stale.clear()
        known = np.asarray(~np.isnan(targets).any(axis=2))
        if known.all():
            self._fit(slice(None), contexts, targets)
            return
        for arm in range(known.shape[1]):
            rows = known[:, arm]
            self._fit(slice(arm, arm + 1), contexts[rows], targets[rows, arm : arm + 1])

    def update(self, context: Floats, arm: int, targets: Floats) -> None:
        """Learn from one outcome.

        Args:
            context: shape (d,).
            arm: whose outcome it is.
            targets: shape (t,).
        """
        if self.discount < 1:
            self._discount(context, arm, targets)
        else:
            along = self.product(context, arm)
            scale = 1.0 + along @ context
            weights = self._weights[arm]
            weights += ((targets - weights @ context) / scale)[:, None] * along
            dsyr(-1.0 / scale, along, lower=1, a=self._inverse[arm].T, overwrite_a=1)
        self._last = None

    def predicted(self, contexts: Floats) -> Floats:
        """The targets that each arm would have: shape (n, k, t) for contexts of shape (n, d)."""
        arms, targets, width = self._weights.shape
        flat: Floats = contexts @ self.weights.reshape(arms * targets, width).T
        return flat.reshape(len(contexts), arms, targets)

    def products(self, contexts: Floats) -> Iterator[Floats]:
        """A_j^-1 x of each context: shape (n, d), for one arm after the other."""
        self._solve_stale()
        if len(contexts) == 1:
            yield from self._products(contexts[0])[:, None]
        else:
            for block in self._inverse:
                yield dsymm(1.0, block.T, contexts.T, lower=1).T

    def product(self, context: Floats, arm: int) -> Floats:
        """A_j^-1 x of one context and arm: shape (d,)."""
        self._solve_stale()
        if self._last is not None and self._last[0] == context.tobytes():
            known: Floats = self._last[1][arm]
            return known
        found: Floats = dsymv(1.0, self._inverse[arm].T, context, lower=1)
        return found

    def deviations(self, contexts: Floats) -> Floats:
        """sqrt(x' A_j^-1 x): shape (n, k) for contexts of shape (n, d)."""
        if len(contexts) == 1:
            self._solve_stale()
            # Not by `@`, which sums some rows otherwise than others: equal arms are to be equal.
            squares = np.einsum("kd,d->k", self._products(contexts[0]), contexts[0])[None]
        else:
            arms = [np.einsum("nd,nd->n", along, contexts) for along in self.products(contexts)]
            squares = np.stack(arms, axis=1)
        found: Floats = np.sqrt(np.maximum(squares, 0.0))
        return found

    def state(self) -> dict[str, Floats]:
        """All that is learned, as arrays."""
        self._solve_stale()
        found = {"inverse": self._inverse, "weights": self._weights}
        return found | ({"gram": self._gram, "sums": self._sums} if self.discount < 1 else {})

    def restore(self, state: Mapping[str, Floats]) -> None:
        """Take over what `state` gave, of regressions of the same numbers."""
        for name, array in self.state().items():
            array[...] = state[name]
        self._last = None

    def _fit(self, arms: slice, contexts: Floats, targets: Floats) -> None:
        gram = contexts.T @ contexts + self.ridge * np.eye(contexts.shape[1])
        sums = np.tensordot(targets, contexts, axes=(0, 0))
        self._solve(arms, gram, sums)
        if self.discount < 1:
            self._gram[arms], self._sums[arms] = gram, sums

    def _solve(self, arms: slice, gram: Floats, sums: Floats) -> None:
        factor, failed = dpotrf(gram, lower=1)
        if failed:
            raise EvalcoreError(
                f"found queries so much alike that a ridge of {self.ridge:g} is too small to tell "
                "them apart: raise it"
            )
        self._inverse[arms] = dpotri(factor, lower=1)[0].T
        solved = cho_solve((factor, True), sums.reshape(-1, len(gram)).T)
        self._weights[arms] = solved.T.reshape(sums.shape)
        self._last = None

    def _discount(self, context: Floats, arm: int, targets: Floats) -> None:
        kept = self.discount
        self._gram[arm] *= kept
        self._gram[arm] += np.outer(context, context)
        self._gram[arm].flat[:: len(context) + 1] += (1.0 - kept) * self.ridge
        self._sums[arm] *= kept
        self._sums[arm] += np.outer(targets, context)
        self._stale.add(arm)

    def _solve_stale(self) -> None:
        for arm in self._stale:
            self._solve(slice(arm, arm + 1), self._gram[arm], self._sums[arm : arm + 1])
        self._stale.clear()

    def _products(self, context: Floats) -> Floats:
        """A_j^-1 x, shape (k, d), kept for the update that mostly follows."""
        key = context.tobytes()
        if self._last is None or self._last[0] != key:
            found = [dsymv(1.0, block.T, context, lower=1) for block in self._inverse]
            self._last = key, np.array(found)
        return self._last[1]
