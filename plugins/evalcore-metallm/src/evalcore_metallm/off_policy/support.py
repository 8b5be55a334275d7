"""Whether a log can tell what a new router would earn, and how much of it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalcore_metallm.logs.deployment import DeploymentLog

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["NoSupport", "Overlap", "check_support", "overlap"]

#: How far the mean weight may be from 1 where chance moves it by nothing.
_ROUNDING = 1e-6


class NoSupport(EvalcoreError):  # noqa: N818 - it says what is missing
    """The log cannot tell the value of a router."""


class Overlap(NamedTuple):
    """How far the picks of the log are such as the new router would make.

    Attributes:
        queries: their number n.
        effective: (sum w)^2 / sum w^2, how many queries of the new router's own would tell as much
            (Kish, "Survey sampling", 1965).
        largest: the greatest importance weight w.
        mean: that of w; near 1 if propensities are right and nothing lacks support.
        mean_error: its standard error.
    """

    queries: int
    effective: float
    largest: float
    mean: float
    mean_error: float

    @property
    def doubtful(self) -> bool:
        """Whether the mean weight is further from 1 than chance explains."""
        return abs(self.mean - 1) > 3 * self.mean_error + _ROUNDING


def overlap(weights: Floats) -> Overlap:
    """The overlap that importance weights of shape (n,) tell of; at least one is above 0."""
    n = len(weights)
    return Overlap(
        n,
        float(weights.sum() ** 2 / (weights @ weights)),
        float(weights.max()),
        float(weights.mean()),
        float(weights.std() / np.sqrt(n)),
    )


def check_support(log: DeploymentLog, target: Floats) -> None:
    """Refuse a log that cannot tell the value of a router.

    Args:
        log: of the deployed router.
        target: the probability of each arm under the new router, shape (n, k).

    Raises:
        NoSupport: if the new router may choose an arm where the deployed one could not, or one that
            the log never saw picked; or if no pick of the log is such as it would make.
    """
    wanted = target > 0
    lacking = (wanted & ~_supported(log)).sum(axis=0)
    never = wanted.any(axis=0) & (np.bincount(log.arm, minlength=len(log.arms)) == 0)
    found = [
        f"  {name}, " + ("to which no query of the log went" if unseen else _lack(queries, log))
        for name, queries, unseen in zip(log.arms, lacking.tolist(), never, strict=True)
        if queries or unseen
    ]
    if found:
        raise NoSupport(
            "the log cannot tell what the new router would earn, which may choose\n"
            + "\n".join(found)
            + "\nexpected the deployed router to give each of these models a chance there: let it "
            "explore, or evaluate a router without them"
        )
    if not wanted[np.arange(len(log)), log.arm].any():
        raise NoSupport(
            f"of {len(log):,} queries of the log none went to a model that the new router might "
            "choose for it, expected some: the log cannot tell what it would earn"
        )


def _supported(log: DeploymentLog) -> Bools:
    """Which arms the deployed router could have picked, shape (n, k), for all that is known.

    Where the log does not tell the probabilities of the others, they had one if the pick was not
    certain.
    """
    if log.probabilities is not None:
        return log.probabilities > 0
    supported = np.tile((log.propensity < 1)[:, None], (1, len(log.arms)))
    supported[np.arange(len(log)), log.arm] = True
    return supported


def _lack(queries: int, log: DeploymentLog) -> str:
    return f"on {queries:,} of {len(log):,} queries where its propensity in the log is 0"
