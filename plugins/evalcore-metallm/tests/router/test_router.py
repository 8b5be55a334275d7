"""Routers: fitted, learning, moved along the dial, saved and restored."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from evalcore.errors import EvalcoreError
from evalcore.prices import Price
from evalcore_metallm import state
from evalcore_metallm.logs import Arm, RoutingLog
from evalcore_metallm.router import Router, RouterSettings
from evalcore_metallm.state import RouterStateError

ARMS = ("small", "middle", "large")
LINEAR = ["linucb", "hybrid-linucb", "squarecb", "linear-thompson"]
EVERY = [
    "cheapest", "best-on-training", "random", "epsilon-greedy", "ucb1", "beta-thompson", *LINEAR,
    "logistic", "nearest-neighbours", "mlp", "cascade", "budgeted-linucb",
    {"use": "static", "arm": "large"},
]  # fmt: skip
FEATURES = {"use": "tfidf", "components": 6}


def log(n=60, seed=0, missing=0.0):
    """Queries on sums are hard, and those on birds are not."""
    rng = np.random.default_rng(seed)
    hard = rng.random(n) < 0.5
    words = np.where(hard, "prove the sum of", "which bird is")
    queries = tuple(f"{word} {number} {number % 7}" for number, word in enumerate(words))
    chance = np.where(hard[:, None], [0.1, 0.5, 0.9], [0.9, 0.9, 0.9])
    quality = (rng.random((n, 3)) < chance).astype(float)
    quality[rng.random((n, 3)) < missing] = math.nan
    cost = np.array([1e-5, 1e-4, 1e-3]) * rng.uniform(0.5, 1.5, (n, 1))
    blank = ("",) * n
    prices = tuple(Price(prompt=dollars, completion=0.0) for dollars in (0.1, 1.0, 10.0))
    return RoutingLog(tuple(map(str, range(n))), queries, blank, blank, ARMS, prices, quality, cost)


def settings(policy="linucb", features=FEATURES, **others):
    return RouterSettings.model_validate({"policy": policy, "features": features, **others})


@pytest.fixture(scope="module")
def training():
    return log()


NEW = log(30, seed=1)


def test_it_learns_which_queries_need_the_large_model():
    router = Router.fit(log(300), settings({"use": "linucb", "alpha": 0.0}, price=0.2))
    hard, easy = router.choose(["prove the sum of 3", "which bird is 4"]).arms
    assert ARMS[hard] == "large"
    assert ARMS[easy] == "small"


def test_costs_are_shares_of_what_the_dearest_model_costs(training):
    router = Router.fit(training, settings())
    np.testing.assert_allclose(router.costs, training.mean_cost())
    assert router.scale == training.mean_cost()[2]
    assert router.arms == training.models


@pytest.mark.parametrize("policy", LINEAR)
def test_a_price_that_is_set_later_is_as_one_set_before_fitting(training, policy):
    router = Router.fit(training, settings(policy))
    for price in (0.0, 0.3, 7.0):
        router.price = price
        fresh = Router.fit(training, settings(policy, price=price))
        for one in (router, fresh):
            one.policy.seed_choice(0)
        contexts = router.contexts(NEW.queries)
        np.testing.assert_allclose(
            router.policy.scores(contexts), fresh.policy.scores(contexts), atol=1e-10
        )


@pytest.mark.parametrize("price", [-0.1, math.nan, math.inf])
def test_a_price_below_0_is_refused(training, price):
    router = Router.fit(training, settings(price=0.5))
    with pytest.raises(EvalcoreError, match="expected 0 or more"):
        router.price = price
    assert router.price == 0.5


def test_training_costs_are_those_of_the_model_or_of_the_query(training):
    fixed, recorded = (
        Router.fit(training, settings({"use": "linucb", "ridge": 1e-6}, training_cost=cost))
        for cost in ("mean", "recorded")
    )
    of_fixed, of_recorded = (
        router.policy.estimate(router.contexts(training.queries)).cost
        for router in (fixed, recorded)
    )
    np.testing.assert_allclose(of_fixed, np.tile(fixed.costs / fixed.scale, (60, 1)), atol=1e-5)
    assert of_recorded[:, 2].std() > 0.01
    np.testing.assert_allclose(of_recorded.mean(axis=0), of_fixed.mean(axis=0), atol=1e-5)


def test_outcomes_that_are_missing_are_not_learned_from():
    router = Router.fit(log(missing=0.2), settings())
    assert np.isfinite(router.policy.scores(router.contexts(NEW.queries))).all()


def test_it_goes_on_learning(training):
    router = Router.fit(training, settings({"use": "linucb", "alpha": 0.0, "ridge": 1.0}))
    for _ in range(200):
        router.learn(["prove the sum of 3"], [2], [0.0], [1e-3])
        router.learn(["prove the sum of 3"], [0], [1.0], [1e-5])
    assert ARMS[router.choose(["prove the sum of 3"]).arms[0]] == "small"


def test_models_that_are_not_allowed_are_not_picked(training):
    router = Router.fit(training, settings())
    choices = router.choose(NEW.queries, allowed=np.array([True, True, False]))
    assert set(choices.arms) <= {0, 1}
    with pytest.raises(EvalcoreError, match="no model may be chosen"):
        router.choose(NEW.queries, allowed=np.zeros(3, dtype=bool))


def test_a_router_may_start_cold():
    router = Router.cold(
        [Arm("a"), Arm("b")], [1e-5, 1e-3], settings(features={"use": "hashing", "columns": 32})
    )
    assert router.scale == 1e-3
    choices = router.choose(["x"] * 200)
    assert set(choices.arms) == {0, 1}
    router.learn(["x"] * 10, [0] * 10, [1.0] * 10, [1e-5] * 10)
    assert router.choose(["x"]).arms[0] == 0


def test_features_that_must_be_trained_cannot_start_cold():
    with pytest.raises(EvalcoreError, match="a router that starts cold takes `hashing`"):
        Router.cold([Arm("a"), Arm("b")], [1.0, 2.0], settings())


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ([1.0], "found 1 costs for 2 models"),
        ([1.0, -1.0], "found a cost of -1.0 a query for b"),
        ([1.0, math.nan], "cost of nan a query for b, .* no known outcome"),
    ],
)
def test_costs_must_be_known_of_every_model(costs, said):
    with pytest.raises(EvalcoreError, match=said):
        Router.cold([Arm("a"), Arm("b")], costs, settings(features="hashing"))


def test_models_that_cost_nothing_can_be_routed():
    router = Router.cold([Arm("a"), Arm("b")], [0.0, 0.0], settings(features="hashing", price=1.0))
    assert router.scale == 1.0
    assert router.choose(["x"]).propensity[0] == 0.5


def test_a_policy_is_a_name_or_has_settings():
    assert settings("linucb").policy == settings({"use": "linucb"}).policy
    assert RouterSettings() == RouterSettings(policy="linucb", features="tfidf", price=0.0)
    with pytest.raises(ValidationError):
        settings("none-such")
    for price in (-1, math.inf, math.nan):
        with pytest.raises(ValidationError):
            settings(price=price)


def bits(router, queries):
    """All that a router says of queries, and of what it learns."""
    contexts = router.contexts(queries)
    choices = router.choose(queries)
    router.learn(queries[:3], [0, 1, 2], [1.0, 0.0, 1.0], [1e-5, 1e-4, 1e-3])
    again = router.choose(queries)
    found = [contexts, choices.arms, choices.propensity, again.arms, again.propensity]
    return [array.tobytes() for array in found]


@pytest.mark.filterwarnings("ignore:.*converge")
@pytest.mark.parametrize("policy", EVERY, ids=str)
def test_what_is_loaded_goes_on_as_what_was_saved_to_the_bit(training, tmp_path, policy):
    router = Router.fit(training, settings(policy, price=0.1), seed=3)
    router.choose(NEW.queries)
    router.learn(NEW.queries[:1], [1], [1.0], [2e-4])
    router.price = 0.25
    router.save(tmp_path / "router")
    again = Router.load(tmp_path / "router")
    assert (again.arms, again.settings, again.scale) == (router.arms, router.settings, router.scale)
    assert again.price == 0.25
    assert again.dumps() == (tmp_path / "router").read_bytes()
    assert bits(again, NEW.queries) == bits(router, NEW.queries)
    assert again.dumps() == router.dumps()


def test_a_cold_router_is_saved_too():
    router = Router.cold([Arm("a"), Arm("b")], [1e-5, 1e-3], settings(features="hashing"), seed=1)
    again = Router.loads(router.dumps())
    assert again.choose(["x"] * 20).arms.tolist() == router.choose(["x"] * 20).arms.tolist()


def changed(router, meta=None, **arrays):
    """The content of the file with parts replaced, and a checksum that fits."""
    found_meta, found = state.unpack(router.dumps(), "x")
    return state.pack(found_meta | (meta or {}), found | arrays)


@pytest.fixture
def router(training):
    return Router.fit(training, settings())


def test_features_of_another_width_are_refused(router):
    narrower = {"features/components": np.zeros((4, 3))}
    with pytest.raises(RouterStateError, match="contexts of 7 numbers, and its features have 5"):
        Router.loads(changed(router, **narrower), "x")


@pytest.mark.parametrize(
    "parts",
    [
        {"meta": {"settings": {"policy": "none-such"}}},
        {"meta": {"arms": [{"name": "a", "price": None}]}},
        {"meta": {"arms": [{"title": "a"}] * 3}},
        {"meta": {"settings": {"policy": {"use": "logistic"}, "features": FEATURES}}},
        {"meta": {"price": -1.0}},
        {"costs": np.ones(2)},
        {"policy/generator": np.zeros(2, np.uint64)},
    ],
    ids=str,
)
def test_parts_that_do_not_fit_each_other_are_refused(router, parts):
    with pytest.raises(RouterStateError, match=r"router.state: its parts do not fit"):
        Router.loads(changed(router, **parts), "router.state")


WEIGHTS = "policy/weights"


@pytest.mark.parametrize("name", [WEIGHTS, "policy/inverse", "features/idf", "costs"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_numbers_that_are_not_finite_are_refused(router, name, value):
    _, found = state.unpack(router.dumps(), "x")
    found[name] = found[name].copy()
    found[name].flat[0] = value
    with pytest.raises(RouterStateError, match=f"{name} has values that are not finite"):
        Router.loads(changed(router, **{name: found[name]}), "x")


@pytest.mark.parametrize("name", [WEIGHTS, "features/components", "costs"])
def test_texts_are_no_numbers(router, name):
    _, found = state.unpack(router.dumps(), "x")
    with pytest.raises(RouterStateError, match=f"{name} is of .*, expected numbers"):
        Router.loads(changed(router, **{name: found[name].astype(str)}), "x")


@pytest.mark.parametrize(
    ("name", "kind"), [(WEIGHTS, np.int64), (WEIGHTS, bool), ("policy/generator", float)]
)
def test_numbers_of_another_kind_are_refused(router, name, kind):
    _, found = state.unpack(router.dumps(), "x")
    with pytest.raises(RouterStateError, match="found the state of another policy"):
        Router.loads(changed(router, **{name: found[name].astype(kind)}), "x")


def test_a_damaged_file_is_refused_and_left_as_it_is(router, tmp_path):
    path = tmp_path / "router"
    router.save(path)
    path.write_bytes(path.read_bytes()[:-100])
    before = path.read_bytes()
    with pytest.raises(RouterStateError, match="no whole router state"):
        Router.load(path)
    assert path.read_bytes() == before


def test_a_dearer_price_never_costs_more_where_costs_are_fixed(training):
    router = Router.fit(training, settings({"use": "linucb", "ridge": 1e-9, "alpha": 0.0}))
    spent = []
    for price in np.geomspace(1e-3, 1e3, 30):
        router.price = float(price)
        spent.append(router.costs[router.choose(NEW.queries).arms].mean())
    assert all(later <= earlier + 1e-15 for earlier, later in pairwise(spent))
    assert spent[-1] == pytest.approx(router.costs[0])
