"""Values of metrics come back as they were."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore.testing import record, scores_of
from evalcore_lm_eval.packing import pack, unpack

ATOMS = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text() | st.floats()
KEYS = st.text() | st.integers(-9, 9) | st.sampled_from(["~tuple", "~array", "~dict", "~"])
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def same(a, b):
    if isinstance(a, float) and math.isnan(a):
        return isinstance(b, float) and math.isnan(b)
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return [*a] == [*b] and all(same(a[key], b[key]) for key in a)
    return a == b


@given(VALUES)
def test_a_value_comes_back_with_its_types(value):
    assert same(unpack(pack(value)), value)


def test_it_comes_back_from_a_run_store(tmp_path):
    value = {"pair": (1, [math.inf, "é"]), 3: np.array([[0.25, math.nan]]), "~": ()}
    with scores_of([record("a", 1.0, details={"v": pack(value)})], tmp_path / "run.db") as scores:
        (kept,) = scores.records()
    found = unpack(kept.score.details["v"])
    assert found["pair"] == value["pair"]
    assert found["~"] == ()
    assert found[3].dtype == np.float64
    assert np.array_equal(found[3], value[3], equal_nan=True)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
    ],
)
def test_numbers_of_numpy_become_plain(value, plain):
    assert pack(value) == plain
    assert type(pack(value)) is type(plain)


def test_what_cannot_be_kept_is_named():
    with pytest.raises(TypeError, match="type object cannot be kept"):
        pack([object()])
