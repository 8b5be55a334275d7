"""All estimates of a router at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated_logs import invented

from evalcore_metallm.off_policy.evaluation import evaluate
from evalcore_metallm.off_policy.support import NoSupport

NAMES = ("doubly-robust", "switch-dr", "snips", "ips", "clipped-ips", "direct")
WORLD = invented(300, seed=1)
LOG = WORLD.log(np.arange(300), np.random.default_rng(1))
PREDICTED = np.stack([np.full((300, 3), 0.5), np.tile([1e-4, 3e-4, 1e-3], (300, 1))], axis=2)


def test_value_reward_gain_and_saving_belong_together():
    found = evaluate(LOG, WORLD.target, PREDICTED, price=200.0, resamples=200)
    assert tuple(found.values) == NAMES
    deployed = found.deployed
    assert deployed.quality.value == pytest.approx(LOG.quality.mean())
    assert deployed.cost.value == pytest.approx(LOG.cost.mean())
    for value in found.values.values():
        assert value.reward.value == pytest.approx(value.quality.value - 200 * value.cost.value)
        assert value.gain.value == pytest.approx(value.quality.value - deployed.quality.value)
        assert value.saving.value == pytest.approx(1 - value.cost.value / deployed.cost.value)
        assert all(of.low <= of.value <= of.high and of.n == 300 for of in value)


def test_compared_with_itself_a_router_gains_and_saves_exactly_nothing():
    found = evaluate(LOG, WORLD.target, PREDICTED, reference=WORLD.target, resamples=200)
    for value in (*found.values.values(), found.deployed):
        assert (value.gain.value, value.gain.low, value.gain.high) == (0, 0, 0)
        assert (value.saving.value, value.saving.low, value.saving.high) == (0, 0, 0)


def test_pairing_makes_the_interval_of_a_difference_narrower():
    close = 0.9 * WORLD.deployed + 0.1 * WORLD.target
    value = evaluate(LOG, close, PREDICTED, resamples=500).values["doubly-robust"]
    assert value.gain.high - value.gain.low < 0.5 * (value.quality.high - value.quality.low)


def test_the_unit_of_cost_moves_no_share():
    dollars = evaluate(LOG, WORLD.target, PREDICTED, resamples=200)
    cents = evaluate(
        replace(LOG, cost=100 * LOG.cost), WORLD.target, PREDICTED * [1, 100], resamples=200
    )
    for name in NAMES:
        one, other = dollars.values[name].saving, cents.values[name].saving
        assert (one.low, one.high) == (pytest.approx(other.low), pytest.approx(other.high))


def test_same_seed_same_intervals_and_another_seed_others():
    one, same, other = (
        evaluate(LOG, WORLD.target, PREDICTED, resamples=200, seed=seed) for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_groups_widen_intervals_where_their_queries_are_alike():
    rows = np.repeat(np.arange(300), 9)
    copies = replace(
        LOG.take(np.arange(300)),
        **{name: tuple(np.array(getattr(LOG, name))[rows]) for name in ("queries", "groups")},
        ids=tuple(map(str, range(len(rows)))),
        **{name: getattr(LOG, name)[rows] for name in ("arm", "quality", "cost", "propensity")},
        probabilities=WORLD.deployed[rows],
    )
    arguments = copies, WORLD.target[rows], PREDICTED[rows]
    once = evaluate(LOG, WORLD.target, PREDICTED, most=9.0).values["ips"].quality
    naive = evaluate(*arguments, most=9.0).values["ips"].quality
    grouped = evaluate(*arguments, groups=rows, most=9.0)
    found = grouped.values["ips"].quality
    assert (found.low, found.high) == (pytest.approx(once.low), pytest.approx(once.high))
    assert naive.high - naive.low == pytest.approx((once.high - once.low) / 3, rel=0.1)
    assert (found.n, found.clusters) == (2700, 300)
    assert np.isnan(grouped.quality_at_least)


def test_saving_is_unknown_where_the_reference_costs_nothing():
    free = replace(LOG, cost=0 * LOG.cost)
    for value in evaluate(free, WORLD.target, PREDICTED, resamples=100).values.values():
        assert np.isnan([value.saving.low, value.saving.high]).all()
        assert not np.isnan([value.quality.low, value.gain.low, value.cost.low]).any()


def test_of_one_query_there_is_a_value_and_no_interval():
    row = LOG.take([0])
    target = np.full((1, 3), 1 / 3)
    with pytest.raises(NoSupport):
        evaluate(row, target, PREDICTED[:1])
    target = np.eye(3)[row.arm]
    found = evaluate(row, target, PREDICTED[:1])
    assert found.values["snips"].quality.value == row.quality[0]
    assert np.isnan(found.values["snips"].quality.low)
    assert np.isnan(found.quality_at_least)


def test_a_reference_without_support_is_refused_too():
    without = replace(
        LOG, probabilities=None, propensity=np.where(np.arange(300) < 5, 1.0, LOG.propensity)
    )
    wanted = np.eye(3)[LOG.arm]
    evaluate(without, wanted, PREDICTED, resamples=100)
    with pytest.raises(NoSupport, match="where its propensity in the log is 0"):
        evaluate(without, wanted, PREDICTED, reference=WORLD.target)


def test_clipping_takes_hold_where_it_is_told():
    free = evaluate(LOG, WORLD.target, PREDICTED, most=1e9, resamples=100)
    tight = evaluate(LOG, WORLD.target, PREDICTED, most=1.0, resamples=100)
    assert free.values["clipped-ips"] == free.values["ips"]
    assert free.values["switch-dr"] == free.values["doubly-robust"]
    assert tight.values["clipped-ips"].quality.value < free.values["ips"].quality.value
    assert (tight.most, evaluate(LOG, WORLD.target, PREDICTED, resamples=100).most) == (
        1.0,
        pytest.approx(300**0.5),
    )


def test_the_bound_lies_below_the_interval():
    found = evaluate(LOG, WORLD.target, PREDICTED, most=4.0)
    assert found.quality_at_least < found.values["clipped-ips"].quality.low
