"""Drawings: what is drawn by which numbers, and when two are the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore_implicit.suites.drawing import Drawing, Shift, generator, generator_at

seeds = st.integers(0, 2**32 - 1)
numbers = st.integers(0, 1000)
places = st.floats(0, 1e12)


def drawn(rng):
    return rng.integers(0, 2**62, 4).tolist()


@given(seeds, numbers, places)
def test_equal_arguments_draw_equal_numbers(seed, number, at):
    assert drawn(generator(seed, number)) == drawn(generator(seed, number))
    assert drawn(generator_at(seed, number, at)) == drawn(generator_at(seed, number, at))


@given(seeds, numbers, places, places)
def test_training_and_every_shift_draw_numbers_of_their_own(seed, number, at, other):
    training = drawn(generator(seed, number))
    assert drawn(generator_at(seed, number, at)) != training
    assert drawn(generator_at(seed, number, at)) != drawn(generator_at(seed, number + 1, at))
    assert drawn(generator(seed, number + 1)) != training
    assert (at == other) == (
        drawn(generator_at(seed, number, at)) == drawn(generator_at(seed, number, other))
    )


def test_no_shift_at_all_is_not_the_training_data():
    # Trailing zeros change nothing in a seed sequence, and the place 0 is all zeros.
    assert drawn(generator_at(0, 0, 0.0)) != drawn(generator(0, 0))


def drawing(inputs=1.0, targets=2.0, at=3.0, shifted=4.0, name=""):
    shift = Shift(at, np.full((2, 1), shifted), name)
    return Drawing(np.full((3, 1), inputs), np.full((3, 1), targets), (shift,))


def test_drawings_are_equal_by_what_they_hold():
    assert drawing() == drawing()
    assert drawing() != "drawing"
    assert drawing().shifts[0] != "shift"


@pytest.mark.parametrize(
    "change",
    [{"inputs": 0.0}, {"targets": 0.0}, {"at": 0.0}, {"shifted": 0.0}, {"name": "far"}],
)
def test_drawings_differ_by_any_part(change):
    assert drawing(**change) != drawing()
