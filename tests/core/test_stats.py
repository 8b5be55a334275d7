from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from evalcore import stats
from evalcore.stats import Estimate, bootstrap, mean, paired_difference, proportion

finite = st.floats(-1e6, 1e6, allow_nan=False, width=32)


@st.composite
def clustered(draw, elements=finite, min_clusters=2):
    """Values with the codes of their clusters, each cluster with at least one value."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=min_clusters, max_size=12))
    codes = np.repeat(np.arange(len(sizes)), sizes)
    values = draw(st.lists(elements, min_size=len(codes), max_size=len(codes)))
    return np.array(values, dtype=float), codes


def close(left: Estimate, right: Estimate, scale: float = 1.0) -> bool:
    """Whether two estimates agree but for rounding, for values of this magnitude."""
    ends = [(left.value, right.value), (left.low, right.low), (left.high, right.high)]
    counts = (left.n, left.clusters) == (right.n, right.clusters)
    return counts and np.allclose(*zip(*ends, strict=True), rtol=1e-7, atol=1e-7 * max(1, scale))


def weighted_mean(values, weights):
    return (weights @ values) / weights.sum(axis=1)


class TestStudent:
    @pytest.mark.parametrize("confidence", [0.05, 0.5, 0.9, 0.95, 0.99, 0.9999])
    def test_quantile_agrees_with_scipy(self, confidence):
        for freedom in [*range(1, 250), 1_000, 100_000, 10_000_000]:
            expected = scipy.stats.t.ppf((1 + confidence) / 2, freedom)
            assert stats._t_quantile(confidence, freedom) == pytest.approx(expected, rel=1e-8)

    @given(st.floats(0.01, 0.9999), st.integers(1, 5_000))
    def test_quantile_inverts_scipys_distribution(self, confidence, freedom):
        t = stats._t_quantile(confidence, freedom)
        assert 2 * scipy.stats.t.cdf(t, freedom) - 1 == pytest.approx(confidence, abs=1e-9)


class TestMean:
    def test_of_independent_values_is_students_interval(self):
        values = [0.2, 0.9, 0.4, 0.7, 0.1]
        expected = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.9)
        estimate = mean(values, confidence=0.9)
        assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high))
        assert (estimate.value, estimate.n, estimate.clusters) == (pytest.approx(0.46), 5, 5)

    def test_of_clusters_follows_the_formula(self):
        values, codes = [1.0, 0.0, 1.0, 1.0, 0.0], [0, 0, 1, 1, 2]
        totals = [1 - 2 * 0.6, 2 - 2 * 0.6, 0 - 0.6]
        error = math.sqrt(3 / 2 * sum(total**2 for total in totals)) / 5
        margin = scipy.stats.t.ppf(0.975, 2) * error
        expected = Estimate(0.6, 0.6 - margin, 0.6 + margin, n=5, clusters=3)
        assert close(mean(values, codes), expected)

    def test_of_nothing_is_unknown(self):
        estimate = mean([])
        assert np.isnan([estimate.value, estimate.low, estimate.high]).all()
        assert (estimate.n, estimate.clusters) == (0, 0)

    @pytest.mark.parametrize(("values", "codes"), [([3.0], None), ([2.0, 4.0], [5, 5])])
    def test_of_one_cluster_has_no_interval(self, values, codes):
        estimate = mean(values, codes)
        assert (estimate.value, estimate.clusters) == (3.0, 1)
        assert math.isnan(estimate.low)
        assert math.isnan(estimate.high)

    def test_a_code_without_values_is_no_cluster(self):
        assert mean([1.0, 2.0, 3.0], [0, 7, 7]) == mean([1.0, 2.0, 3.0], [0, 1, 1])

    @given(clustered(), st.randoms(use_true_random=False))
    def test_ignores_the_order_of_values(self, data, random):
        values, codes = data
        order = random.sample(range(len(values)), len(values))
        assert close(mean(values[order], codes[order]), mean(values, codes), 1e6)

    @given(st.lists(finite, min_size=2, max_size=30))
    def test_distinct_clusters_are_independent_values(self, values):
        assert close(mean(values, np.arange(len(values))[::-1]), mean(values), 1e6)

    @given(clustered(), st.integers(2, 5))
    def test_copies_within_a_cluster_add_no_certainty(self, data, copies):
        values, codes = data
        repeated = mean(np.repeat(values, copies), np.repeat(codes, copies))
        once = mean(values, codes)
        assert np.allclose([repeated.low, repeated.high], [once.low, once.high], atol=0.1)
        assert repeated.n == copies * once.n

    @given(st.lists(finite, min_size=3, max_size=20, unique=True), st.integers(2, 5))
    def test_copies_taken_for_independent_would_be_overconfident(self, values, copies):
        values = np.repeat(values, copies)
        codes = np.repeat(np.arange(len(values) // copies), copies)
        honest, naive = mean(values, codes), mean(values)
        assert honest.high - honest.low > naive.high - naive.low

    @given(clustered(), st.floats(0.125, 8), st.floats(-1e3, 1e3))
    def test_follows_scale_and_shift(self, data, scale, shift):
        values, codes = data
        moved, still = mean(scale * values + shift, codes), mean(values, codes)
        expected = [scale * end + shift for end in (still.value, still.low, still.high)]
        assert np.allclose([moved.value, moved.low, moved.high], expected, atol=1.0)

    def test_interval_covers_the_truth_as_often_as_it_says(self):
        rng = np.random.default_rng(0)
        hits = 0
        for _ in range(600):
            codes = np.repeat(np.arange(15), rng.integers(1, 6, 15))
            values = rng.normal(size=15)[codes] + rng.normal(size=codes.size)
            estimate = mean(values, codes, confidence=0.9)
            hits += estimate.low <= 0 <= estimate.high
        assert 0.86 <= hits / 600 <= 0.94

    def test_holds_little_memory_for_a_million_values(self):
        values = np.random.default_rng(0).random(1_000_000)
        codes = np.arange(1_000_000) % 100_000
        tracemalloc.start()
        estimate = mean(values, codes)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert estimate.clusters == 100_000
        assert peak < 32 * 2**20


class TestProportion:
    @pytest.mark.parametrize(("ones", "n"), [(0, 10), (3, 10), (10, 10), (417, 1000)])
    def test_of_independent_values_is_wilsons_interval(self, ones, n):
        expected = scipy.stats.binomtest(ones, n).proportion_ci(method="wilson")
        estimate = proportion([1] * ones + [0] * (n - ones))
        assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high))
        assert (estimate.value, estimate.n) == (ones / n, n)

    @pytest.mark.parametrize("value", [0, 1])
    def test_of_values_that_all_agree_rests_on_the_clusters(self, value):
        codes = np.repeat(np.arange(10), 20)
        clustered, samples = proportion([value] * 200, codes), proportion([value] * 10)
        assert clustered.value == value
        assert value in (clustered.low, clustered.high)
        width = clustered.high - clustered.low
        assert samples.high - samples.low <= width < 1.5 * (samples.high - samples.low)

    def test_of_attempts_that_always_agree_is_about_that_of_the_samples(self):
        samples = np.array([1, 0, 0, 1, 1, 0, 1, 1] * 10)
        estimate, alone = (
            proportion(np.repeat(samples, 5), np.arange(400) // 5),
            proportion(samples),
        )
        assert (estimate.low, estimate.high) == pytest.approx((alone.low, alone.high), abs=0.003)

    @pytest.mark.parametrize(("values", "codes"), [([1], None), ([1, 0], [0, 0]), ([], None)])
    def test_below_two_clusters_has_no_interval(self, values, codes):
        estimate = proportion(values, codes)
        assert math.isnan(estimate.low)
        assert math.isnan(estimate.high)

    def test_of_graded_values_points_to_the_mean(self):
        with pytest.raises(ValueError, match=r"found 0\.5: use `mean`"):
            proportion([0, 1, 0.5])

    @given(clustered(st.sampled_from([0.0, 1.0])), st.floats(0.5, 0.999))
    def test_stays_within_0_and_1_and_holds_the_value(self, data, confidence):
        estimate = proportion(*data, confidence=confidence)
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
        assert estimate.low < estimate.high

    @given(clustered(st.sampled_from([0.0, 1.0])))
    def test_clusters_never_narrow_it(self, data):
        values, codes = data
        honest, naive = proportion(values, codes), proportion(values)
        assert honest.high - honest.low >= naive.high - naive.low - 1e-12

    @given(clustered(st.sampled_from([0.0, 1.0])))
    def test_ones_and_zeros_mirror_each_other(self, data):
        values, codes = data
        ones, zeros = proportion(values, codes), proportion(1 - values, codes)
        assert (ones.low, ones.high) == pytest.approx((1 - zeros.high, 1 - zeros.low))

    @given(st.lists(st.booleans(), min_size=2, max_size=30), st.randoms(use_true_random=False))
    def test_distinct_clusters_are_independent_values(self, values, random):
        codes = random.sample(range(len(values)), len(values))
        assert proportion(values, codes) == proportion(values)

    @pytest.mark.parametrize("share", [0.05, 0.5])
    def test_interval_covers_the_truth_as_often_as_it_says(self, share):
        rng = np.random.default_rng(1)
        hits = 0
        for _ in range(600):
            difficulty = rng.beta(4 * share, 4 * (1 - share), 60)
            values = rng.random((60, 4)) < difficulty[:, np.newaxis]
            estimate = proportion(values.ravel(), np.repeat(np.arange(60), 4))
            hits += estimate.low <= share <= estimate.high
        assert 0.92 <= hits / 600 <= 0.985


class TestBootstrap:
    def test_of_a_mean_agrees_with_its_closed_form(self):
        rng = np.random.default_rng(2)
        codes = np.repeat(np.arange(200), 3)
        values = rng.normal(size=200)[codes] + rng.normal(size=600)
        resampled, exact = bootstrap(weighted_mean, values, codes), mean(values, codes)
        assert resampled.value == pytest.approx(exact.value)
        width = exact.high - exact.low
        assert abs(resampled.low - exact.low) < 0.05 * width
        assert abs(resampled.high - exact.high) < 0.05 * width

    def test_of_a_ratio_of_totals(self):
        columns = np.array([[3.0, 1.0], [5.0, 2.0], [1.0, 1.0], [9.0, 2.0]])
        estimate = bootstrap(lambda v, w: (w @ v[:, 0]) / (w @ v[:, 1]), columns)
        assert estimate.value == 3.0
        assert 1.0 < estimate.low < 3.0 < estimate.high < 4.5

    def test_a_cluster_comes_with_all_of_its_values(self):
        codes = np.array([0, 1, 0, 2, 1, 0])

        def whole(values, weights):
            for code in range(3):
                of_cluster = weights[:, codes == code]
                assert (of_cluster == of_cluster[:, :1]).all()
            return weighted_mean(values, weights)

        assert bootstrap(whole, np.arange(6.0), codes).clusters == 3

    def test_each_resample_draws_as_many_clusters_as_there_are(self):
        estimate = bootstrap(lambda _, weights: weights.sum(axis=1), np.arange(7.0))
        assert (estimate.value, estimate.low, estimate.high) == (7, 7, 7)

    def test_depends_on_the_seed_alone(self):
        values = np.random.default_rng(0).random(50)
        again = [bootstrap(weighted_mean, values, resamples=99, seed=seed) for seed in (1, 1, 2)]
        assert again[0] == again[1] != again[2]

    @given(clustered(), st.randoms(use_true_random=False))
    def test_ignores_the_order_of_values_in_clusters(self, data, random):
        values, codes = data
        order = random.sample(range(len(values)), len(values))
        shuffled = bootstrap(weighted_mean, values[order], codes[order], resamples=50)
        assert close(shuffled, bootstrap(weighted_mean, values, codes, resamples=50), 1e6)

    def test_works_in_blocks_of_bounded_memory(self, monkeypatch):
        monkeypatch.setattr(stats, "_BLOCK", 40)
        seen = []

        def statistic(values, weights):
            seen.append(len(weights))
            return weighted_mean(values, weights)

        bootstrap(statistic, np.arange(10.0), resamples=10)
        assert seen == [1, 4, 4, 2]

    def test_a_resample_without_a_value_leaves_the_interval_unknown(self):
        columns = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
        estimate = bootstrap(lambda v, w: (w @ v[:, 1]) / (w @ (v[:, 1] > 0)), columns)
        assert estimate.value == 1.0
        assert math.isnan(estimate.low)

    @pytest.mark.parametrize(("values", "codes"), [([], None), ([2.0], None), ([1, 3], [0, 0])])
    def test_below_two_clusters_has_no_interval(self, values, codes):
        estimate = bootstrap(weighted_mean, values, codes)
        assert estimate.value == 2.0 or not values
        assert math.isnan(estimate.low)
        assert math.isnan(estimate.high)

    def test_a_statistic_of_another_shape_is_told(self):
        with pytest.raises(ValueError, match=r"returned shape \(\).*expected one number for each"):
            bootstrap(lambda v, w: (w @ v).sum(), [1.0, 2.0])

    def test_no_resamples_is_an_error(self):
        with pytest.raises(ValueError, match="at least one resample, found 0"):
            bootstrap(weighted_mean, [1.0, 2.0], resamples=0)


class TestPairedDifference:
    def test_pairs_the_means_of_common_samples(self):
        difference = paired_difference(
            [1.0, 0.0, 1.0, 1.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            ["p1", "p1", "p2", "p3", "p9"],
            ["p3", "p2", "p1", "p7"],
        )
        expected = scipy.stats.ttest_1samp([0.5, 0.0, 1.0], 0).confidence_interval()
        assert (difference.low, difference.high) == pytest.approx((expected.low, expected.high))
        assert (difference.value, difference.n, difference.clusters) == (0.5, 7, 3)
        assert (difference.only_a, difference.only_b) == (1, 1)

    def test_without_common_samples_is_unknown(self):
        difference = paired_difference([1.0], [0.0, 1.0], [1], [2, 3])
        assert np.isnan([difference.value, difference.low, difference.high]).all()
        assert (difference.clusters, difference.only_a, difference.only_b) == (0, 1, 2)

    def test_of_one_common_sample_has_no_interval(self):
        difference = paired_difference([1.0, 1.0], [0.0], [1, 2], [1])
        assert difference.value == 1.0
        assert math.isnan(difference.low)

    @pytest.mark.parametrize("apart", [0.0, 0.5])
    def test_has_no_interval_where_all_samples_differ_by_the_same(self, apart):
        b = np.array([0.1, 0.2, 0.7])
        difference = paired_difference(b + apart, b, [1, 2, 3], [1, 2, 3])
        assert difference.value == pytest.approx(apart)
        assert math.isnan(difference.low)
        assert math.isnan(difference.high)

    def test_cancels_what_is_hard_for_both(self):
        rng = np.random.default_rng(3)
        difficulty = 10 * rng.normal(size=100)
        a, b = difficulty + rng.normal(size=100), difficulty + rng.normal(size=100)
        paired, alone = paired_difference(a, b, np.arange(100), np.arange(100)), mean(a)
        assert paired.high - paired.low < (alone.high - alone.low) / 3

    @given(clustered(), clustered())
    def test_swapping_the_sides_changes_the_sign(self, left, right):
        (a, names_a), (b, names_b) = left, right
        there = paired_difference(a, b, names_a, names_b)
        back = paired_difference(b, a, names_b, names_a)
        assert np.allclose([there.value, there.low], [-back.value, -back.high], equal_nan=True)
        assert (there.only_a, there.only_b) == (back.only_b, back.only_a)

    @given(clustered())
    def test_of_a_side_with_itself_is_zero(self, data):
        values, names = data
        difference = paired_difference(values, values, names, names)
        assert difference.value == 0
        assert np.isnan([difference.low, difference.high]).all()

    def test_a_sample_for_each_value(self):
        with pytest.raises(ValueError, match=r"each of the 2 values has one sample"):
            paired_difference([1.0, 2.0], [1.0], [1], [1])


class TestInput:
    @pytest.mark.parametrize("estimator", [mean, proportion])
    def test_missing_values_are_told_with_advice(self, estimator):
        with pytest.raises(ValueError, match=r"1 of 3 values are not finite, the first \(nan\) at"):
            estimator([0.0, math.nan, 1.0])

    def test_infinite_values_are_told_by_row(self):
        with pytest.raises(ValueError, match=r"1 of 4 values .* \(inf\) at index 1: leave out"):
            bootstrap(weighted_mean, [[0.0, 1.0], [math.inf, 1.0]])

    @pytest.mark.parametrize(
        ("codes", "told"),
        [
            ([0], r"each of the 2 values has one cluster"),
            ([0.0, 1.0], r"integer codes from 0, found float64: number them"),
            ([0, -1], r"integer codes from 0, found -1"),
        ],
    )
    def test_clusters_that_do_not_fit(self, codes, told):
        with pytest.raises(ValueError, match=told):
            mean([1.0, 2.0], codes)

    @pytest.mark.parametrize("confidence", [0, 1, 95])
    def test_confidence_is_a_probability(self, confidence):
        with pytest.raises(ValueError, match=r"between 0 and 1, such as 0\.95; found"):
            mean([1.0, 2.0], confidence=confidence)

    def test_values_are_one_dimensional(self):
        with pytest.raises(ValueError, match=r"values are 1-dimensional, found shape \(1, 2\)"):
            mean([[1.0, 2.0]])
