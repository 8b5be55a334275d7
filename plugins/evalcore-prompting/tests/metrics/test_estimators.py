from __future__ import annotations

from fractions import Fraction
from math import comb
from operator import mul

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evalcore_prompting.metrics.estimators import pass_at_k, pass_n_at_k


def exact_pass_at_k(attempts: int, right: int, k: int) -> Fraction:
    return 1 - Fraction(comb(attempts - right, k), comb(attempts, k))


def exact_pass_n_at_k(attempts: int, public: int, right: int, n: int, k: int) -> Fraction:
    """With fewer than n candidates all are submitted, otherwise n of them."""
    fewer = [
        Fraction(comb(public, x) * comb(attempts - public, k - x), comb(attempts, k))
        for x in range(min(n, k + 1))
    ]
    solved = [exact_pass_at_k(public, right, min(x, public)) for x in range(n + 1)]
    return sum(map(mul, fewer, solved), start=(1 - sum(fewer)) * solved[n])


@st.composite
def tallies(draw, most: int = 60):
    """Attempts, those that pass the public tests, those that are right, and a k."""
    attempts = draw(st.integers(1, most))
    public = draw(st.integers(0, attempts))
    return attempts, public, draw(st.integers(0, public)), draw(st.integers(1, attempts))


class TestPassAtK:
    @pytest.mark.parametrize(
        ("attempts", "right", "k", "expected"),
        [(200, 20, 3, 0.272225), (20, 0, 5, 0), (5, 5, 1, 1), (10, 3, 8, 1), (10, 1, 10, 1)],
    )
    def test_known_values(self, attempts, right, k, expected):
        assert pass_at_k(attempts, right, k) == pytest.approx(expected, abs=1e-6)

    @given(tallies(most=400))
    def test_is_the_formula(self, tally):
        attempts, _, right, k = tally
        assert abs(pass_at_k(attempts, right, k) - exact_pass_at_k(attempts, right, k)) < 1e-12

    @pytest.mark.parametrize("right", [0, 1, 7, 5_000, 9_999, 10_000])
    @pytest.mark.parametrize("k", [1, 10, 5_000, 9_999, 10_000])
    def test_ten_thousand_attempts(self, right, k):
        assert abs(pass_at_k(10_000, right, k) - exact_pass_at_k(10_000, right, k)) < 1e-12

    @given(tallies())
    def test_more_attempts_or_more_right_ones_never_lower_it(self, tally):
        attempts, _, right, k = tally
        here = pass_at_k(attempts, right, k)
        assert 0 <= here <= 1
        if k < attempts:
            assert pass_at_k(attempts, right, k + 1) >= here - 1e-12
        if right < attempts:
            assert pass_at_k(attempts, right + 1, k) >= here - 1e-12

    @pytest.mark.parametrize(
        ("attempts", "right", "k"), [(5, 1, 6), (5, 6, 1), (5, -1, 1), (5, 1, 0)]
    )
    def test_counts_that_do_not_fit(self, attempts, right, k):
        with pytest.raises(ValueError, match=f"right={right} attempts={attempts} k={k}"):
            pass_at_k(attempts, right, k)


class TestPassNAtK:
    @pytest.mark.parametrize(
        ("tally", "expected"),
        [
            ((200, 60, 20, 1, 3), 0.219740),
            ((200, 60, 20, 10, 100), 0.988757),
            ((200, 5, 1, 10, 100), 0.5),
            ((50, 10, 10, 1, 3), 0.495918),
            ((50, 0, 0, 1, 3), 0.0),
            ((50, 50, 50, 1, 3), 1.0),
        ],
    )
    def test_known_values(self, tally, expected):
        assert pass_n_at_k(*tally) == pytest.approx(expected, abs=1e-6)

    @given(tallies(), st.integers(1, 60))
    def test_is_the_formula(self, tally, n):
        attempts, public, right, k = tally
        expected = exact_pass_n_at_k(attempts, public, right, n, k)
        assert abs(pass_n_at_k(attempts, public, right, n, k) - expected) < 1e-12

    @given(tallies(most=10_000))
    def test_of_k_submissions_is_pass_at_k(self, tally):
        attempts, public, right, k = tally
        here = pass_n_at_k(attempts, public, right, k, k)
        assert abs(here - pass_at_k(attempts, right, k)) < 1e-12

    @pytest.mark.parametrize("counts", [(9_000, 1), (6_000, 3_000), (10_000, 10), (40, 1)])
    @pytest.mark.parametrize(("n", "k"), [(1, 10_000), (10, 1_000), (300, 5_000), (1, 1)])
    def test_ten_thousand_attempts(self, counts, n, k):
        here = pass_n_at_k(10_000, *counts, n, k)
        assert abs(here - exact_pass_n_at_k(10_000, *counts, n, k)) < 1e-12

    @pytest.mark.parametrize("tally", [(40, 12, 3, 2, 10), (30, 25, 4, 5, 20), (12, 3, 1, 4, 6)])
    def test_is_what_drawing_finds(self, tally):
        attempts, public, right, n, k = tally
        rng = np.random.default_rng(1)
        runs = 200_000
        candidates = rng.hypergeometric(public, attempts - public, k, size=runs)
        hits = rng.hypergeometric(right, public - right, np.minimum(candidates, n))
        error = 5 * 0.5 / runs**0.5
        assert abs(np.mean(hits > 0) - pass_n_at_k(*tally)) < error

    @pytest.mark.parametrize("tally", [(12, 5, 2, 2, 4), (9, 9, 1, 3, 5)])
    def test_is_what_playing_it_through_finds(self, tally):
        attempts, public, right, n, k = tally
        rng = np.random.default_rng(2)
        runs = 20_000
        drawn = np.argsort(rng.random((runs, attempts)), axis=1)[:, :k]
        order = np.argsort(np.where(drawn < public, rng.random(drawn.shape), 2), axis=1)[:, :n]
        solved = (np.take_along_axis(drawn, order, axis=1) < right).any(axis=1)
        assert abs(solved.mean() - pass_n_at_k(*tally)) < 5 * 0.5 / runs**0.5

    @given(tallies(), st.integers(1, 60))
    def test_more_submissions_never_lower_it(self, tally, n):
        here, more = (pass_n_at_k(*tally[:3], count, tally[3]) for count in (n, n + 1))
        assert -1e-12 <= here <= more + 1e-12 <= 1 + 2e-12

    @given(tallies(), st.integers(1, 60))
    def test_more_samples_never_lower_it(self, tally, n):
        attempts, public, right, k = tally
        assume(k < attempts)
        here, more = (pass_n_at_k(attempts, public, right, n, count) for count in (k, k + 1))
        assert here <= more + 1e-12

    @given(tallies(), st.integers(1, 60))
    def test_the_public_tests_never_mislead(self, tally, n):
        """To choose by them is at least as good as n attempts, and no better than all k."""
        attempts, public, right, k = tally
        here = pass_n_at_k(attempts, public, right, n, k)
        assert here >= pass_at_k(attempts, right, min(n, k)) - 1e-12
        assert here <= pass_at_k(attempts, right, k) + 1e-12

    @pytest.mark.parametrize(
        "tally", [(5, 3, 1, 1, 6), (5, 6, 1, 1, 2), (5, 1, 2, 1, 2), (5, 3, 1, 0, 2)]
    )
    def test_counts_that_do_not_fit(self, tally):
        with pytest.raises(ValueError, match="expected 0 <= right <= public <= attempts"):
            pass_n_at_k(*tally)
