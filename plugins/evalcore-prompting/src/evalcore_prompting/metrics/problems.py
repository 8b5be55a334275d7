"""From attempts to problems, and from problems to an estimate with its interval."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from evalcore import stats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from evalcore.metric import Scores
    from evalcore.stats import Estimate

    Floats = NDArray[np.float64]
    Marks = NDArray[np.bool_]
    Tallies = NDArray[np.int64]

__all__ = ["check_attempts", "check_enough", "mean_over_problems", "of_problems", "right", "tally"]

#: What an attempt costs where attempts are counted.
_ONE = Fraction(1)

#: Estimates that differ by less are equal but for rounding.
_ROUNDING = 1e-12


def right(scores: Scores) -> Marks:
    """Which attempts are right, shape (n,): those whose score is 1."""
    solved: Marks = scores.column("value") == 1.0
    return solved


def tally(scores: Scores, *marks: Marks) -> Tallies:
    """How many attempts at each problem have a score, and how many of these have each mark.

    Args:
        scores: The attempts of a cell; a failed one is neither right nor wrong and counts nowhere.
        marks: Marks of the attempts, shape (n,) each; a failed one has none.

    Returns:
        Shape (problems, 1 + marks), in the order of the codes in `scores.sample`.
    """
    kept = ~scores.failed
    sample, problems = scores.sample, int(scores.sample.max(initial=-1)) + 1
    counted = (np.bincount(sample[mark], minlength=problems) for mark in (kept, *marks))
    return np.column_stack(list(counted))


def check_enough(
    tallies: Tallies, ks: Iterable[int], cost: Fraction = _ONE, each: str = ""
) -> None:
    """Check that each problem has the attempts that budgets pay for, or no problem has any.

    Args:
        tallies: As `tally` returns them.
        ks: The budgets.
        cost: What an attempt costs of one.
        each: The cost in words.

    Raises:
        ValueError: If a problem has fewer attempts with a score; it says which budgets are within
            what there is.
    """
    k = max(ks := sorted(set(ks)))
    needed = k // cost
    fewest = int(tallies[:, 0].min(initial=needed))
    if fewest >= needed or not tallies[:, 0].any():
        return
    short = np.count_nonzero(tallies[:, 0] < needed)
    most = math.ceil((fewest + 1) * cost) - 1
    smaller = f"set `k` to at most {most}, or " if fewest else ""
    within = ", ".join(str(k) for k in ks if k <= most)
    others = f"; of the others, k = {within} can be measured" if within and fewest else ""
    msg = (
        f"k = {k} takes {_attempts(needed)}{each} with a score at each problem, found fewer at "
        f"{short} of {len(tallies)} problems (the fewest: {fewest}): {smaller}make more attempts "
        "(`attempts` in the spec; `evalcore run --retry-failed` makes failed ones anew)"
        f"{others}"
    )
    raise ValueError(msg)


def check_attempts(attempts: int, k: int, cost: Fraction = _ONE, each: str = "") -> None:
    """Check that a spec makes the attempts that a budget pays for; as `check_enough`.

    Raises:
        ValueError: If it makes fewer.
    """
    if attempts < k // cost:
        raise ValueError(
            f"k = {k} takes {_attempts(k // cost)}{each} at each problem, found `attempts: "
            f"{attempts}`: set `k` to at most {math.ceil((attempts + 1) * cost) - 1}, or make more "
            "attempts"
        )


def _attempts(count: int) -> str:
    return "1 attempt" if count == 1 else f"{count} attempts"


def of_problems(tallies: Tallies, estimator: Callable[..., float]) -> Floats:
    """The estimate for each problem, shape (problems,); NaN where no attempt has a score.

    Args:
        tallies: The counts of each problem, shape (problems, counts).
        estimator: The estimate for a problem with these counts; called once for equal counts.
    """
    kinds, kind = np.unique(tallies, axis=0, return_inverse=True)
    found = [estimator(*counts) if counts[0] else math.nan for counts in kinds.tolist()]
    return np.array(found, dtype=np.float64)[kind.ravel()]


def mean_over_problems(values: Floats, n: int) -> Estimate:
    """The mean of a problem's estimate, with the 95 % percentile interval over problems.

    Problems are drawn anew, 10,000 times: they are what differs from one benchmark to another.
    The percentiles stay within 0 and 1 and lie as askew as the estimates do. As with any interval
    of a mean, a few problems, or a few that are solved at all, make it too narrow. Where all
    problems have the same estimate it is unknown: nothing tells how far another would lie.

    Args:
        values: The estimate for each problem, shape (problems,); NaN counts nowhere.
        n: Number of attempts behind them.

    Returns:
        The estimate; `clusters` counts the problems.
    """
    # Sorted, so that the interval does not depend on the order of the problems.
    known = np.sort(values[~np.isnan(values)])
    estimate = replace(stats.bootstrap(_mean, known), n=n)
    if known.size and known[-1] - known[0] < _ROUNDING:
        return replace(estimate, low=math.nan, high=math.nan)
    return estimate


def _mean(values: Floats, weights: Floats) -> Floats:
    mean: Floats = weights @ values / len(values)
    return mean
