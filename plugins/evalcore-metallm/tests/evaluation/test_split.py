"""How the queries of a log are dealt out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evalcore.errors import EvalcoreError
from evalcore_metallm.evaluation.split import Shares, split


def rng():
    return np.random.default_rng(0)


@given(st.integers(8, 200), st.floats(0, 0.5), st.floats(0, 0.25), st.floats(0.2, 0.25))
def test_parts_share_no_query_and_are_as_large_as_asked(queries, train, validation, test):
    shares = Shares(train=train, validation=validation, test=test)
    parts = split(shares, [""] * queries, rng())
    dealt = np.concatenate(parts)
    assert len(set(dealt.tolist())) == dealt.size
    assert set(dealt.tolist()) <= set(range(queries))
    for part, share in zip(parts, (shares.train, shares.validation, shares.test), strict=True):
        assert abs(part.size - share * queries) <= 1


def test_shares_that_make_a_whole_leave_none_out():
    parts = split(Shares(train=0.3, validation=0.3, test=0.4), [""] * 10, rng())
    assert [part.size for part in parts] == [3, 3, 4]
    assert sorted(np.concatenate(parts)) == list(range(10))


def test_another_draw_is_another_order_and_another_part():
    one, other = (split(Shares(), [""] * 50, np.random.default_rng(seed)) for seed in (0, 1))
    assert set(one.test.tolist()) != set(other.test.tolist())
    assert np.array_equal(one.test, split(Shares(), [""] * 50, rng()).test)


def test_recorded_parts_are_kept_in_an_order_by_chance():
    recorded = ["train", "Test", "dev", "validation", "test", "training"] * 5
    one, other = (split("recorded", recorded, np.random.default_rng(seed)) for seed in (0, 1))
    for found in (one, other):
        assert {recorded[row] for row in found.train} == {"train", "training"}
        assert {recorded[row] for row in found.validation} == {"dev", "validation"}
        assert {recorded[row] for row in found.test} == {"Test", "test"}
    assert sorted(one.test) == sorted(other.test)
    assert one.test.tolist() != other.test.tolist()


def test_a_part_of_another_name_is_refused():
    with pytest.raises(EvalcoreError, match="found 'held-out' as the part of a query"):
        split("recorded", ["train", "held-out"], rng())


def test_nothing_to_grade_on_is_refused():
    with pytest.raises(EvalcoreError, match="none is left to grade a router on"):
        split(Shares(train=0.9, test=0.05), [""] * 5, rng())
    with pytest.raises(EvalcoreError, match="none is left to grade a router on"):
        split("recorded", ["train"], rng())


def test_shares_of_more_than_all_are_refused():
    with pytest.raises(ValidationError, match=r"at most 1 together, found 1\.2"):
        Shares(train=0.7, test=0.5)
