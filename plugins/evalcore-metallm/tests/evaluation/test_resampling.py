"""The pigeonhole bootstrap over orders and queries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalcore_metallm.evaluation.resampling import Observed, paired, pigeonhole, resampled


def first(means):
    return means[:, 0]


def drawn(rng, units, resamples):
    """How often each unit is drawn, one draw after the other."""
    counts = np.zeros((resamples, units))
    for row, units_of_row in enumerate(rng.integers(units, size=(resamples, units))):
        for unit in units_of_row:
            counts[row, unit] += 1
    return counts


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 6))
def test_equals_the_formula_value_by_value(seed, orders, queries):
    rng = np.random.default_rng(seed)
    seen = rng.random((orders, queries)) < 0.7
    seen[0, 0] = True
    table = rng.random((orders, queries, 2))
    observed = [Observed(10 * np.flatnonzero(s), v[s]) for s, v in zip(seen, table, strict=True)]
    means = pigeonhole(observed, resamples=5, seed=3)

    of_all = table[seen].mean(axis=0)
    assert means.found[0] == pytest.approx(of_all)

    anew = np.random.default_rng(3)
    present = np.flatnonzero(seen.any(axis=0))
    u, v = drawn(anew, orders, 5), drawn(anew, present.size, 5)
    for r in range(5):
        weight = sum(
            u[r, i] * v[r, j] for i in range(orders) for j, q in enumerate(present) if seen[i, q]
        )
        total = sum(
            u[r, i] * v[r, j] * table[i, q]
            for i in range(orders)
            for j, q in enumerate(present)
            if seen[i, q]
        )
        expected = total / weight if weight else np.full(2, np.nan)
        assert means.resampled[r] == pytest.approx(expected, nan_ok=True)


def test_one_order_is_the_bootstrap_over_queries():
    values = np.random.default_rng(1).random((400, 1))
    estimate = resampled(pigeonhole([Observed(np.arange(400), values)], resamples=4000), first)
    margin = 1.96 * values.std() / math.sqrt(400)
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.high - estimate.low == pytest.approx(2 * margin, rel=0.1)
    assert (estimate.n, estimate.clusters) == (1, 400)


def test_orders_that_agree_tell_nothing_more_of_the_queries():
    """Twenty orders with the same outcomes are worth no more than one."""
    values = np.random.default_rng(1).random((400, 1))
    one = resampled(pigeonhole([Observed(np.arange(400), values)], resamples=2000), first)
    many = resampled(pigeonhole([Observed(np.arange(400), values)] * 20, resamples=2000), first)
    assert many.high - many.low == pytest.approx(one.high - one.low, rel=0.1)


def test_the_interval_covers_where_orders_and_queries_both_vary():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        effect = rng.normal(0, 0.2, (12, 1)) + rng.normal(0, 0.5, 60) + rng.normal(0, 0.5, (12, 60))
        rows = [np.sort(rng.choice(60, 30, replace=False)) for _ in range(12)]
        observed = [Observed(r, of[r, None]) for r, of in zip(rows, effect, strict=True)]
        estimate = resampled(pigeonhole(observed, resamples=300), first)
        covered += estimate.low <= 0.0 <= estimate.high
    # Of 200 intervals 190 are expected to cover; by chance alone 176 or fewer, once in ten million.
    assert covered > 176


def test_a_paired_difference_forgets_what_is_hard_for_both():
    rng = np.random.default_rng(2)
    hard = rng.random((300, 1))
    ours = [Observed(np.arange(300), hard + 0.1 + 0.01 * rng.random((300, 1))) for _ in range(5)]
    theirs = [Observed(np.arange(100, 300), hard[100:]) for _ in range(5)]
    both = pigeonhole(paired(ours, theirs))
    difference = resampled(both, lambda means: means[:, 0] - means[:, 1])
    assert both.queries == 200
    assert difference.low == pytest.approx(0.105, abs=0.002)
    assert difference.high == pytest.approx(0.105, abs=0.002)
    alone = resampled(both, first)
    assert alone.high - alone.low > 20 * (difference.high - difference.low)


def test_routers_of_other_numbers_of_orders_are_no_pair():
    one = Observed(np.arange(3), np.ones((3, 1)))
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        paired([one, one], [one])


def test_what_is_undefined_in_some_resamples_has_no_lower_end():
    rng = np.random.default_rng(0)
    means = pigeonhole([Observed(np.arange(50), rng.random((50, 1)))])
    middle = float(means.found[0, 0])

    def defined_above(found):
        return np.where(found[:, 0] >= middle, found[:, 0], np.nan)

    estimate = resampled(means, defined_above)
    assert math.isnan(estimate.low)
    assert estimate.high > middle


def test_the_interval_of_a_rising_function_is_the_function_of_the_interval():
    """So no scale is better than another, and the correction of bias is one of ranks."""
    means = pigeonhole([Observed(np.arange(50), np.random.default_rng(0).random((50, 1)))])
    plain = resampled(means, first)
    risen = resampled(means, lambda found: np.exp(9 * found[:, 0]))
    assert risen.low == pytest.approx(math.exp(9 * plain.low))
    assert risen.high == pytest.approx(math.exp(9 * plain.high))


def test_the_best_of_many_is_not_taken_for_more_than_it_is():
    """Over resamples the best of equals is higher than it was, and higher than it will be."""
    rng = np.random.default_rng(4)
    means = pigeonhole([Observed(np.arange(200), rng.random((200, 20)))], resamples=2000)
    best = resampled(means, lambda found: found.max(axis=1))
    plain = np.quantile(means.resampled.max(axis=1), [0.025, 0.975])
    assert best.low < plain[0]
    assert best.high < plain[1]
    assert best.low < best.value < best.high


def test_the_value_is_in_its_interval_however_far_resamples_are_off():
    means = pigeonhole([Observed(np.arange(50), np.random.default_rng(0).random((50, 1)))])
    middle = float(means.found[0, 0])
    for sign in (-1, 1):
        off = resampled(means, lambda found, sign=sign: sign * np.abs(found[:, 0] - middle))
        assert off.low <= off.value <= off.high


def test_nothing_is_said_of_one_query_or_of_what_is_undefined():
    one = resampled(pigeonhole([Observed(np.array([7]), np.array([[0.5]]))]), first)
    assert one.value == 0.5
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    two = pigeonhole([Observed(np.arange(2), np.ones((2, 1)))])
    never = resampled(two, lambda means: np.full(len(means), np.nan))
    assert math.isnan(never.value)
    assert math.isnan(never.high)


def test_equal_seeds_draw_alike():
    rng = np.random.default_rng(0)
    observed = [Observed(np.arange(40), rng.random((40, 3))) for _ in range(3)]
    assert np.array_equal(pigeonhole(observed).resampled, pigeonhole(observed).resampled)
    assert not np.array_equal(
        pigeonhole(observed).resampled, pigeonhole(observed, seed=1).resampled
    )
