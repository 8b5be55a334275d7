"""Sparse matrices do what dense ones do."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evalcore_implicit.embedding import SparseMatrix, sparse

SIZES = st.integers(0, 6)
SEEDS = st.integers(0, 2**16)


def drawn(height, width, seed):
    """Small integers, of which about half are zero; exact in every order of their sums."""
    generator = torch.Generator().manual_seed(seed)
    dense = torch.randint(-3, 4, (height, width), generator=generator).double()
    return dense * (torch.rand(height, width, generator=generator) < 0.5)


def of(dense):
    rows, columns = dense.nonzero().unbind(1)
    return SparseMatrix.of_entries(rows, columns, dense[rows, columns], tuple(dense.shape))


def is_sound(matrix):
    rows, columns = matrix.row_of_entries(), matrix.columns
    keys = rows * max(matrix.width, 1) + columns
    return bool((keys.diff() > 0).all()) and int(matrix.starts[-1]) == matrix.entries


@settings(max_examples=50, deadline=None)
@given(SIZES, SIZES, SIZES, SEEDS)
def test_products(height, inner, width, seed):
    left, right = drawn(height, inner, seed), drawn(inner, width, seed + 1)
    assert torch.equal(of(left) @ right, left @ right)
    product = of(left).times(of(right))
    assert is_sound(product)
    assert torch.equal(product.to_dense(), left @ right)


@settings(max_examples=50, deadline=None)
@given(SIZES, SIZES, SIZES, SEEDS)
def test_products_in_portions_of_rows(height, inner, width, seed):
    left, right = drawn(height, inner, seed), drawn(inner, width, seed + 1)
    whole = sparse._AT_ONCE
    sparse._AT_ONCE = 3
    try:
        assert torch.equal(of(left).times(of(right)).to_dense(), left @ right)
    finally:
        sparse._AT_ONCE = whole


@settings(max_examples=50, deadline=None)
@given(SIZES, SIZES, SEEDS)
def test_a_product_with_a_selection_keeps_the_order(height, inner, seed):
    left = drawn(height, inner, seed)
    right = torch.zeros(inner, 2 * inner, dtype=torch.float64)
    right[torch.arange(inner), 2 * torch.arange(inner)] = 3
    product = of(left).times(of(right))
    assert is_sound(product)
    assert torch.equal(product.to_dense(), left @ right)


@settings(max_examples=50, deadline=None)
@given(SIZES, SIZES, SEEDS)
def test_sums_and_scales(height, width, seed):
    one, other = drawn(height, width, seed), drawn(height, width, seed + 1)
    assert is_sound(of(one).plus(of(other)))
    assert torch.equal(of(one).plus(of(other)).to_dense(), one + other)
    factors = torch.arange(height).double()
    assert torch.equal(of(one).scaled(factors).to_dense(), one * factors.unsqueeze(1))
    assert torch.equal(of(one).row_sums(), one.abs().sum(1))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 6), SIZES, SEEDS, st.lists(st.integers(-1, 5), max_size=8))
def test_rows_are_taken(height, width, seed, numbers):
    dense = drawn(height, width, seed)
    rows = torch.tensor([min(number, height - 1) for number in numbers], dtype=torch.long)
    expected = dense[rows] * (rows >= 0).unsqueeze(1)
    assert torch.equal(of(dense).take(rows).to_dense(), expected)
    start, stop = sorted((seed % (height + 1), seed // 7 % (height + 1)))
    part = of(dense).between(slice(start, stop))
    assert torch.equal(part.to_dense(), dense[start:stop])
    again = SparseMatrix.stacked([of(dense).between(slice(0, start)), of(dense[start:])])
    assert torch.equal(again.to_dense(), dense)


def test_entries_at_one_place_are_added():
    rows, columns = torch.tensor([1, 0, 1]), torch.tensor([2, 0, 2])
    matrix = SparseMatrix.of_entries(rows, columns, torch.tensor([1.0, 5.0, 3.0]), (2, 3))
    assert matrix.to_dense().tolist() == [[5, 0, 0], [0, 0, 4]]
    assert matrix.entries == 2
