"""Unbiased estimates for one problem, in closed form.

Of the attempts at a problem, a subset of k is drawn without replacement, all subsets being equally
likely. What is estimated is the chance that the subset solves the problem.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["pass_at_k", "pass_n_at_k"]


def pass_at_k(attempts: int, right: int, k: int) -> float:
    """The chance that one of k attempts is right: `1 - C(attempts - right, k) / C(attempts, k)`.

    Chen et al. (2021), "Evaluating Large Language Models Trained on Code", arXiv:2107.03374,
    equation 1; here as a product, which neither overflows nor cancels.

    Args:
        attempts: Attempts at the problem, `k` or more.
        right: Those of them that are right.
        k: Attempts drawn.

    Raises:
        ValueError: If the counts do not fit.
    """
    if not (0 <= right <= attempts and 1 <= k <= attempts):
        msg = f"expected 0 <= right <= attempts and 1 <= k <= attempts, found {right=} {attempts=} "
        raise ValueError(f"{msg}{k=}")
    return float(_solved(attempts, right, k)[k])


def pass_n_at_k(attempts: int, public: int, right: int, n: int, k: int) -> float:
    """The chance that one of n attempts is right, chosen of k as the public tests tell.

    Of the k attempts drawn, those that pass the public tests are candidates. n of them are
    submitted, at random, or all where they are fewer: an attempt that fails a public test cannot
    be right. The number of candidates is hypergeometric, and given m submissions the problem is
    solved with the chance of pass@m among the attempts that pass the public tests:

        sum_x C(public, x) C(attempts - public, k - x) / C(attempts, k)
              * (1 - C(public - right, m) / C(public, m)),    m = min(x, n)

    This is the expectation of algorithm 1 in appendix A of Li et al. (2022), "Competition-Level
    Code Generation with AlphaCode", arXiv:2203.07814, which draws it at random. With n = k it is
    pass@k.

    Args:
        attempts: Attempts at the problem, `k` or more.
        public: Those of them that pass the public tests.
        right: Those of them that pass all tests, the public ones included.
        n: Attempts submitted at most.
        k: Attempts drawn.

    Raises:
        ValueError: If the counts do not fit.
    """
    if not (0 <= right <= public <= attempts and 1 <= k <= attempts and n >= 1):
        msg = (
            "expected 0 <= right <= public <= attempts, 1 <= k <= attempts and 1 <= n, "
            f"found {right=} {public=} {attempts=} {k=} {n=}"
        )
        raise ValueError(msg)
    candidates, chances = _hypergeometric(attempts, public, k)
    solved = _solved(public, right, min(n, public))
    return float(chances @ solved[np.minimum(candidates, n)])


def _solved(attempts: int, right: int, draws: int) -> Floats:
    """The chance that a right one is among the first m drawn, for m = 0..draws."""
    wrong = 1 - right / (attempts - np.arange(draws))
    return 1 - np.concatenate([[1.0], np.cumprod(wrong)])


def _hypergeometric(attempts: int, public: int, k: int) -> tuple[NDArray[np.intp], Floats]:
    """How many of k drawn attempts may pass the public tests, and the chance of each number.

    The chances follow from the ratio of each to the one before, in logarithms, and from their sum.
    """
    low, high = max(0, k - (attempts - public)), min(public, k)
    x = np.arange(low, high)
    ratio = (public - x) * (k - x) / ((x + 1) * (attempts - public - k + x + 1))
    log_chance = np.concatenate([[0.0], np.cumsum(np.log(ratio))])
    chance = np.exp(log_chance - log_chance.max())
    return np.arange(low, high + 1), chance / chance.sum()
