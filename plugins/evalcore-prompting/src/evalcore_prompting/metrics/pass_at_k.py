"""Metric `pass-at-k`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from evalcore.metric import Metric
from evalcore.settings import Settings
from evalcore_prompting.metrics import estimators
from evalcore_prompting.metrics.counts import Counts, listed
from evalcore_prompting.metrics.problems import (
    check_attempts,
    check_enough,
    mean_over_problems,
    of_problems,
    right,
    tally,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalcore.metric import Scores
    from evalcore.stats import Estimate

    Floats = NDArray[np.float64]

__all__ = ["PassAtK", "PassAtKSettings"]


class PassAtKSettings(Settings):
    """Settings of `pass-at-k`."""

    k: Counts = 1
    """Attempts drawn, or a list of such numbers: a curve, with a part for each, `pass-at-k/10`.
    Every problem needs as many attempts with a score."""


class PassAtK(Metric[PassAtKSettings]):
    """The share of problems that k attempts solve: the mean of pass@k over problems.

    An attempt is right where its score is 1. A failed attempt is neither right nor wrong: it is
    left out, and its problem has one attempt less.
    """

    def preflight(self, attempts: int) -> None:
        """Each k takes as many attempts.

        Raises:
            ValueError: If there are fewer.
        """
        check_attempts(attempts, max(listed(self.settings.k)))

    def compute(self, scores: Scores) -> dict[str, Estimate]:
        """The mean of pass@k for each k.

        Raises:
            ValueError: If a problem has fewer than k attempts with a score.
        """
        n = int(np.count_nonzero(~scores.failed))
        return {
            k: replace(mean_over_problems(values, n), axis="attempts", at=int(k))
            for k, values in self.per_sample(scores).items()
        }

    def per_sample(self, scores: Scores) -> dict[str, Floats]:
        """Pass@k of each problem for each k.

        Raises:
            ValueError: If a problem has fewer than k attempts with a score.
        """
        ks = listed(self.settings.k)
        tallies = tally(scores, right(scores))
        check_enough(tallies, ks)
        return {str(k): of_problems(tallies, partial(estimators.pass_at_k, k=k)) for k in ks}
