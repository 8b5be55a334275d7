"""Estimates with their uncertainty, for values that come in clusters.

Several attempts at one sample are not independent of each other: they form a cluster, and the
interval of an estimate rests on the number of clusters more than on the number of values. A
cluster is named by an integer code from 0; a code that no value carries is no cluster. Without
codes every value stands for itself.

What is too little to estimate from is never hidden behind a number:

| values | value | low and high |
|---|---|---|
| none | nan | nan |
| one cluster (or one value) | the estimate | nan: nothing tells how far another cluster would lie |
| two clusters or more | the estimate | the interval |
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

__all__ = ["Difference", "Estimate", "bootstrap", "mean", "paired_difference", "proportion"]

#: Weights that `bootstrap` holds at a time: 2 MiB of them, which stay in the processor's cache.
_BLOCK = 2**18

#: Differences that differ by less are equal but for rounding.
_ROUNDING = 1e-12

#: From this many degrees of freedom on, the expansion of Student's quantile is exact to 1e-9.
_MANY = 200


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and how sure it is.

    Attributes:
        value: The estimate; nan when there are no values.
        low: Lower end of its confidence interval; nan when it is unknown.
        high: Upper end of its confidence interval; nan when it is unknown.
        n: Number of values behind it.
        clusters: Number of independent units among them.
        axis: What it is a function of, where a metric measures a curve: `attempts`.
        at: Where on this axis it lies; the estimates of a metric with one axis are one curve.
        of: What it is the value of, where the metric's name does not say: `accuracy`, `km`.
    """

    value: float
    low: float
    high: float
    n: int
    clusters: int
    axis: str = field(default="", kw_only=True)
    at: float | None = field(default=None, kw_only=True)
    of: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class Difference(Estimate):
    """A paired difference, and what could not be paired.

    Attributes:
        only_a: Number of samples that only the first side has; they do not count.
        only_b: Number of samples that only the second side has; they do not count.
    """

    only_a: int
    only_b: int


def mean(
    values: ArrayLike, clusters: ArrayLike | None = None, *, confidence: float = 0.95
) -> Estimate:
    """The mean of the values, with a cluster-robust interval.

    The squared standard error is `G / (G - 1) * sum_g (sum_i r_gi)**2 / n**2`, where `r_gi` is
    the residual of value `i` of cluster `g`, and `G` the number of clusters: the clustered
    standard error of Miller (2024), "Adding Error Bars to Evals", arXiv:2411.00640, with the
    usual correction for few clusters (Cameron and Miller 2015, "A Practitioner's Guide to
    Cluster-Robust Inference"). When every value is its own cluster, this is the textbook
    `s / sqrt(n)`. The interval is Student's, with `G - 1` degrees of freedom.

    Args:
        values: Finite numbers, shape (n,).
        clusters: Integer codes from 0, shape (n,).
        confidence: Probability that the interval should cover the true mean.

    Raises:
        ValueError: If a value is not finite, or shapes, codes or confidence do not fit.
    """
    x, codes = _checked(values, clusters, confidence)
    return _mean(x, codes, confidence)


def proportion(
    values: ArrayLike, clusters: ArrayLike | None = None, *, confidence: float = 0.95
) -> Estimate:
    """The share of ones among zeros and ones, with Wilson's score interval.

    Clusters enter through the effective number of values: `n` over the design effect (the
    cluster-robust variance over that of independent values, taken as at least 1), scaled for
    few clusters by the squared ratio of Student's quantiles with `n - 1` and `G - 1` degrees of
    freedom (Korn and Graubard 1998, "Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data"). Where all values agree, the design
    effect cannot be seen, and the values of a cluster are assumed to always agree.

    The interval stays within [0, 1], and has a width even at 0 of n and n of n.

    Args:
        values: Zeros and ones (or booleans), shape (n,).
        clusters: Integer codes from 0, shape (n,).
        confidence: Probability that the interval should cover the true share.

    Raises:
        ValueError: If a value is neither 0 nor 1, or shapes, codes or confidence do not fit.
    """
    x, codes = _checked(values, clusters, confidence)
    if not np.isin(x, (0.0, 1.0)).all():
        found = x[~np.isin(x, (0.0, 1.0))][0]
        msg = f"a proportion is of values 0 and 1, found {found:g}: use `mean` for graded values"
        raise ValueError(msg)
    sizes = _sizes(codes, x.size)
    share = float(x.mean()) if x.size else math.nan
    if sizes.size < 2:
        return Estimate(share, math.nan, math.nan, x.size, sizes.size)
    low, high = _wilson(share, _effective_n(x, codes, sizes, confidence), confidence)
    return Estimate(share, low, high, x.size, sizes.size)


def bootstrap(
    statistic: Callable[[Floats, Floats], Floats],
    values: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    resamples: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Any statistic of the values, with the percentile interval of the cluster bootstrap.

    A resample draws as many clusters as there are, with replacement, and each comes with all of
    its values. It is handed to the statistic as weights: how many times each value was drawn.
    Weights make many resamples one matrix product, at a cost that grows with `resamples * n`:
    where the statistic allows it, hand in one value for each cluster. A ratio of totals is

        bootstrap(lambda v, w: (w @ v[:, 0]) / (w @ v[:, 1]), np.column_stack([cost, solved]))

    Args:
        statistic: Takes the values as given and weights of shape (resamples, n); returns one
            number for each resample, shape (resamples,). It is called for a block of resamples
            at a time, so that the weights take 32 MiB, or one resample where that is more.
        values: Finite numbers, shape (n,) or (n, columns).
        clusters: Integer codes from 0, shape (n,).
        resamples: Number of resamples.
        confidence: Probability that the interval should cover the true statistic.
        seed: Seed of the resamples.

    Returns:
        The statistic of the values. Its interval is unknown where the statistic of a resample
        is not a number.

    Raises:
        ValueError: If a value is not finite, the statistic returns another shape, or shapes,
            codes, confidence or resamples do not fit.
    """
    if resamples < 1:
        msg = f"a bootstrap takes at least one resample, found {resamples}"
        raise ValueError(msg)
    x, codes = _checked(values, clusters, confidence, dimensions=(1, 2))
    n = len(x)
    unit = np.arange(n) if codes is None else np.unique(codes, return_inverse=True)[1]
    units = int(unit.max()) + 1 if n else 0
    value = float(_apply(statistic, x, np.ones((1, n)))[0]) if n else math.nan
    if units < 2:
        return Estimate(value, math.nan, math.nan, n, units)
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK // n)
    drawn = [
        _apply(statistic, x, _draw(rng, units, min(block, resamples - start))[:, unit])
        for start in range(0, resamples, block)
    ]
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(drawn), [tail, 1 - tail])
    return Estimate(value, float(low), float(high), n, units)


def paired_difference(
    a: ArrayLike,
    b: ArrayLike,
    samples_a: ArrayLike,
    samples_b: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Difference:
    """How much higher `a` is than `b`, on the mean, over the samples that both have.

    The attempts at one sample are averaged on each side, and the interval is that of the mean of
    the differences between these averages: what makes a sample hard for both sides cancels, and
    the interval is narrower than those of the sides suggest.

    Args:
        a: Finite numbers of the first side, shape (n,).
        b: Finite numbers of the second side, shape (m,).
        samples_a: The sample of each value of `a`: its number or its name, shape (n,).
        samples_b: The sample of each value of `b`, in the same terms, shape (m,).
        confidence: Probability that the interval should cover the true difference.

    Returns:
        The mean of a - b over common samples. `n` counts the values of both sides that it rests
        on, `clusters` the common samples. Where the two sides differ by the same at each of them
        the interval is unknown: nothing tells how far another sample would lie.

    Raises:
        ValueError: If a value is not finite, or shapes or confidence do not fit.
    """
    names_a, means_a, sizes_a = _by_sample(a, samples_a, confidence)
    names_b, means_b, sizes_b = _by_sample(b, samples_b, confidence)
    common, in_a, in_b = np.intersect1d(names_a, names_b, assume_unique=True, return_indices=True)
    differences = means_a[in_a] - means_b[in_b]
    estimate = _mean(differences, None, confidence)
    if differences.size and np.ptp(differences) < _ROUNDING:
        estimate = replace(estimate, low=math.nan, high=math.nan)
    return Difference(
        estimate.value,
        estimate.low,
        estimate.high,
        n=int(sizes_a[in_a].sum() + sizes_b[in_b].sum()),
        clusters=common.size,
        only_a=names_a.size - common.size,
        only_b=names_b.size - common.size,
    )


def _checked(
    values: ArrayLike,
    clusters: ArrayLike | None,
    confidence: float,
    dimensions: tuple[int, ...] = (1,),
) -> tuple[Floats, Codes | None]:
    if not 0 < confidence < 1:
        msg = f"confidence is a probability between 0 and 1, such as 0.95; found {confidence}"
        raise ValueError(msg)
    x = np.asarray(values, dtype=np.float64)
    if x.ndim not in dimensions:
        expected = " or ".join(f"{count}-dimensional" for count in dimensions)
        msg = f"values are {expected}, found shape {x.shape}"
        raise ValueError(msg)
    if not np.isfinite(x).all():
        raise ValueError(_not_finite(x))
    return x, None if clusters is None else _checked_codes(clusters, len(x))


def _not_finite(x: Floats) -> str:
    where = np.argwhere(~np.isfinite(x))
    found = x[tuple(where[0])]
    return (
        f"{len(where)} of {x.size} values are not finite, the first ({found}) at index "
        f"{where[0][0]}: leave out the attempts without a value and count them as failed, "
        "or give them a value of their own"
    )


def _checked_codes(clusters: ArrayLike, n: int) -> Codes:
    codes = np.asarray(clusters)
    if codes.shape != (n,):
        msg = f"each of the {n} values has one cluster, found clusters of shape {codes.shape}"
        raise ValueError(msg)
    if n and not np.issubdtype(codes.dtype, np.integer):
        msg = f"clusters are integer codes from 0, found {codes.dtype}: number them first"
        raise ValueError(msg)
    if n and codes.min() < 0:
        msg = f"clusters are integer codes from 0, found {codes.min()}"
        raise ValueError(msg)
    return codes.astype(np.intp, copy=False)


def _sizes(codes: Codes | None, n: int) -> NDArray[np.intp]:
    """Number of values in each cluster that has any."""
    if codes is None:
        return np.ones(n, dtype=np.intp)
    counts = np.bincount(codes)
    return counts[counts > 0]


def _mean(x: Floats, codes: Codes | None, confidence: float) -> Estimate:
    clusters = _sizes(codes, x.size).size
    value = float(x.mean()) if x.size else math.nan
    if clusters < 2:
        return Estimate(value, math.nan, math.nan, x.size, clusters)
    margin = _t_quantile(confidence, clusters - 1) * math.sqrt(_variance(x, codes, clusters))
    return Estimate(value, value - margin, value + margin, x.size, clusters)


def _variance(x: Floats, codes: Codes | None, clusters: int) -> float:
    """Squared standard error of the mean, robust to clusters."""
    residuals = x - x.mean()
    totals = residuals if codes is None else np.bincount(codes, weights=residuals)
    return float(totals @ totals) / x.size**2 * clusters / (clusters - 1)


def _effective_n(
    x: Floats, codes: Codes | None, sizes: NDArray[np.intp], confidence: float
) -> float:
    if codes is None or sizes.size == x.size:
        return x.size
    independent = _variance(x, None, x.size)
    if independent > 0:
        design_effect = max(1.0, _variance(x, codes, sizes.size) / independent)
    else:
        design_effect = float(sizes @ sizes) / x.size
    few = _t_quantile(confidence, x.size - 1) / _t_quantile(confidence, sizes.size - 1)
    return x.size / design_effect * few**2


def _wilson(share: float, n: float, confidence: float) -> tuple[float, float]:
    z2 = _z_quantile(confidence) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    margin = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    # At the ends the two terms cancel exactly, but for rounding.
    low = 0.0 if share == 0 else max(0.0, centre - margin)
    high = 1.0 if share == 1 else min(1.0, centre + margin)
    return low, high


def _apply(statistic: Callable[[Floats, Floats], Floats], x: Floats, weights: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.asarray(statistic(x, weights), dtype=np.float64)
    if found.shape != weights.shape[:1]:
        msg = (
            f"the statistic returned shape {found.shape} for weights of shape {weights.shape}, "
            f"expected one number for each resample: {weights.shape[:1]}"
        )
        raise ValueError(msg)
    return found


def _draw(rng: np.random.Generator, units: int, resamples: int) -> Floats:
    """How many times each unit is drawn, shape (resamples, units)."""
    drawn = rng.integers(units, size=(resamples, units))
    drawn += np.arange(resamples)[:, np.newaxis] * units
    counts = np.bincount(drawn.ravel(), minlength=resamples * units)
    return counts.reshape(resamples, units).astype(np.float64)


def _by_sample(
    values: ArrayLike, samples: ArrayLike, confidence: float
) -> tuple[NDArray[np.generic], Floats, NDArray[np.intp]]:
    """The samples, the mean of each, and the number of values in each."""
    x, _ = _checked(values, None, confidence)
    names = np.asarray(samples)
    if names.shape != x.shape:
        msg = f"each of the {x.size} values has one sample, found samples of shape {names.shape}"
        raise ValueError(msg)
    unique, codes, sizes = np.unique(names, return_inverse=True, return_counts=True)
    return unique, np.bincount(codes, weights=x, minlength=unique.size) / sizes, sizes


def _z_quantile(confidence: float) -> float:
    """The z for which a standard normal variable lies within ±z with this probability."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _t_quantile(confidence: float, freedom: int) -> float:
    """The t for which Student's variable lies within ±t with this probability."""
    z = _z_quantile(confidence)
    if freedom >= _MANY:
        return _t_expansion(z, freedom)
    # The probability is concave in t, and z lies left of the solution: Newton's steps approach
    # it from the left and cannot overshoot.
    t = z
    for _ in range(100):
        step = (confidence - _t_within(t, freedom)) / _t_density(t, freedom)
        t += step
        if abs(step) <= 1e-12 * t:
            break
    return t


def _t_expansion(z: float, freedom: int) -> float:
    """Student's quantile from the normal one: Abramowitz and Stegun 26.7.5."""
    z2 = z * z
    terms = (
        (z2 + 1) / 4,
        ((5 * z2 + 16) * z2 + 3) / 96,
        (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384,
        ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160,
    )
    return z + z * sum(term / float(freedom) ** power for power, term in enumerate(terms, start=1))


def _t_within(t: float, freedom: int) -> float:
    """Probability that |T| < t, a finite sum: Abramowitz and Stegun 26.7.3 and 26.7.4."""
    angle = math.atan2(t, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = 0.0
    for k in range(2 + odd, freedom + 1, 2):
        total += term
        term *= cosine * cosine * (k - 1) / k
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def _t_density(t: float, freedom: int) -> float:
    """Density of |T| at t."""
    log_scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    kernel = (freedom + 1) / 2 * math.log1p(t * t / freedom)
    return 2 * math.exp(log_scale - kernel) / math.sqrt(freedom * math.pi)
