"""The strategy `route` on passes over a log."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from evalcore.settings import DataPath
from evalcore_metallm.logs.routing import Arm
from evalcore_metallm.replay import RoutingLogSettings, RoutingLogTask
from evalcore_metallm.router import Router, RouterSettings
from evalcore_metallm.strategy import RouteSettings

_FEATURES = {"use": "tfidf", "components": 8, "ngrams": 1}
_FEW = {"train": 0.4, "validation": 0.2, "test": 0.4}


@pytest.fixture
def passes(log, evalcore_run):
    """Runs a strategy over the log, and returns the records."""

    def run(strategy, out="run", **task):
        strategy = {"use": "route", "features": _FEATURES, **strategy}
        if "router" in strategy:
            del strategy["features"]
        records = evalcore_run({"task": log(**task), "strategy": strategy}, out=out).records
        for record in records:
            assert record.failure is None, record.failure.traceback
        return records

    return run


def dollars(record):
    return np.array(record.score.details["dollars"])


def test_a_frozen_router_costs_less_the_higher_the_price(passes):
    prices = [0.0, 0.2, 0.5, 1.0, 5.0]
    for record in passes(
        {"policy": {"use": "linucb", "alpha": 0.0}, "online": False, "prices": prices}
    ):
        assert record.answer["prices"] == prices
        assert (np.diff(dollars(record)) <= 1e-9).all()
        assert set(record.answer["arms"][-1]) == {0}
        assert "propensity" not in record.answer


def test_several_prices_are_what_each_is_alone(passes):
    """Also where it learns on the way: a price knows nothing of the others."""
    policy = {"policy": "linear-thompson", "batch": 5}
    together = passes({**policy, "prices": [0.0, 0.6]})
    alone = passes({**policy, "price": 0.0}, out="alone")
    for both, one in zip(together, alone, strict=True):
        assert both.score.details["regret"]["quality"][0] == pytest.approx(
            one.score.details["regret"]["quality"][0], abs=0.25
        )
        assert np.shape(both.answer["propensity"]) == (2, 30)
        assert np.mean(both.answer["arms"][1]) < np.mean(both.answer["arms"][0])


def test_a_warm_router_beats_the_models_alone(passes):
    policy = {"use": "linucb", "alpha": 0.0, "ridge": 0.1}
    for record in passes({"policy": policy, "price": 0.2, "online": False}, queries=200):
        assert record.score.details["regret"]["best-single"][0] < 0


def test_a_cold_router_that_learns_nothing_knows_nothing(passes):
    cold = {"policy": {"use": "linucb", "alpha": 0.0}, "warm_start": False, "price": 0.2}
    for record in passes({**cold, "online": False}):
        assert len(set(record.answer["arms"][0])) == 1
    regrets = [
        record.score.details["regret"]["reward"][0]
        for record in passes(
            {**cold, "policy": {"use": "linucb", "ridge": 1.0}}, "learns", queries=300
        )
    ]
    assert max(regrets) < 0.25


def test_the_first_model_for_ever_as_the_paper_has_it(passes):
    """Cold, without a bonus and with ties by order: the cold row of the paper's table 4."""
    policy = {"use": "linucb", "alpha": 0.0, "paper_compat": True}
    for record in passes({"policy": policy, "warm_start": False}):
        assert set(record.answer["arms"][0]) == {0}


def test_equal_runs_are_equal_and_passes_do_not_depend_on_each_other(passes, evalcore_run, log):
    strategy = {"policy": {"use": "epsilon-greedy", "epsilon": 0.3}}
    one, again = passes(strategy), passes(strategy, out="again")
    assert [record.answer for record in one] == [record.answer for record in again]
    (alone,) = passes(strategy, out="alone", orders=1)
    assert alone.score.details["queries"] == one[0].score.details["queries"]


def test_a_price_for_a_budget_keeps_to_it_on_the_validation_part(passes):
    spent = []
    for record in passes({"budget": 40.0, "online": False}, queries=300, split=_FEW):
        assert record.details == {"budget": 40.0}
        assert record.answer["prices"][0] > 0
        spent.append(dollars(record)[0])
    assert np.mean(spent) < 60


def test_a_hard_budget_is_kept_on_every_path_and_then_nothing_is_asked(passes):
    for budget in (5.0, 20.0, 60.0):
        for record in passes(
            {"policy": "budgeted-linucb", "budget": budget}, out=f"of-{budget:g}", queries=150
        ):
            spent, dearest = np.sum(record.score.details["cost"]), 0.01 + 150 * 1e-5
            assert spent <= budget / 10_000 * 75 + dearest
            # The cheapest model costs 10 dollars for 10,000 queries.
            assert (-1 in record.answer["arms"][0]) == (budget < 10)


def test_a_cascade_pays_for_all_that_it_asks(passes):
    policy = {"use": "cascade", "arms": ["small", "big"], "thresholds": [0.5], "noise": 0.0}
    for record in passes({"policy": policy}):
        assert record.score.details["regret"]["quality"][0] == 0
        solved = np.array(record.score.details["single"]["quality"][0]) == 1
        assert np.array_equal(np.array(record.answer["arms"][0]) == 0, solved)
        assert record.answer["asked"][0] == [[0] if one else [0, 1] for one in solved]


def test_random_choices_are_random(passes):
    for record in passes({"policy": "random", "online": False}):
        assert 5 < np.sum(record.answer["arms"][0]) < 25
        assert record.answer["propensity"][0] == [0.5] * 30


@pytest.mark.parametrize(
    "policy",
    [
        {"use": "static", "arm": "big"},
        "cheapest",
        "best-on-training",
        "random",
        "epsilon-greedy",
        "ucb1",
        "beta-thompson",
        "linucb",
        "hybrid-linucb",
        "linear-thompson",
        "logistic",
        "squarecb",
        "nearest-neighbours",
        "mlp",
        "cascade",
        "budgeted-linucb",
    ],
    ids=lambda policy: policy if isinstance(policy, str) else policy["use"],
)
def test_every_policy_passes(passes, policy):
    (record,) = passes({"policy": policy, "batch": 10}, orders=1)
    assert 0 <= record.score.value <= 1


def test_a_saved_router_is_graded_as_it_is(passes, log, tmp_path):
    keys = log(split="recorded", orders=1)
    del keys["use"]
    task = RoutingLogTask(RoutingLogSettings.model_validate(keys))
    train = next(task.cases()).sample.public.train
    settings = RouterSettings(policy="linucb", features=_FEATURES, price=0.3)
    Router.fit(train, settings).save(tmp_path / "router")
    saved = {"router": str(tmp_path / "router"), "online": False}
    (record,) = passes(saved, split="recorded", orders=1)
    assert record.answer["prices"] == [0.3]
    made = {"policy": "linucb", "price": 0.3, "online": False}
    (fitted,) = passes(made, out="fitted", split="recorded", orders=1)
    assert record.answer["arms"] == fitted.answer["arms"]
    (dearer,) = passes({**saved, "price": 9.0}, out="dearer", split="recorded", orders=1)
    assert set(dearer.answer["arms"][0]) == {0}


def test_a_saved_router_of_models_in_another_order_is_refused(evalcore_run, log, tmp_path):
    settings = RouterSettings(policy="linucb", features={"use": "hashing", "columns": 4})
    Router.cold([Arm("big"), Arm("small")], [1.0, 0.1], settings).save(tmp_path / "router")
    words = failure(evalcore_run, log(), router=str(tmp_path / "router"))
    assert "name them in the task as `columns.arms: [big, small]`" in words


def failure(evalcore_run, task, **strategy):
    (record, *_) = evalcore_run({"task": task, "strategy": {"use": "route", **strategy}}).records
    return record.failure.message


def test_without_a_training_part_the_scale_of_costs_is_not_known(evalcore_run, log):
    task = log(split={"train": 0, "test": 1})
    assert "give `split.train` a share" in failure(evalcore_run, task)


def test_a_budget_needs_a_validation_part(evalcore_run, log):
    assert "give `split.validation` a share" in failure(evalcore_run, log(), budget=10.0)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"budget": 1.0, "prices": [0.1]}, "one of `budget` and `price` or `prices`"),
        ({"policy": "budgeted-linucb", "online": False}, "budgeted-linucb follows what is spent"),
        ({"router": "x", "policy": "ucb1"}, "a saved router has its own policy"),
        ({"prices": []}, "at least 1 item"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, words, tmp_path):
    if "router" in settings:
        (tmp_path / "x").touch()
        settings = {**settings, "router": DataPath(tmp_path / "x")}
    with pytest.raises(ValidationError, match=words):
        RouteSettings.model_validate(settings)
