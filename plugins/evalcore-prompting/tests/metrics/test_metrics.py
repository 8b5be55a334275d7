from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from pydantic import ValidationError

from evalcore.data import Record, Usage
from evalcore.testing import MetricContract, record, scores_of
from evalcore_prompting.metrics.estimators import pass_at_k, pass_n_at_k
from evalcore_prompting.metrics.pass_at_k import PassAtK, PassAtKSettings
from evalcore_prompting.metrics.pass_n_at_k import PassNAtK, PassNAtKSettings


def attempts(
    sample: str, of: int, public: int, right: int, failed: int = 0, **strategy: int
) -> list[Record]:
    """Attempts at a problem: the right ones first, failed ones besides."""
    done = [
        record(
            sample,
            float(i < right),
            attempt=i,
            details={"public_passed": i < public},
            strategy=strategy,
        )
        for i in range(of)
    ]
    return done + [record(sample, None, attempt=of + i) for i in range(failed)]


def contest(problems: int = 30, of: int = 10) -> list[Record]:
    """Problems of all kinds; one attempt at every third of them failed."""
    return [
        item
        for i in range(problems)
        for item in attempts(f"p{i:02}", of, i % (of + 1), i % (of + 1) * (i % 3) // 2, i % 3 == 0)
    ]


@pytest.fixture
def measure(tmp_path):
    """Measures records by `pass-at-k` or, where n is among the settings, by `pass-n-at-k`."""
    stores = iter(range(1_000))

    def measured(records, **settings):
        if "n" in settings:
            metric = PassNAtK(PassNAtKSettings.model_validate(settings))
        else:
            metric = PassAtK(PassAtKSettings.model_validate(settings))
        with scores_of(records, tmp_path / f"{next(stores)}.db") as scores:
            return metric.compute(scores)

    return measured


class TestPassAtKContract(MetricContract):
    component = "pass-at-k"
    settings: ClassVar = {"k": 1}


class TestPassNAtKContract(MetricContract):
    component = "pass-n-at-k"
    settings: ClassVar = {"n": 1, "k": 1}
    records: ClassVar = contest(problems=12, of=3)


class TestPassAtK:
    def test_is_the_mean_over_problems(self, measure):
        records = attempts("a", 10, 5, 3) + attempts("b", 20, 9, 1) + attempts("c", 10, 0, 0)
        parts = measure(records, k=[1, 5, 10])
        assert list(parts) == ["1", "5", "10"]
        for k, estimate in parts.items():
            each = [pass_at_k(n, c, int(k)) for n, c in [(10, 3), (20, 1), (10, 0)]]
            assert estimate.value == pytest.approx(np.mean(each), abs=1e-12)
            assert (estimate.n, estimate.clusters) == (40, 3)

    def test_pass_at_1_of_problems_of_equal_size_is_the_mean_score(self, measure):
        records = attempts("a", 8, 5, 3) + attempts("b", 8, 9, 1)
        assert measure(records)["1"].value == pytest.approx(4 / 16)

    def test_a_score_below_one_is_wrong(self, measure):
        records = [record("a", value, attempt=i) for i, value in enumerate([0.99, 1.0, 0.5, 0.0])]
        assert measure(records)["1"].value == 0.25

    def test_failed_attempts_are_left_out(self, measure):
        without = attempts("a", 10, 5, 3) + attempts("b", 12, 9, 1)
        with_failed = attempts("a", 10, 5, 3, failed=7) + attempts("b", 12, 9, 1, failed=1)
        assert measure(with_failed, k=5) == measure(without, k=5)

    def test_too_few_attempts(self, measure):
        records = attempts("a", 10, 5, 3) + attempts("b", 8, 0, 0, failed=2)
        with pytest.raises(ValueError, match="k = 9 takes") as told:
            measure(records, k=[1, 9])
        assert str(told.value) == (
            "k = 9 takes 9 attempts with a score at each problem, found fewer at 1 of 2 problems "
            "(the fewest: 8): set `k` to at most 8, or make more attempts (`attempts` in the spec; "
            "`evalcore run --retry-failed` makes failed ones anew); of the others, k = 1 can be "
            "measured"
        )
        assert measure(records, k=8)["8"].n == 18

    def test_a_problem_whose_attempts_all_failed(self, measure):
        records = attempts("a", 2, 1, 1) + attempts("b", 0, 0, 0, failed=2)
        with pytest.raises(
            ValueError, match=r"fewer at 1 of 2 problems \(the fewest: 0\): make more"
        ):
            measure(records, k=1)

    @pytest.mark.parametrize("k", [0, -1, [], [1, 0], "many", 1.5])
    def test_no_number_of_attempts(self, k):
        with pytest.raises(ValidationError):
            PassAtKSettings(k=k)


class TestPassNAtK:
    def test_is_the_mean_over_problems(self, measure):
        problems = [(50, 10, 10), (50, 30, 5), (200, 60, 20), (50, 0, 0)]
        records = [item for i, p in enumerate(problems) for item in attempts(f"p{i}", *p)]
        parts = measure(records, n=[1, 3, 10], k=[3, 3, 50])
        assert list(parts) == ["1@3", "3@3", "10@50"]
        for part, estimate in parts.items():
            n, k = map(int, part.split("@"))
            each = [pass_n_at_k(*problem, n, k) for problem in problems]
            assert estimate.value == pytest.approx(np.mean(each), abs=1e-12)
            assert (estimate.n, estimate.clusters) == (350, 4)

    def test_of_k_submissions_is_pass_at_k(self, measure):
        records = contest()
        here, there = measure(records, n=[1, 4, 10], k=[1, 4, 10]), measure(records, k=[1, 4, 10])
        for k, expected in there.items():
            assert here[f"{k}@{k}"].value == pytest.approx(expected.value, abs=1e-12)
            assert here[f"{k}@{k}"].low == pytest.approx(expected.low, abs=1e-12)

    def test_one_n_goes_with_each_k(self, measure):
        assert list(measure(contest(), n=2, k=[2, 5, 10])) == ["2@2", "2@5", "2@10"]

    @pytest.mark.parametrize(
        ("n", "k", "drawn"),
        [(1, 3, 1), (10, 30, 10), (10, 100, 33), (33, 100, 33), (100, 300, 100)],
    )
    def test_each_turn_is_a_code_sample(self, measure, n, k, drawn):
        records = attempts("a", 100, 60, 20, turns=3) + attempts("b", 100, 9, 1, turns=1)
        (estimate,) = measure(records, n=n, k=k, turns=3).values()
        each = [pass_n_at_k(100, *counts, n, drawn) for counts in [(60, 20), (9, 1)]]
        assert estimate.value == pytest.approx(np.mean(each), abs=1e-12)

    def test_the_strategy_says_how_many_turns_there_may_be(self, measure):
        records = attempts("a", 10, 5, 2, turns=1, max_turns=3)
        records += attempts("b", 10, 9, 1, turns=2, max_turns=3)
        assert measure(records, n=2, k=[9, 30]) == measure(records, n=2, k=[9, 30], turns=3)
        with pytest.raises(
            ValueError, match="k = 2 code samples are less than one attempt of up to 3"
        ):
            measure(records, n=1, k=[9, 2])
        with pytest.raises(ValueError, match="attempts of up to 3 turns, expected 2 at most"):
            measure(records, n=1, k=2, turns=2)

    def test_turns_that_nobody_counts(self, measure):
        records = attempts("a", 10, 5, 2, turns=1) + attempts("b", 10, 5, 2, turns=2)
        with pytest.raises(
            ValueError, match=r"attempts of up to 2 turns, expected 1 at most: .*`turn"
        ):
            measure(records, n=1, k=2)

    def test_turns_that_the_settings_do_not_count(self, measure):
        records = attempts("a", 10, 5, 2, turns=1) + attempts("b", 10, 5, 2, turns=3)
        with pytest.raises(
            ValueError, match=r"attempts of up to 3 turns, expected 2 at most: .*`turns`"
        ):
            measure(records, n=1, k=2, turns=2)

    def test_too_few_attempts(self, measure):
        records = attempts("a", 10, 5, 3) + attempts("b", 8, 0, 0, failed=2)
        with pytest.raises(ValueError, match="k = 27 takes") as told:
            measure(records, n=1, k=27, turns=3)
        assert str(told.value) == (
            "k = 27 takes 9 attempts of up to 3 turns with a score at each problem, found fewer at "
            "1 of 2 problems (the fewest: 8): set `k` to at most 26, or make more attempts "
            "(`attempts` in the spec; `evalcore run --retry-failed` makes failed ones anew)"
        )
        assert measure(records, n=1, k=26, turns=3)["1@26"].n == 18

    def test_too_few_attempts_for_one_budget_of_several(self, measure):
        records = attempts("a", 2, 1, 1, turns=2, max_turns=3)
        with pytest.raises(
            ValueError, match=r"^k = 300 takes 100 attempts of up to 3 turns"
        ) as told:
            measure(records, n=1, k=[3, 300, 8, 9])
        assert "set `k` to at most 8" in str(told.value)
        assert str(told.value).endswith("; of the others, k = 3, 8 can be measured")
        assert list(measure(records, n=1, k=[3, 8])) == ["1@3", "1@8"]

    @pytest.mark.parametrize("details", [{}, {"public_passed": None}, {"public_passed": 1}])
    def test_a_task_that_does_not_tell(self, measure, details):
        records = [*attempts("a", 3, 2, 1), record("b", 1.0, details=details)]
        with pytest.raises(
            ValueError, match=r"does not tell which .*: 1 of 4 scores have no `publ"
        ):
            measure(records, n=1, k=1)

    def test_public_tests_that_do_not_count(self, measure):
        with pytest.raises(
            ValueError, match=r"^2 answers are right and yet do not pass the public"
        ):
            measure(attempts("a", 5, 1, 3), n=1, k=1)

    @pytest.mark.parametrize(
        ("settings", "told"),
        [
            ({"n": [1, 2], "k": [1, 2, 3]}, "2 values of `n` cannot go along with 3 of `k`"),
            ({"n": [1, 2], "k": 3}, "2 values of `n` cannot go along with 1 of `k`"),
            ({"n": 3, "k": [5, 2]}, "n = 3 answers cannot be chosen of k = 2 code samples"),
            (
                {"n": 1, "k": 2, "turns": 3},
                "less than one attempt of up to 3 turns: set `k` to 3 or",
            ),
            ({"n": 3, "k": 2, "budget": "calls"}, "n = 3 answers cannot be chosen of k = 2 calls"),
            ({"n": 1, "k": 9, "budget": "tokens", "turns": 3}, "leave them out for tokens"),
            ({"n": 1, "k": 9, "budget": "dollars"}, "Input should be 'samples', 'calls' or"),
            ({"n": 0, "k": 2}, "greater than or equal to 1"),
            ({"n": 1}, "Field required"),
        ],
    )
    def test_settings_that_do_not_fit(self, settings, told):
        with pytest.raises(ValidationError, match=told):
            PassNAtKSettings.model_validate(settings)


def spending(
    sample: str, of: int, public: int, right: int, calls: int, tokens: int
) -> list[Record]:
    """Attempts at a problem of which each cost so much; one more cost a lot and failed."""
    usage = Usage(calls=calls, prompt_tokens=1_000, completion_tokens=tokens)
    lost = record(sample, None, attempt=of, usage=Usage(calls=99, completion_tokens=9_999))
    return [*(replace(item, usage=usage) for item in attempts(sample, of, public, right)), lost]


class TestBudgets:
    records = spending("a", 10, 6, 2, calls=1, tokens=80) + spending("b", 30, 9, 1, 3, 120)

    @pytest.mark.parametrize(
        ("budget", "k", "drawn"),
        [
            ("calls", 3, 1), ("calls", 4, 1), ("calls", 5, 2), ("calls", 27, 10),
            ("tokens", 110, 1), ("tokens", 219, 1), ("tokens", 220, 2), ("tokens", 1_209, 10),
        ],
    )  # fmt: skip
    def test_pays_for_what_attempts_cost_on_average(self, measure, budget, k, drawn):
        """40 attempts cost 100 calls, 2.5 each, and write 4,400 tokens, 110 each."""
        ((part, estimate),) = measure(self.records, n=2, k=k, budget=budget).items()
        each = [pass_n_at_k(*counts, 2, drawn) for counts in [(10, 6, 2), (30, 9, 1)]]
        assert part == f"2@{k}-{budget}"
        assert estimate.value == pytest.approx(np.mean(each), abs=1e-12)

    def test_of_one_call_each_is_that_of_code_samples(self, measure):
        calls = measure(contest(), n=2, k=[2, 5, 10], budget="calls")
        samples = measure(contest(), n=2, k=[2, 5, 10])
        assert list(calls.values()) == [replace(x, axis="calls") for x in samples.values()]

    def test_less_than_an_attempt(self, measure):
        with pytest.raises(
            ValueError,
            match=r"^k = 2 calls are less than one attempt of 2\.5 calls on average: set `k` to 3",
        ):
            measure(self.records, n=1, k=[30, 2], budget="calls")

    def test_more_than_there_is(self, measure):
        with pytest.raises(
            ValueError,
            match=r"^k = 1210 takes 11 attempts of 110 tokens on average .* to at most 1209",
        ):
            measure(self.records, n=1, k=1_210, budget="tokens")

    def test_attempts_without_a_cost(self, measure):
        records = [replace(item, usage=Usage()) for item in attempts("a", 5, 3, 1)]
        with pytest.raises(ValueError, match="the attempts cost no tokens: set another `budget`"):
            measure(records, n=1, k=5, budget="tokens")


class TestCurves:
    @pytest.mark.parametrize(
        ("settings", "axis"),
        [
            ({}, "attempts"),
            ({"n": 1}, "code samples"),
            ({"n": [1, 2, 5], "budget": "calls"}, "calls"),
            ({"n": 1, "budget": "tokens"}, "tokens"),
        ],
    )
    def test_parts_lie_where_the_budget_does(self, measure, settings, axis):
        spent = Usage(calls=1, completion_tokens=1)
        records = [replace(item, usage=spent) for item in contest()]
        parts = measure(records, k=[1, 5, 10], **settings).values()
        assert [(part.axis, part.at) for part in parts] == [(axis, 1), (axis, 5), (axis, 10)]

    def test_goes_through_the_largest_n_of_each_k(self, measure):
        parts = measure(contest(), n=[1, 3, 2, 9, 1], k=[3, 5, 5, 10, 10])
        assert list(parts) == ["1@3", "3@5", "2@5", "9@10", "1@10"]
        assert [part.at for part in parts.values()] == [3, 5, None, 10, None]

    def test_reach_the_results_and_the_report(self, evalcore_run, tmp_path):
        answers = [("a", 1), ("a", 2), ("b", 4), ("b", 4)]
        for name, lines in {
            "questions": [
                {"id": "a", "question": "?", "answer": 2},
                {"id": "b", "question": "?", "answer": 4},
            ],
            "answers": [{"sample": sample, "answer": str(answer)} for sample, answer in answers],
        }.items():
            written = "".join(json.dumps(line) + "\n" for line in lines)
            (tmp_path / f"{name}.jsonl").write_text(written, encoding="utf-8")
        run = evalcore_run(
            {
                "task": {"use": "jsonl", "path": "questions.jsonl", "match": "numeric"},
                "models": {"m": {"use": "replay", "path": "answers.jsonl"}},
                "attempts": 2,
                "metrics": [{"use": "pass-at-k", "k": [1, 2]}, "mean"],
                "reports": ["html"],
            }
        )
        found = [(result.value, result.axis, result.at) for result in run.results]
        assert found == [(0.75, "attempts", 1), (1.0, "attempts", 2), (0.75, "", None)]
        page = (run.path / "report.html").read_text(encoding="utf-8")
        assert "<h3>pass-at-k over attempts</h3>" in page


class TestPerProblem:
    def test_values_are_those_of_the_problems(self, tmp_path):
        problems = [(50, 10, 10), (50, 30, 5), (200, 60, 20), (50, 0, 0)]
        records = [item for i, p in enumerate(problems) for item in attempts(f"p{i}", *p)]
        with scores_of(records, tmp_path / "run.db") as scores:
            plain = PassAtK(PassAtKSettings(k=(1, 3))).per_sample(scores)
            chosen = PassNAtK(PassNAtKSettings(n=2, k=5)).per_sample(scores)
        assert list(plain) == ["1", "3"]
        assert plain["3"].tolist() == [pass_at_k(of, right, 3) for of, _, right in problems]
        assert chosen["2@5"].tolist() == [pass_n_at_k(*problem, 2, 5) for problem in problems]

    def test_of_attempts_that_all_failed_there_is_none(self, tmp_path):
        with scores_of([record(name, None) for name in "ab"], tmp_path / "run.db") as scores:
            (values,) = PassAtK(PassAtKSettings()).per_sample(scores).values()
        assert [math.isnan(value) for value in values] == [True, True]


class TestIntervals:
    def test_are_the_same_again_and_in_any_order(self, measure):
        records = contest()
        first = measure(records, k=[1, 5])
        assert measure(records, k=[1, 5]) == first
        names = sorted({item.sample for item in records})
        other = dict(zip(names, reversed(names), strict=True))
        renamed = [
            record(other[item.sample], item.score and item.score.value, attempt=item.attempt)
            for item in records
        ]
        assert measure(renamed, k=[1, 5]) == first

    def test_a_part_does_not_depend_on_the_others(self, measure):
        assert measure(contest(), k=[1, 5])["5"] == measure(contest(), k=5)["5"]

    def test_are_as_wide_as_the_problems_differ(self, measure):
        """The percentiles of the bootstrap are close to the normal interval here."""
        records = contest(problems=300)
        estimate = measure(records, k=3)["3"]
        each = [pass_at_k(10, i % 11 * (i % 3) // 2, 3) for i in range(300)]
        margin = 1.96 * np.std(each) / math.sqrt(300)
        assert estimate.low == pytest.approx(np.mean(each) - margin, abs=0.1 * margin)
        assert estimate.high == pytest.approx(np.mean(each) + margin, abs=0.1 * margin)

    @pytest.mark.parametrize(
        "problems", [[(10, 5, 3)] * 7, [(10, 5, 3)], [(10, 5, 3), (20, 9, 6), (30, 9, 9)]]
    )
    def test_of_problems_that_are_all_alike_are_unknown(self, measure, problems):
        records = [item for i, p in enumerate(problems) for item in attempts(f"p{i}", *p)]
        (estimate,) = measure(records, k=1).values()
        assert estimate.value == pytest.approx(0.3)
        assert math.isnan(estimate.low)
        assert math.isnan(estimate.high)


@pytest.mark.parametrize(
    ("metric", "settings", "enough"),
    [
        (PassAtK, PassAtKSettings(k=(1, 5)), 5),
        (PassNAtK, PassNAtKSettings(n=1, k=(3, 12), turns=3), 4),
        (PassNAtK, PassNAtKSettings(n=1, k=12), 0),  # what an attempt may take is not known yet
    ],
)
def test_a_spec_with_too_few_attempts_is_told_before_it_runs(metric, settings, enough):
    metric(settings).preflight(enough)
    if enough:
        with pytest.raises(ValueError, match=f"takes {enough} attempts.*`attempts: {enough - 1}`"):
            metric(settings).preflight(enough - 1)
