"""The Pareto set, the hull, AIQ and the saving at equal accuracy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore_metallm.evaluation.curve import (
    average_quality,
    concave_hull,
    pareto_set,
    router_hull,
    saving,
)

# Of few values, so that ties and points on one line occur.
POINTS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=12).map(
    lambda points: np.array(points, dtype=np.float64).T
)


def hull_of(*points: tuple[float, float]):
    return concave_hull(*np.array(points, dtype=np.float64).T)


@given(POINTS)
def test_the_pareto_set_is_what_no_point_beats(points):
    cost, quality = points
    beaten = [
        any(
            c <= cost[i] and q >= quality[i] and (c < cost[i] or q > quality[i])
            for c, q in zip(cost, quality, strict=True)
        )
        for i in range(cost.size)
    ]
    kept = pareto_set(cost, quality)
    assert {(cost[i], quality[i]) for i in kept} == {
        (cost[i], quality[i]) for i in range(cost.size) if not beaten[i]
    }
    assert (np.diff(cost[kept]) > 0).all()


@given(POINTS, st.floats(0, 8))
def test_the_hull_is_the_best_mix_of_two_points(points, at):
    """By all mixes of two points that cost no more, which is what a hull is."""
    cost, quality = points
    hull = concave_hull(cost, quality)
    best = -math.inf
    for c0, q0 in zip(cost, quality, strict=True):
        for c1, q1 in zip(cost, quality, strict=True):
            if c0 <= at:
                share = 1.0 if c1 <= at else (at - c0) / (c1 - c0)
                best = max(best, q0 + share * (q1 - q0), q0)
    if at >= cost.min():
        assert np.interp(at, hull.cost, hull.quality) == pytest.approx(best)
    else:
        assert best == -math.inf


@given(POINTS)
def test_the_hull_rises_ever_more_slowly(points):
    hull = concave_hull(*points)
    slopes = np.diff(hull.quality) / np.diff(hull.cost)
    assert (slopes > 0).all()
    assert (np.diff(slopes) < 0).all()
    assert set(zip(*hull, strict=True)) <= set(zip(*points, strict=True))


@given(POINTS, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_points_matters(points, random):
    places = list(range(points.shape[1])) * 2
    random.shuffle(places)
    assert np.array_equal(concave_hull(*points), concave_hull(*points[:, places]))


@given(POINTS, POINTS, st.floats(0.1, 10), st.floats(0.1, 10), st.floats(-5, 5))
def test_aiq_moves_with_the_units(points, single, per_cost, per_quality, shift):
    low, high = single[0].min(), single[0].max()
    plain = average_quality(router_hull(*points, *single), low, high)
    cost, quality = points
    moved = average_quality(
        router_hull(
            cost * per_cost,
            quality * per_quality + shift,
            single[0] * per_cost,
            single[1] * per_quality + shift,
        ),
        low * per_cost,
        high * per_cost,
    )
    assert moved == pytest.approx(plain * per_quality + shift, nan_ok=True)


@given(POINTS, POINTS)
def test_aiq_of_more_points_is_no_lower(points, others):
    low, high = points[0].min(), points[0].max()
    hull = concave_hull(*points)
    more = concave_hull(*np.hstack([points, others]))
    if low < high:
        assert average_quality(more, low, high) >= average_quality(hull, low, high) - 1e-12


def test_aiq_of_points_by_hand():
    # From (0, 0) by (1, 0.5) to (3, 0.7): areas 0.25 and 1.2 over a width of 3; (2, 0.55) is below.
    hull = hull_of((0, 0), (3, 0.7), (2, 0.55), (1, 0.5))
    assert average_quality(hull, 0, 3) == pytest.approx((0.25 + 1.2) / 3)
    assert average_quality(hull, 0.5, 1) == pytest.approx(0.375)
    # Beyond the last corner it is flat.
    assert average_quality(hull, 3, 5) == pytest.approx(0.7)
    assert average_quality(hull, 1, 5) == pytest.approx((1.2 + 1.4) / 4)


def test_aiq_of_two_models_alone_is_their_mean():
    single = np.array([0.7, 11.7]), np.array([0.68, 0.81])
    assert average_quality(concave_hull(*single), 0.7, 11.7) == pytest.approx((0.68 + 0.81) / 2)


def test_aiq_is_unknown_without_a_width_and_before_the_hull_begins():
    assert math.isnan(average_quality(hull_of((1, 0.5)), 1, 1))
    assert math.isnan(average_quality(hull_of((1, 0.5)), 0, 2))


def test_a_router_is_granted_the_cheapest_model():
    single = np.array([1.0, 1.0, 4.0]), np.array([0.2, 0.4, 0.6])
    hull = router_hull(np.array([3.0]), np.array([0.8]), *single)
    assert hull.cost.tolist() == [1.0, 3.0]
    assert hull.quality.tolist() == [0.4, 0.8]


def test_saving_by_hand():
    hull = hull_of((1, 0.5), (3, 0.7), (8, 0.8))
    assert saving(hull, 8, 0.6) == pytest.approx(1 - 2 / 8)
    assert saving(hull, 8, 0.8) == pytest.approx(0)
    assert saving(hull, 4, 0.75) == pytest.approx(1 - 5.5 / 4)


def test_saving_where_the_cheapest_is_already_as_good():
    assert saving(hull_of((1, 0.5), (3, 0.7)), 5, 0.4) == pytest.approx(0.8)


def test_saving_is_unknown_where_the_quality_is_never_reached():
    assert math.isnan(saving(hull_of((1, 0.5), (3, 0.7)), 5, 0.71))
    assert math.isnan(saving(hull_of((0, 0.5)), 0, 0.4))
