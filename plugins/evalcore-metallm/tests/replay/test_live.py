"""The strategy `route` in front of models, of which one is good at what the other is not."""

from __future__ import annotations

import pytest

from evalcore import Price, RunError
from evalcore.data import Case, Sample, Score
from evalcore.settings import Settings
from evalcore.task import Task
from evalcore.testing import scripted
from evalcore_metallm.logs.routing import Arm
from evalcore_metallm.router import Router, RouterSettings

_POLICY = {"use": "linucb", "ridge": 0.1, "alpha": 0.1}
_HASHING = {"use": "hashing", "columns": 16}


class Words(Task[Settings]):
    """Questions about letters and about numbers, in turns."""

    def cases(self):
        for number in range(60):
            kind = ("letters", "numbers")[number % 2]
            yield Case(Sample(str(number), f"Say something of {kind}."), kind)

    def score(self, case, attempt):
        if attempt.answer == "?":
            return Score(2.0)
        return Score(float(attempt.answer == case.hidden))


def model(says, dollars):
    made = scripted(lambda request: says)
    made.price = lambda self: Price(prompt=dollars, completion=dollars)
    return made


@pytest.fixture
def route(evalcore_offer, evalcore_run):
    """Runs two models behind a router, and returns the records in the order of each pass."""
    evalcore_offer("words", Words)
    evalcore_offer("writer", model("letters", 1.0))
    evalcore_offer("counter", model("numbers", 4.0))
    evalcore_offer("silent", model("?", 1.0))

    def run(attempts=1, models=("writer", "counter"), out="run", limit=None, **strategy):
        spec = {
            "task": "offered:words",
            "models": {name: f"offered:{name}" for name in models},
            "strategy": {"use": "route", "features": _HASHING, "policy": _POLICY, **strategy},
            "attempts": attempts,
        }
        if "router" in strategy:
            del spec["strategy"]["features"], spec["strategy"]["policy"]
        return evalcore_run(spec, out=out, limit=limit)

    return run


def quality(records):
    return sum(record.score.value for record in records) / len(records)


def test_each_model_is_tried_in_turn_and_then_the_router_learns_who_is_good_at_what(route):
    records = route(attempts=2, tries=2).records
    for number in range(2):
        of_pass = [record for record in records if record.attempt == number]
        tried = [record for record in of_pass if record.details["tried"]]
        assert sorted(record.details["arm"] for record in tried) == ["counter"] * 2 + ["writer"] * 2
        assert quality([record for record in of_pass if not record.details["tried"]]) > 0.8


def test_a_high_price_asks_the_cheap_model_alone(route):
    chosen = [record for record in route(price=20.0).records if not record.details["tried"]]
    assert {record.details["arm"] for record in chosen} == {"writer"}


@pytest.mark.parametrize("online", [True, False])
def test_what_chooses_alike_whatever_it_is_told_chooses_from_the_first_query_on(route, online):
    always = {"use": "static", "arm": "counter"}
    records = route(policy=always, online=online, out="always").records
    assert {record.details["arm"] for record in records} == {"counter"}
    assert quality(records) == 0.5
    drawn = route(policy="random", online=online, out="any").records
    assert {record.details["arm"] for record in drawn} == {"writer", "counter"}
    for record in drawn:
        assert (record.details["tried"], record.details["propensity"]) == (False, 0.5)


def test_the_cheapest_model_is_known_by_trying(route):
    records = route(policy="cheapest", tries=2).records
    tried = [record.details["arm"] for record in records if record.details["tried"]]
    assert sorted(tried) == ["counter", "counter", "writer", "writer"]
    others = {record.details["arm"] for record in records if not record.details["tried"]}
    assert others == {"writer"}


def test_a_run_that_goes_on_ends_as_one_that_never_stopped(route):
    """What is learned follows from the records: the second session begins with none of it."""
    whole = route(out="whole", policy="squarecb")
    first = route(out="parts", policy="squarecb", limit=25)
    assert len(first.records) == 25
    parts = route(out="parts", policy="squarecb")
    assert len(parts.records) == 60
    assert parts.outcome.code == whole.outcome.code == 0


def test_equal_seeds_choose_alike_and_propensities_are_on_record(route):
    one, other = (route(out=name, policy="epsilon-greedy").records for name in ("one", "other"))
    assert [r.details for r in one] == [r.details for r in other]
    drawn = {round(r.details["propensity"], 9) for r in one if not r.details["tried"]}
    assert {0.05, 0.95} <= drawn <= {0.05, 0.5, 0.95}


def test_failures_are_no_lesson_and_no_end(route, evalcore_offer):
    def fail(request):
        raise ConnectionError("down")

    evalcore_offer("broken", scripted(fail))
    records = route(models=("writer", "broken"), tries=1).records
    answered = [record for record in records if not record.failure]
    assert 0 < len(answered) < len(records) == 60
    assert {record.details["arm"] for record in answered} == {"writer"}


def test_a_score_that_is_no_quality_stops_the_run(route):
    with pytest.raises(RunError, match="found a score of 2, expected the quality of an answer"):
        route(models=("silent", "counter"))


@pytest.fixture
def saved(tmp_path):
    def router(*arms):
        settings = RouterSettings(policy=_POLICY, features=_HASHING)
        router = Router.cold([Arm(arm) for arm in arms], [1e-5, 4e-5], settings)
        texts = ["Say something of letters.", "Say something of numbers."] * 20
        router.learn(texts, [0, 1] * 20, [1.0, 1.0] * 20, [1e-5, 4e-5] * 20)
        router.learn(texts, [1, 0] * 20, [0.0, 0.0] * 20, [4e-5, 1e-5] * 20)
        router.save(tmp_path / "router")
        return str(tmp_path / "router")

    return router


def test_a_saved_router_knows_from_the_first_query_on(route, saved):
    for online in (False, True):
        records = route(router=saved("writer", "counter"), online=online, out=f"{online}").records
        assert quality(records) == 1.0


def test_a_saved_router_that_spent_its_budget_elsewhere_begins_with_all_of_it(route, tmp_path):
    settings = RouterSettings(policy={"use": "budgeted-linucb", "queries": 60}, features=_HASHING)
    router = Router.cold([Arm("writer"), Arm("counter")], [1e-5, 4e-5], settings)
    router.policy.grant(0.0, 1)
    router.policy.under_way[:] = 2
    router.save(tmp_path / "spent")
    records = route(router=str(tmp_path / "spent")).records
    assert not any(record.failure for record in records)


def test_a_saved_router_of_other_models_is_refused(route, saved):
    (record, *_) = route(router=saved("writer", "speaker"), online=False).records
    assert "is a router of speaker, writer, and there are counter, writer" in record.failure.message


def test_what_learns_nothing_must_be_saved_before(route):
    (record, *_) = route(online=False).records
    assert "name a saved one as `router`" in record.failure.message


def test_prices_are_for_passes(route):
    (record, *_) = route(prices=[0.1]).records
    assert "live, set `price`" in record.failure.message
