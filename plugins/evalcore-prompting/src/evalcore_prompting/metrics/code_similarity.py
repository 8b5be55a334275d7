"""Metric `code-similarity`."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from evalcore import stats
from evalcore.metric import Metric
from evalcore.settings import Settings
from evalcore_prompting.extraction import extract

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalcore.data import Record
    from evalcore.metric import Scores
    from evalcore.stats import Estimate

    Floats = NDArray[np.float64]

__all__ = ["CodeSimilarity", "CodeSimilaritySettings"]

_Similarity = Annotated[int, Field(ge=1, le=100)]


class CodeSimilaritySettings(Settings):
    """Settings of `code-similarity`."""

    at_least: tuple[_Similarity, ...] = ()
    """Similarities of which to tell, besides the mean, the share of pairs that have as much: the
    distribution, with a part for each, `code-similarity/at-least-80`. The mean is then the part
    `code-similarity/mean`."""


class CodeSimilarity(Metric[CodeSimilaritySettings]):
    """How much of a program the next one of its dialogue keeps: chrF, from 0 to 100.

    The programs of a dialogue are those of its turns, found by the rule of
    `evalcore_prompting.extraction`; turns without one are passed over, and so is what a model
    writes where it is asked for words. Which answers are those of turns is what the strategy puts
    on record as `by_turn`; where it does not, all are. chrF is the F-score
    (beta = 2) of the runs of 1 to 6 characters, blanks left out, that a program shares with the one
    before it: Popović (2015), "chrF: character n-gram F-score for automatic MT evaluation", as
    sacrebleu computes it. All pairs of a cell count alike. Failed attempts are left out.
    """

    def compute(self, scores: Scores) -> Estimate | dict[str, Estimate]:
        """The mean over pairs, and shares of them; those at one problem belong together."""
        pairs = _pairs(scores)
        n = np.unique(pairs.attempt).size
        mean = replace(stats.mean(pairs.similarity, pairs.problem), n=n)
        if not self.settings.at_least:
            return mean
        shares = {
            f"at-least-{least}": replace(
                stats.proportion(pairs.similarity >= least, pairs.problem),
                n=n,
                axis="least chrF",
                at=least,
            )
            for least in self.settings.at_least
        }
        return {"mean": mean, **shares}

    def per_sample(self, scores: Scores) -> Floats | dict[str, Floats]:
        """The mean over the pairs at each problem, and shares of them."""
        pairs = _pairs(scores)
        problems = int(scores.sample.max(initial=-1)) + 1
        mean = _by_problem(pairs.similarity, pairs.problem, problems)
        if not self.settings.at_least:
            return mean
        shares = {
            f"at-least-{least}": _by_problem(pairs.similarity >= least, pairs.problem, problems)
            for least in self.settings.at_least
        }
        return {"mean": mean, **shares}


class _Pairs(NamedTuple):
    """Pairs of consecutive programs, column by column."""

    similarity: Floats
    problem: NDArray[np.int64]
    attempt: NDArray[np.int64]


def _pairs(scores: Scores) -> _Pairs:
    found = [
        (_chrf(later, earlier), problem, attempt)
        for attempt, (problem, record) in enumerate(
            zip(scores.sample.tolist(), scores.records(), strict=True)
        )
        if record.failure is None
        for earlier, later in pairwise(_programs(record))
    ]
    similarity, problem, attempt = zip(*found, strict=True) if found else ((), (), ())
    return _Pairs(
        np.array(similarity, dtype=np.float64),
        np.array(problem, dtype=np.int64),
        np.array(attempt, dtype=np.int64),
    )


def _by_problem(values: NDArray[Any], problem: NDArray[np.int64], problems: int) -> Floats:
    """The mean over the pairs at each problem; NaN where it has none."""
    totals = np.bincount(problem, values, problems)
    with np.errstate(invalid="ignore"):
        means: Floats = totals / np.bincount(problem, minlength=problems)
    return means


def _programs(record: Record) -> list[str]:
    """The programs of a dialogue's turns, in order."""
    turns = record.details.get("by_turn")
    if turns is not None:
        answers = [record.messages[turn["message"]].content for turn in turns if turn["code"]]
    else:
        answers = [message.content for message in record.messages if message.role == "assistant"]
    return [code.text for code in map(extract, answers) if code]


def _chrf(program: str, reference: str) -> float:
    from sacrebleu.metrics.chrf import CHRF

    if program == reference:
        return 100.0
    return float(CHRF().sentence_score(program, [reference]).score)
