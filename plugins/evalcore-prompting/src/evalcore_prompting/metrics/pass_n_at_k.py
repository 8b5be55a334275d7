"""Metric `pass-n-at-k`."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from pydantic import model_validator

from evalcore.metric import Metric
from evalcore.settings import Settings
from evalcore_prompting.metrics import estimators
from evalcore_prompting.metrics.counts import Count, Counts, listed
from evalcore_prompting.metrics.problems import (
    check_attempts,
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

_UNITS = {"samples": "code samples", "calls": "calls", "tokens": "tokens"}


class PassNAtKSettings(Settings):
    """Settings of `pass-n-at-k`."""

    n: Counts
    """Answers submitted at most: one number for each `k`, or a list that goes along with `k`."""
    k: Counts
    """What may be spent at a problem, or a list of such numbers: a curve. Each pair of `n` and `k`
    is a part of its own, `pass-n-at-k/10@100`. Of pairs with the same `k`, the curve goes through
    the one with the largest `n`."""
    budget: Literal["samples", "calls", "tokens"] = "samples"
    """What `k` counts: code samples; calls of models; or tokens that models write."""
    turns: Count | None = None
    """Code samples that an attempt may take; by default what the strategy puts on record as
    `max_turns`, or 1. For the budget `samples` alone."""

    def pairs(self) -> list[tuple[int, int]]:
        """Each n with its k."""
        ks = listed(self.k)
        ns = self.n if isinstance(self.n, tuple) else (self.n,) * len(ks)
        if len(ns) != len(ks):
            raise ValueError(f"{len(ns)} values of `n` cannot go along with {len(ks)} of `k`")
        return list(zip(ns, ks, strict=True))

    def parts(self) -> dict[str, tuple[int, int]]:
        """Each n with its k, by the name of the part."""
        unit = "" if self.budget == "samples" else f"-{self.budget}"
        return {f"{n}@{k}{unit}": (n, k) for n, k in self.pairs()}

    def curve(self) -> dict[str, int]:
        """The k of each part that the curve goes through: for each k, that of the largest n."""
        largest = {k: n for n, k in sorted(self.pairs())}
        return {part: k for part, (n, k) in self.parts().items() if n == largest[k]}

    @model_validator(mode="after")
    def _fit(self) -> Self:
        for n, k in self.pairs():
            if n > k:
                spent = _UNITS[self.budget]
                raise ValueError(f"n = {n} answers cannot be chosen of k = {k} {spent}")
        if self.budget == "samples":
            _check_budget(self, *_of_turns(self.turns or 1))
        elif self.turns:
            raise ValueError(f"`turns` count code samples: leave them out for {self.budget}")
        return self


class PassNAtK(Metric[PassNAtKSettings]):
    """The share of problems that n answers solve, chosen by the public tests, on a budget of k.

    The budget pays for a number of attempts, the same at each problem:

    - k code samples are `k / turns` attempts, rounded down, where an attempt may take `turns`. Each
      turn of a dialogue is a code sample, and what a dialogue that ends sooner leaves is not given
      to others.
    - k calls, or k tokens, are as many attempts as cost so much on average: k over the mean cost of
      the cell's attempts, rounded down. What a dialogue costs is known only when it is over, so
      this budget holds on the mean over problems, and what is left by a dialogue that ends sooner
      is given to others. Tokens are those that models write, as those of pass@t of Olausson et al.
      (2024), "Is Self-Repair a Silver Bullet for Code Generation?", arXiv:2306.09896.

    An attempt is right where its score is 1. A failed attempt is neither right nor wrong: it is
    left out, and its problem has one attempt less. Whether an attempt passes the public tests is
    what the task puts on record as `public_passed` in the details of its score; how many turns it
    took and might have taken, what the strategy puts on record as `turns` and `max_turns`.
    """

    def preflight(self, attempts: int) -> None:
        """Each k takes as many attempts as it pays for, where `turns` tell what one costs.

        Raises:
            ValueError: If there are fewer.
        """
        if self.settings.turns:
            most = max(k for _, k in self.settings.pairs())
            check_attempts(attempts, most, *_of_turns(self.settings.turns))

    def compute(self, scores: Scores) -> dict[str, Estimate]:
        """Pass n@k for each pair of n and k.

        Raises:
            ValueError: If the task does not tell which attempts pass the public tests, an attempt
                took more turns than it may, attempts have no cost, the budget is less than one
                attempt, or a problem has fewer attempts with a score than the budget pays for.
        """
        n = int(np.count_nonzero(~scores.failed))
        found = {
            part: mean_over_problems(values, n) for part, values in self.per_sample(scores).items()
        }
        axis = _UNITS[self.settings.budget]
        return found | {
            part: replace(found[part], axis=axis, at=k) for part, k in self.settings.curve().items()
        }

    def per_sample(self, scores: Scores) -> dict[str, Floats]:
        """Pass n@k of each problem for each pair of n and k.

        Raises:
            ValueError: As `compute` does.
        """
        settings = self.settings
        allowed, taken, public = scores.details(
            "details.max_turns", "details.turns", "score.public_passed"
        )
        if settings.budget == "samples":
            cost, each = _of_turns(_turns(allowed, taken, settings.turns))
        else:
            cost, each = _on_average(scores, settings.budget)
        _check_budget(settings, cost, each)
        solved = right(scores)
        tallies = tally(scores, _public_passed(public, solved, scores.failed), solved)
        check_enough(tallies, listed(settings.k), cost, each)
        return {
            part: of_problems(tallies, partial(estimators.pass_n_at_k, n=n, k=k // cost))
            for part, (n, k) in settings.parts().items()
        }


def _of_turns(turns: int) -> tuple[Fraction, str]:
    """What an attempt costs in code samples, and the same in words."""
    return Fraction(turns), f" of up to {turns} turns" if turns > 1 else ""


def _on_average(scores: Scores, budget: Literal["calls", "tokens"]) -> tuple[Fraction, str]:
    """What an attempt with a score costs on average, and the same in words."""
    spent = scores.column("calls" if budget == "calls" else "completion_tokens")[~scores.failed]
    if spent.size and not spent.any():
        raise ValueError(f"the attempts cost no {budget}: set another `budget`")
    cost = Fraction(int(spent.sum()), spent.size) if spent.size else Fraction(1)
    return cost, f" of {float(cost):.4g} {budget} on average"


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


def _check_budget(settings: PassNAtKSettings, cost: Fraction, each: str) -> None:
    """Check that each k pays for one attempt.

    Raises:
        ValueError: If one does not.
    """
    k = min(k for _, k in settings.pairs())
    if k < cost:
        raise ValueError(
            f"k = {k} {_UNITS[settings.budget]} are less than one attempt{each}: set `k` to "
            f"{math.ceil(cost)} or more"
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
