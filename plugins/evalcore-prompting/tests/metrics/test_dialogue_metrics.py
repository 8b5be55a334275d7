from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from pydantic import ValidationError

from evalcore import Message
from evalcore.settings import Settings
from evalcore.stats import proportion
from evalcore.testing import MetricContract, record, scores_of
from evalcore_prompting.metrics.code_similarity import CodeSimilarity, CodeSimilaritySettings
from evalcore_prompting.metrics.non_code import NonCode

FIRST = "n = int(input())\nprint(n + n)\n"
SECOND = "n = int(input())\nprint(2 * n)\n"
OTHER = "import sys\nfor line in sys.stdin:\n    pass\n"


def counted(sample, attempt=0, turns=1, code_samples=1, value=1.0):
    """An attempt of so many turns, of which so many gave a program."""
    told = {"turns": turns, "code_samples": code_samples}
    return record(sample, value, attempt=attempt, strategy=told)


def dialogue(sample, *answers, attempt=0, value=0.0):
    """An attempt with these answers of the model."""
    messages = [
        message
        for answer in answers
        for message in (Message("user", f"Write it.\n```python\n{OTHER}```"), answer)
    ]
    return replace(record(sample, value, attempt=attempt), messages=tuple(messages))


def program(text):
    return Message("assistant", f"Here it is.\n```python\n{text}```\n")


def words(text):
    return Message("assistant", text)


@pytest.fixture
def compute(tmp_path):
    stores = iter(range(100))

    def computed(metric, records):
        with scores_of(records, tmp_path / f"{next(stores)}.db") as scores:
            made = metric(Settings() if metric is NonCode else CodeSimilaritySettings())
            return made.compute(scores), made.per_sample(scores).tolist()

    return computed


class TestNonCodeContract(MetricContract):
    component = "non-code"
    records: ClassVar = [
        counted(f"p{i:02}", a, turns=1 + a, code_samples=(i + a) % (2 + a), value=value)
        for i in range(12)
        for a, value in enumerate([1.0, None if i == 3 else 0.0, 0.0])
    ]


class TestCodeSimilarityContract(MetricContract):
    component = "code-similarity"
    records: ClassVar = [
        dialogue(
            f"p{i}",
            program(FIRST),
            program((FIRST, SECOND, OTHER)[(i + a) % 3]),
            attempt=a,
            value=None if (i, a) == (2, 1) else 0.0,
        )
        for i in range(5)
        for a in range(2)
    ]


class TestDistributionContract(TestCodeSimilarityContract):
    settings: ClassVar = {"at_least": [50, 100]}


class TestNonCode:
    def test_is_over_turns(self, compute):
        records = [
            counted("a", 0, turns=3, code_samples=1),
            counted("a", 1, turns=1, code_samples=1),
            counted("b", 0, turns=2, code_samples=1),
            counted("b", 1, turns=3, code_samples=0, value=None),
        ]
        estimate, of_problems = compute(NonCode, records)
        expected = proportion([1, 1, 0, 0, 1, 0], [0, 0, 0, 0, 1, 1])
        assert estimate == replace(expected, n=3)
        assert of_problems == [0.5, 0.5]

    def test_a_problem_without_scored_attempts_has_no_share(self, compute):
        estimate, of_problems = compute(NonCode, [counted("a"), counted("b", value=None)])
        assert estimate.value == 0
        assert of_problems[0] == 0
        assert math.isnan(of_problems[1])

    def test_a_strategy_that_does_not_tell(self, compute):
        records = [counted("a"), record("b", 1.0, strategy={"turns": 2}), record("c", None)]
        with pytest.raises(ValueError, match=r"does not tell .*: 1 of 2 attempts have no `turns`"):
            compute(NonCode, records)


class TestCodeSimilarity:
    def test_of_what_is_kept_and_of_what_is_not(self, compute):
        kept, _ = compute(CodeSimilarity, [dialogue("a", program(FIRST), program(FIRST))])
        near, _ = compute(CodeSimilarity, [dialogue("a", program(FIRST), program(SECOND))])
        far, _ = compute(CodeSimilarity, [dialogue("a", program(FIRST), program(OTHER))])
        assert kept.value == 100
        assert 100 > near.value > 60 > 40 > far.value > 0
        assert (near.n, near.clusters) == (1, 1)

    def test_blanks_do_not_count(self, compute):
        wide = FIRST.replace(" + ", "  +  ")
        found, _ = compute(CodeSimilarity, [dialogue("a", program(FIRST), program(wide))])
        assert found.value == pytest.approx(100)

    def test_answers_without_a_program_are_passed_over(self, compute):
        answers = [words("I double it."), program(FIRST), words("Sorry."), program(SECOND)]
        with_words, _ = compute(CodeSimilarity, [dialogue("a", *answers)])
        without, _ = compute(CodeSimilarity, [dialogue("a", answers[1], answers[3])])
        assert repr(with_words) == repr(without)  # its interval is nan, which equals nothing

    def test_all_pairs_count_alike(self, compute):
        records = [
            dialogue("a", program(FIRST), program(FIRST), program(FIRST)),
            dialogue("a", program(FIRST), program(OTHER), attempt=1),
            dialogue("b", program(FIRST), program(SECOND)),
            dialogue("b", program(OTHER), program(FIRST), attempt=1, value=None),
            dialogue("c", program(FIRST)),
        ]
        far, near = (
            compute(CodeSimilarity, [dialogue("a", program(FIRST), program(other))])[0].value
            for other in (OTHER, SECOND)
        )
        estimate, of_problems = compute(CodeSimilarity, records)
        assert estimate.value == pytest.approx(np.mean([100, 100, far, near]))
        assert (estimate.n, estimate.clusters) == (3, 2)
        assert of_problems[:2] == pytest.approx([np.mean([100, 100, far]), near])
        assert math.isnan(of_problems[2])

    def test_what_is_asked_for_in_words_is_no_program_of_a_turn(self, compute):
        """An explanation with a program in it, between a program and the same again."""
        held = dialogue("a", program(FIRST), program(OTHER), program(FIRST))
        turns = [{"message": place, "code": True, "public": False} for place in (1, 5)]
        told = replace(held, details={"by_turn": turns})
        assert compute(CodeSimilarity, [told])[0].value == 100
        assert compute(CodeSimilarity, [held])[0].value < 50

    def test_the_distribution_is_the_share_of_pairs_at_least_so_similar(self, tmp_path):
        records = [
            dialogue("a", program(FIRST), program(FIRST), program(FIRST)),
            dialogue("a", program(FIRST), program(OTHER), attempt=1),
            dialogue("b", program(FIRST), program(SECOND)),
            dialogue("c", program(FIRST)),
        ]
        metric = CodeSimilarity(CodeSimilaritySettings(at_least=(1, 50, 100)))
        with scores_of(records, tmp_path / "run.db") as scores:
            mean = CodeSimilarity(CodeSimilaritySettings()).compute(scores)
            whole, *shares = metric.compute(scores).values()
            of_problems = metric.per_sample(scores)
        assert whole == mean
        assert [share.value for share in shares] == [1, 3 / 4, 2 / 4]
        assert [share.at for share in shares] == [1, 50, 100]
        assert (shares[1].n, shares[1].clusters) == (3, 2)
        assert list(of_problems) == ["mean", "at-least-1", "at-least-50", "at-least-100"]
        assert of_problems["at-least-100"][:2] == pytest.approx([2 / 3, 0])

    @pytest.mark.parametrize("at_least", [[0], [101], 50, [50.5]])
    def test_similarities_that_there_are_not(self, at_least):
        with pytest.raises(ValidationError):
            CodeSimilaritySettings(at_least=at_least)
