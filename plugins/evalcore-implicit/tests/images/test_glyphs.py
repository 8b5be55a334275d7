"""Task `glyphs`."""

from __future__ import annotations

import hashlib
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_images import Nearest

from evalcore.testing import TaskContract
from evalcore_implicit.images.contender import Contender
from evalcore_implicit.images.glyphs import Glyphs, GlyphsSettings
from evalcore_implicit.images.strokes import SYMBOLS, Hand, drawn

SMALL = {"drawings": 2, "train_samples": 30, "test_samples": 20, "attack_strengths": [0.1]}
STEADY = Hand(shift=0, turn=0, slip=0, noise=0)


def glyphs(**given):
    return Glyphs(GlyphsSettings(**{**SMALL, **given}))


def answers(sign):
    return {
        case.sample.id: [
            Contender(
                "nearest", None, Nearest(case.sample.public.test_inputs, case.hidden[1], sign)
            )
        ]
        for case in glyphs().cases()
    }


class TestGlyphs(TaskContract):
    component = "glyphs"
    settings: ClassVar = SMALL
    right: ClassVar = answers(1.0)
    wrong: ClassVar = answers(-1.0)


def test_the_symbols_are_drawn_as_they_always_were():
    first = next(glyphs().cases())
    public = first.sample.public
    assert public.labels[:10].tolist() == [8, 6, 5, 2, 3, 0, 0, 0, 1, 8]
    pixels = np.rint(255 * public.inputs).astype(np.uint8)
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == (
        "ed9401e0632bd619c3a704bc3ee34fbe4aec44b0d6578c2b3cae168fdb7df45e"
    )


def test_a_drawing_has_the_images_that_are_asked_for():
    first, second = glyphs(size=10).cases()
    for case in (first, second):
        public, (_, labels) = case.sample.public, case.hidden
        assert public.inputs.shape == (30, 1, 10, 10)
        assert public.test_inputs.shape == (20, 1, 10, 10)
        assert public.labels.shape == (30,)
        assert labels.shape == (20,)
        assert public.inputs.dtype == np.float32
        assert 0 <= public.inputs.min() < public.inputs.max() <= 1
    assert not np.array_equal(first.sample.public.inputs, second.sample.public.inputs)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_equal_seeds_draw_equal_symbols(seed):
    first, again, other = (
        next(glyphs(seed=each).cases()).sample.public for each in (seed, seed, (seed + 1) % 2**32)
    )
    assert first == again
    assert not np.array_equal(first.inputs, other.inputs)


def test_symbols_come_about_equally_often():
    public = next(glyphs(train_samples=3000).cases()).sample.public
    counts = np.bincount(public.labels, minlength=len(SYMBOLS))
    assert counts.min() > 240
    assert counts.max() < 360


def test_every_symbol_has_ink_on_its_strokes_and_none_far_from_them():
    rng = np.random.default_rng(0)
    labels = np.arange(len(SYMBOLS))
    # Height and width differ by chance in each drawing, so the strokes are where several agree.
    images = np.mean([drawn(rng, labels, 32, STEADY)[:, 0] for _ in range(20)], axis=0)
    middle = images[:, 15:17, 15:17].mean(axis=(1, 2))
    has_middle = {0, 1, 4, 6, 7, 9}  # plus, times, T, Z, N, H
    for label in labels:
        assert (middle[label] > 100) == (label in has_middle), label
    assert images[:, 0].max() == images[:, -1].max() == images[:, :, 0].max() == 0


def test_a_plus_is_the_same_in_a_mirror_and_an_l_is_not():
    rng = np.random.default_rng(0)
    plus, corner = drawn(rng, np.array([0, 5]), 21, STEADY)[:, 0].astype(int)
    for mirrored in (plus[::-1], plus[:, ::-1]):
        assert np.abs(plus - mirrored).max() <= 1
    assert np.abs(corner - corner[:, ::-1]).max() > 100


@pytest.mark.parametrize("noise", [0.0, 0.15])
def test_symbols_are_told_apart_by_their_means_but_not_all(noise):
    case = next(glyphs(train_samples=800, test_samples=200, noise=noise).cases())
    public, (_, truth) = case.sample.public, case.hidden
    inputs, tested = public.inputs.reshape(800, -1), public.test_inputs.reshape(200, -1)
    means = np.stack([inputs[public.labels == label].mean(axis=0) for label in range(10)])
    nearest = ((tested[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert 0.6 < np.mean(nearest == truth) < 0.95
