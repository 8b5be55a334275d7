"""The bootstrap of totals, and the bound."""

from __future__ import annotations

import numpy as np
import pytest

from evalcore.stats import bootstrap
from evalcore_metallm.off_policy.intervals import (
    empirical_bernstein,
    percentiles,
    resampled_totals,
    totals_of_groups,
)


def test_it_is_the_bootstrap_of_the_core_for_many_totals_at_once():
    rng = np.random.default_rng(0)
    values = rng.random((200, 2))
    totals = resampled_totals(values, 1000, seed=4)
    low, high = percentiles(totals[:, 0] / totals[:, 1], 0.9)
    core = bootstrap(
        lambda v, w: (w @ v[:, 0]) / (w @ v[:, 1]), values, resamples=1000, confidence=0.9, seed=4
    )
    assert (low, high) == (pytest.approx(core.low, rel=1e-9), pytest.approx(core.high, rel=1e-9))


def test_blocks_do_not_change_the_law_of_draws(monkeypatch):
    values = np.random.default_rng(1).random((50, 1))
    monkeypatch.setattr("evalcore_metallm.off_policy.intervals._BLOCK", 120)
    drawn = resampled_totals(values, 4001, seed=0)
    assert drawn.shape == (4001, 1)
    assert drawn.mean() == pytest.approx(values.sum(), rel=0.005)
    assert drawn.std() == pytest.approx(values.std() * 50**0.5, rel=0.05)


def test_columns_see_the_same_draws():
    column = np.random.default_rng(1).random(30)
    drawn = resampled_totals(np.column_stack([column, 2 * column, np.ones(30)]), 100, seed=0)
    np.testing.assert_allclose(drawn[:, 1], 2 * drawn[:, 0])
    assert (drawn[:, 2] == 30).all()


def test_totals_of_groups():
    values = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    assert totals_of_groups(values, None) is values
    assert totals_of_groups(values, np.array([7, 3, 7])).tolist() == [[2.0, 20.0], [5.0, 50.0]]


def test_an_interval_is_unknown_where_a_resample_has_no_value():
    low, high = percentiles(np.array([[1.0, 1.0], [np.nan, 2.0], [3.0, 3.0]]), 0.5)
    assert np.isnan([low[0], high[0]]).all()
    assert (low[1], high[1]) == (1.5, 2.5)


def test_bernstein_by_hand():
    values = np.array([0.0, 1.0, 1.0, 2.0])
    log = np.log(2 / 0.05)
    assert empirical_bernstein(values, 2.0, 0.95) == pytest.approx(
        np.sqrt(2 * (2 / 3) * log / 4) + 7 * 2 * log / (3 * 3)
    )


def test_bernstein_holds_for_values_so_rare_that_no_bootstrap_sees_them():
    rng = np.random.default_rng(2)
    missed = 0
    for _ in range(500):
        values = 10.0 * (rng.random(100) < 0.02)
        missed += values.mean() - empirical_bernstein(values, 10.0, 0.95) > 0.2
    assert missed / 500 <= 0.05
