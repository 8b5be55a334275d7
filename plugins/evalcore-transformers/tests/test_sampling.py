"""Tokens are drawn from the distribution that was asked for, by numbers of the request alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalcore_transformers.sampling import Sampling, choose, uniform

logits = st.lists(st.floats(-8, 8, width=32), min_size=2, max_size=24)
samplings = st.builds(
    Sampling,
    temperature=st.floats(0, 3).filter(lambda value: value == 0 or value > 1e-3),
    top_p=st.floats(0.05, 1),
    top_k=st.integers(0, 30),
    seed=st.integers(0, 2**31 - 1),
    number=st.integers(0, 9),
)


def draw(row: list[float], sampling: Sampling, count: int) -> list[int]:
    """Tokens of as many steps."""
    rows = torch.tensor([row]).expand(count, -1)
    return choose(rows, [sampling] * count, range(count)).tolist()


def reference(row: list[float], sampling: Sampling) -> np.ndarray:
    """Probabilities by the definitions of temperature, top-k and top-p."""
    scaled = np.array(row, np.float64) / sampling.temperature
    found = np.exp(scaled - scaled.max())
    found /= found.sum()
    if sampling.top_k:
        found[found < np.sort(found)[::-1][: sampling.top_k][-1]] = 0
        found /= found.sum()
    ranked = np.sort(found)[::-1]
    needed = np.searchsorted(ranked.cumsum(), sampling.top_p - 1e-9)
    found[found < ranked[min(needed, len(ranked) - 1)]] = 0
    return found / found.sum()


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(1.0, seed=1),
        Sampling(0.5, seed=2),
        Sampling(2.0, top_k=5, seed=3),
        Sampling(1.0, top_p=0.8, seed=4),
        Sampling(1.3, top_p=0.9, top_k=7, seed=5, number=3),
    ],
)
def test_draws_follow_the_distribution(sampling):
    row = np.random.default_rng(0).normal(0, 1.5, 16).tolist()
    expected = reference(row, sampling)
    counts = np.bincount(draw(row, sampling, 20_000), minlength=16)
    assert not counts[expected == 0].any()
    kept = expected > 0
    assert stats.chisquare(counts[kept], 20_000 * expected[kept]).pvalue > 1e-3


@given(row=logits, sampling=samplings)
def test_the_likeliest_token_is_taken_at_temperature_zero(row, sampling):
    greedy = sampling._replace(temperature=0.0)
    assert draw(row, greedy, 1) == [int(np.argmax(np.array(row, np.float32)))]


@given(row=logits, sampling=samplings)
def test_no_token_is_drawn_beyond_the_cuts(row, sampling):
    if sampling.temperature:
        found = draw(row, sampling, 16)
        probabilities = torch.tensor(row).div(sampling.temperature).softmax(-1)
        least = min(float(probabilities[token]) for token in found)
        likelier = probabilities[probabilities > least * (1 + 1e-5)]
        assert not sampling.top_k or len(likelier) < sampling.top_k
        assert float(likelier.double().sum()) < sampling.top_p + 1e-5


@given(
    rows=st.lists(st.tuples(samplings, st.integers(0, 999)), min_size=1, max_size=8),
    seed=st.integers(0, 2**31 - 1),
)
def test_a_row_is_chosen_by_nothing_but_itself(rows, seed):
    table = torch.randn((len(rows), 40), generator=torch.Generator().manual_seed(seed))
    together = choose(table, [sampling for sampling, _ in rows], [step for _, step in rows])
    for row, (sampling, step), token in zip(table, rows, together, strict=True):
        assert choose(row[None], [sampling], [step]) == token


@given(sampling=samplings, step=st.integers(0, 999))
def test_what_cannot_be_is_never_drawn(sampling, step):
    row = torch.full((1, 9), -torch.inf)
    row[0, 4] = 3.0
    assert choose(row, [sampling], [step]).tolist() == [4]


def test_next_to_nothing_is_no_temperature():
    row = [0.0, 1.0, 1.0 - 1e-4]
    assert draw(row, Sampling(1e-300, seed=1), 50) == draw(row, Sampling(), 50) == [1] * 50


def test_the_last_bits_of_logits_move_few_draws():
    """Two tokens that are as likely keep their places whatever the last bit says."""
    row = torch.randn((1, 512), generator=torch.Generator().manual_seed(0))
    row[0, 7] = row[0, 300] = 2.0
    many = row.expand(4_000, -1)
    noise = torch.randn(many.shape, generator=torch.Generator().manual_seed(1)) * 1e-6
    sampling = [Sampling(1.0, top_p=0.95, seed=3)] * 4_000
    plain, noisy = (choose(rows, sampling, range(4_000)) for rows in (many, many + noise))
    assert (plain != noisy).float().mean() < 1e-3


def test_numbers_are_uniform_and_independent():
    seeds, steps = np.meshgrid(
        np.arange(200, dtype=np.uint64), np.arange(200, dtype=np.uint64), indexing="ij"
    )
    found = uniform(seeds, steps)
    assert found.min() >= 0
    assert found.max() < 1
    assert stats.kstest(found.ravel(), "uniform").pvalue > 1e-3
    for one, other in ((found[:-1], found[1:]), (found[:, :-1], found[:, 1:])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.02
