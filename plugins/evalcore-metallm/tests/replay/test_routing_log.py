"""The task `routing-log`: passes, feedback and scores."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from evalcore.data import Attempt
from evalcore.errors import EvalcoreError, TaskError
from evalcore_metallm.replay import RoutingLogSettings, RoutingLogTask


@pytest.fixture
def task(log):
    def made(**settings):
        keys = log(**settings)
        del keys["use"]
        return RoutingLogTask(RoutingLogSettings.model_validate(keys))

    return made


def first(task):
    return next(task.cases())


def answered(case, arms, **others):
    answer = {"prices": [0.0] * len(arms), "scale": 0.01, "arms": arms, **others}
    return SimpleNamespace(case=case, attempt=Attempt(answer))


def test_a_pass_for_each_order_with_parts_of_its_own(task):
    passes = [case.sample for case in task(orders=12).cases()]
    assert [one.id for one in passes][:2] == ["order-00", "order-01"]
    assert len({one.public.ids for one in passes}) == 12
    for one in passes:
        assert not set(one.public.ids) & set(one.public.train.ids)
        assert one.metadata["train"] == one.metadata["test"] == 30
        assert one.public.validation is None


def test_the_same_orders_again_and_others_by_another_seed(task):
    assert first(task()).sample == first(task()).sample
    assert first(task()).sample != first(task(seed=1)).sample


def test_a_pass_with_another_training_part_is_another(task):
    one, other = first(task()), first(task(split={"train": 0.4, "test": 0.5}))
    assert one.sample.public != other.sample.public


def test_the_outcomes_to_come_are_not_in_the_sample(task):
    case = first(task())
    public = case.sample.public
    assert not hasattr(public, "quality")
    assert [arm.name for arm in public.arms] == ["small", "big"]


def test_recorded_parts(task):
    public = first(task(split="recorded")).sample.public
    assert {int(name[1:]) % 2 for name in public.ids} == {1}
    assert {int(name[1:]) % 2 for name in public.train.ids} == {0}


def test_feedback_is_the_outcomes_asked_for_and_nothing_else(task):
    made = task()
    case = first(made)
    test, _ = case.hidden
    feedback = made.feedback(case, {"queries": [2, 0], "arms": [1, 0]})
    assert feedback.details == {
        "quality": [test.quality[2, 1], test.quality[0, 0]],
        "cost": [test.cost[2, 1], test.cost[0, 0]],
    }
    assert not feedback.text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"queries": [0], "arms": [2]}, "found 2 to 2 as 'arms', expected 0 to 1"),
        ({"queries": [-1], "arms": [0]}, "found -1 to -1 as 'queries', expected 0 to 29"),
        ({"queries": [0, 1], "arms": [0]}, "found 2 queries and 1 arms"),
        ({"queries": [0.5], "arms": [0]}, "expected a list of whole numbers"),
        ({"arms": [0]}, "expected a mapping with a list 'queries'"),
    ],
)
def test_feedback_on_what_is_no_question_is_refused(task, answer, words):
    made = task()
    with pytest.raises(TaskError, match=words):
        made.feedback(first(made), answer)


def test_a_score_is_the_quality_at_the_first_price_with_all_that_metrics_need(task):
    made = task()
    case = first(made)
    log, rows = case.hidden
    score = made.score(case, answered(case, [[1] * 30, [0] * 30]).attempt)
    assert score.value == log.quality[:, 1].mean()
    assert score.details["accuracy"] == pytest.approx(log.mean_quality()[::-1])
    assert score.details["dollars"] == pytest.approx(log.mean_cost()[::-1] * 10_000)
    assert score.details["shares"].tolist() == [[0, 1], [1, 0]]
    assert np.array_equal(score.details["queries"], rows)
    assert set(score.details["regret"]) == {"reward", "quality", "budget", "best-single"}


def test_all_models_that_were_asked_are_paid_for(task):
    made = task()
    case = first(made)
    log, _ = case.hidden
    asked = [[[0, 1]] * 30]
    score = made.score(case, answered(case, [[1] * 30], asked=asked).attempt)
    assert score.details["cost"][0] == pytest.approx(log.cost.sum(axis=1))
    assert score.value == log.quality[:, 1].mean()


def test_a_query_of_which_no_model_was_asked_is_worth_nothing_and_costs_nothing(task):
    made = task()
    case = first(made)
    log, _ = case.hidden
    score = made.score(case, answered(case, [[-1] * 10 + [0] * 20]).attempt)
    assert score.value == pytest.approx(log.quality[10:, 0].sum() / 30)
    assert score.details["cost"][0][:10].tolist() == [0.0] * 10
    assert score.details["shares"][0].tolist() == pytest.approx([2 / 3, 0])


@pytest.mark.parametrize(
    ("arms", "others", "words"),
    [
        ([[0] * 29], {}, "found choices for .29. queries at 1 prices, expected 30"),
        ([[2] * 30], {}, "found 2 to 2 as 'arms', expected -1 to 1"),
        ([[0] * 30], {"prices": ["dear"]}, "as 'prices', expected numbers"),
        ([[0] * 30], {"prices": []}, "at 0 prices"),
        ([[0] * 30], {"scale": float("nan")}, "as 'scale', expected numbers"),
        ([[0] * 30], {"asked": [[[1]] * 30]}, "chosen for a query that it was not asked"),
        ([[0] * 30], {"asked": [[[0]] * 3]}, "found models asked of shape"),
    ],
)
def test_answers_of_another_form_are_refused(task, arms, others, words):
    made = task()
    case = first(made)
    with pytest.raises(TaskError, match=words):
        made.score(case, answered(case, arms, **others).attempt)


def test_what_is_not_known_is_learned_from_and_not_graded(task):
    made = task(missing=dict.fromkeys(range(0, 60, 3), "big"))
    for case in made.cases():
        test, _ = case.hidden
        assert not np.isnan(test.quality).any()
        assert len(test) + case.sample.metadata["ungraded"] == 30
        assert np.isnan(case.sample.public.train.quality).any()


def test_a_log_of_which_nothing_can_be_graded_is_refused_before_it_runs(task):
    with pytest.raises(EvalcoreError, match="no query is left whose outcome is known"):
        task(missing={n: ("big", "small")[n % 2] for n in range(60)}).preflight()
