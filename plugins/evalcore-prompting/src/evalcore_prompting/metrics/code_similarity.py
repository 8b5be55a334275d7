"""Metric `code-similarity`."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

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

__all__ = ["CodeSimilarity"]


class CodeSimilarity(Metric[Settings]):
    """How much of a program the next one of its dialogue keeps: chrF, from 0 to 100.

    The programs of a dialogue are those that the model's answers hold, found by the rule of
    `evalcore_prompting.extraction`; answers without one are passed over. chrF is the F-score
    (beta = 2) of the runs of 1 to 6 characters, blanks left out, that a program shares with the one
    before it: Popović (2015), "chrF: character n-gram F-score for automatic MT evaluation", as
    sacrebleu computes it. All pairs of a cell count alike. Failed attempts are left out.
    """

    def compute(self, scores: Scores) -> Estimate:
        """The mean over pairs; those at one problem belong together in its interval."""
        pairs = _pairs(scores)
        estimate = stats.mean(pairs.similarity, pairs.problem)
        return replace(estimate, n=np.unique(pairs.attempt).size)

    def per_sample(self, scores: Scores) -> Floats:
        """The mean over the pairs at each problem."""
        pairs = _pairs(scores)
        problems = int(scores.sample.max(initial=-1)) + 1
        totals = np.bincount(pairs.problem, pairs.similarity, problems)
        with np.errstate(invalid="ignore"):
            means: Floats = totals / np.bincount(pairs.problem, minlength=problems)
        return means


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


def _programs(record: Record) -> list[str]:
    """The programs in the answers of a dialogue, in order."""
    answers = (message.content for message in record.messages if message.role == "assistant")
    return [code.text for code in map(extract, answers) if code]


def _chrf(program: str, reference: str) -> float:
    from sacrebleu.metrics.chrf import CHRF

    if program == reference:
        return 100.0
    return float(CHRF().sentence_score(program, [reference]).score)
