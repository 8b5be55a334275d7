"""Metric `pass-n-at-k`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import model_validator

from evalcore.metric import Metric
from evalcore.settings import Settings
from evalcore_prompting.metrics import estimators
from evalcore_prompting.metrics.counts import Count, Counts, listed
from evalcore_prompting.metrics.problems import (
    check_enough,
    mean_over_problems,
    of_problems,
    right,
    tally,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalcore.metric import Scores
    from evalcore.stats import Estimate

    Floats = NDArray[np.float64]
    Marks = NDArray[np.bool_]

__all__ = ["PassNAtK", "PassNAtKSettings"]


class PassNAtKSettings(Settings):
    """Settings of `pass-n-at-k`."""

    n: Counts
    """Answers submitted at most: one number for each `k`, or a list that goes along with `k`."""
    k: Counts
    """Code samples drawn, or a list of such numbers: a curve. Each pair of `n` and `k` is a part
    of its own, `pass-n-at-k/10@100`."""
    turns: Count | None = None
    """Code samples that an attempt may take; by default what the strategy puts on record as
    `max_turns`, or 1. Each turn of a dialogue is a code sample, and what a dialogue that ends
    sooner leaves is not given to others: k code samples are `k / turns` attempts, rounded down."""

    def pairs(self) -> list[tuple[int, int]]:
        """Each n with its k."""
        ks = listed(self.k)
        ns = self.n if isinstance(self.n, tuple) else (self.n,) * len(ks)
        if len(ns) != len(ks):
            raise ValueError(f"{len(ns)} values of `n` cannot go along with {len(ks)} of `k`")
        return list(zip(ns, ks, strict=True))

    @model_validator(mode="after")
    def _fit(self) -> Self:
        for n, k in self.pairs():
            if n > k:
                raise ValueError(f"n = {n} answers cannot be chosen of k = {k} code samples")
            _check_budget(k, self.turns or 1)
        return self


class PassNAtK(Metric[PassNAtKSettings]):
    """The share of problems that n answers solve, chosen of k code samples by the public tests.

    An attempt is right where its score is 1. A failed attempt is neither right nor wrong: it is
    left out, and its problem has one attempt less. Whether an attempt passes the public tests is
    what the task puts on record as `public_passed` in the details of its score; how many turns it
    took and might have taken, what the strategy puts on record as `turns` and `max_turns`.
    """

    def compute(self, scores: Scores) -> dict[str, Estimate]:
        """Pass n@k for each pair of n and k.

        Raises:
            ValueError: If the task does not tell which attempts pass the public tests, an attempt
                took more turns than it may, k code samples are less than one attempt, or a problem
                has fewer attempts with a score than k code samples are.
        """
        n = int(np.count_nonzero(~scores.failed))
        return {
            part: mean_over_problems(values, n) for part, values in self.per_sample(scores).items()
        }

    def per_sample(self, scores: Scores) -> dict[str, Floats]:
        """Pass n@k of each problem for each pair of n and k.

        Raises:
            ValueError: As `compute` does.
        """
        allowed, taken, public = scores.details(
            "details.max_turns", "details.turns", "score.public_passed"
        )
        turns, pairs = _turns(allowed, taken, self.settings.turns), self.settings.pairs()
        _check_budget(min(k for _, k in pairs), turns)
        solved = right(scores)
        tallies = tally(scores, _public_passed(public, solved, scores.failed), solved)
        check_enough(tallies, max(k for _, k in pairs), turns)
        return {
            f"{n}@{k}": of_problems(tallies, partial(estimators.pass_n_at_k, n=n, k=k // turns))
            for n, k in pairs
        }


def _turns(allowed: Sequence[Any], taken: Sequence[Any], written: int | None) -> int:
    """Code samples that an attempt may take, as the settings say or the strategy."""
    turns = written or _largest(allowed)
    if (most := max(_largest(allowed), _largest(taken))) > turns:
        raise ValueError(
            f"found attempts of up to {most} turns, expected {turns} at most: each turn is a code "
            "sample; set `turns` to the strategy's `max_turns`"
        )
    return turns


def _largest(counts: Sequence[Any]) -> int:
    return max((count for count in counts if isinstance(count, int)), default=1)


def _check_budget(k: int, turns: int) -> None:
    if k < turns:
        raise ValueError(
            f"k = {k} code samples are less than one attempt of {turns} turns: "
            f"set `k` to {turns} or more"
        )


def _public_passed(found: Sequence[Any], solved: Marks, failed: Marks) -> Marks:
    """Which attempts pass the public tests, shape (n,); a failed one does not."""
    unknown = np.fromiter((not isinstance(x, bool) for x in found), np.bool_, len(found))
    unknown &= ~failed
    if unknown.any():
        raise ValueError(
            f"the task does not tell which answers pass its public tests: {unknown.sum()} of "
            f"{(~failed).sum()} scores have no `public_passed`, true or false, in their "
            "details; use `pass-at-k`, or a task that tells it"
        )
    passed = np.fromiter((x is True for x in found), np.bool_, len(found))
    if (odd := solved & ~passed).any():
        raise ValueError(
            f"{odd.sum()} answers are right and yet do not pass the public tests: the public tests "
            "must be among those that the task judges by"
        )
    return passed
