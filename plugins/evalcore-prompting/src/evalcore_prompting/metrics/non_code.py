"""Metric `non-code`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from evalcore import stats
from evalcore.metric import Metric
from evalcore.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalcore.metric import Scores
    from evalcore.stats import Estimate

    Counts = NDArray[np.int64]

__all__ = ["NonCode"]


class NonCode(Metric[Settings]):
    """The share of turns whose answer holds no program.

    How many turns an attempt took, and how many of them gave a program, is what the strategy puts
    on record as `turns` and `code_samples`. All turns of a cell count alike. Failed attempts are
    left out.
    """

    def compute(self, scores: Scores) -> Estimate:
        """The share with its Wilson interval, widened for the turns at one problem.

        Raises:
            ValueError: If the strategy does not tell how many turns gave a program.
        """
        turns, without = _turns(scores)
        kinds = np.tile([1.0, 0.0], turns.size)
        counts = np.column_stack([without, turns - without]).ravel()
        each = np.repeat(kinds, counts)
        share = stats.proportion(each, np.repeat(scores.sample, turns))
        return replace(share, n=int(np.count_nonzero(turns)))

    def per_sample(self, scores: Scores) -> NDArray[np.float64]:
        """The share at each problem.

        Raises:
            ValueError: As `compute` does.
        """
        turns, without = _turns(scores)
        problems = int(scores.sample.max(initial=-1)) + 1
        found, of = (np.bincount(scores.sample, x, problems) for x in (without, turns))
        with np.errstate(invalid="ignore"):
            share: NDArray[np.float64] = found / of
        return share


def _turns(scores: Scores) -> tuple[Counts, Counts]:
    """How many turns each attempt took, and how many of them gave no program, shape (n,) each."""
    told = list(zip(*scores.details("details.turns", "details.code_samples"), strict=True))
    unknown = [
        not failed and not all(isinstance(count, int) for count in counts)
        for counts, failed in zip(told, scores.failed, strict=True)
    ]
    if any(unknown):
        raise ValueError(
            f"the strategy does not tell how many turns gave a program: {sum(unknown)} of "
            f"{np.count_nonzero(~scores.failed)} attempts have no `turns` and `code_samples` in "
            "their details; use a strategy of evalcore-prompting"
        )
    known = [
        (0, 0) if failed else counts for counts, failed in zip(told, scores.failed, strict=True)
    ]
    turns, programs = np.array(known, dtype=np.int64).reshape(-1, 2).T
    return turns, turns - programs
