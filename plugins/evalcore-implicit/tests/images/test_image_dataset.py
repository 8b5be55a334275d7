"""Task `images`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from made_images import Lines, rows
from pydantic import ValidationError

from evalcore.errors import TaskError
from evalcore.testing import TaskContract
from evalcore_implicit.images.contender import Contender
from evalcore_implicit.images.dataset import ImageDataset, ImageDatasetSettings

FOLDER = Path(os.environ.get("EVALCORE_SHARED", ""), "data", "images")
needs_data = pytest.mark.skipif(
    "EVALCORE_SHARED" not in os.environ or not FOLDER.is_dir(),
    reason="EVALCORE_SHARED names no folder with images",
)

SMALL = {"drawings": 2, "train_samples": 16, "test_samples": 8, "attack_strengths": [0.1, 0.5]}


@pytest.fixture
def path(tmp_path):
    """Of a file with 40 images to learn from and 20 to be tested with."""
    (x, y), (u, v) = rows(40), rows(20, seed=1)
    np.savez(tmp_path / "images.npz", x_train=x, y_train=y, x_test=u, y_test=v)
    return tmp_path / "images.npz"


@pytest.fixture
def whole(tmp_path):
    """Of a file with 40 images that are not divided."""
    x, y = rows(40)
    np.savez(tmp_path / "whole.npz", x=x, y=y)
    return tmp_path / "whole.npz"


def task_of(path, **given):
    return ImageDataset(ImageDatasetSettings(path=str(path), **given))


def drawn(path, **given):
    return [case.sample.public for case in task_of(path, **given).cases()]


def by_image(images, labels):
    pixels = [image.tobytes() for image in images.astype(np.float32) / np.float32(255)]
    return dict(zip(pixels, labels.tolist(), strict=True))


def distinct(images):
    return {image.tobytes() for image in images}


class TestImages(TaskContract):
    component = "images"
    settings: ClassVar = SMALL
    right: ClassVar = {f"drawing-{i}": [Contender("lines", None, Lines())] for i in (0, 1)}
    wrong: ClassVar = {f"drawing-{i}": [Contender("lines", None, Lines(-1.0))] for i in (0, 1)}

    @pytest.fixture
    def component_settings(self, path):
        return {**self.settings, "path": str(path)}


def test_a_drawing_takes_different_images_of_each_part(path):
    (x, y), (u, v) = rows(40), rows(20, seed=1)
    (first, second) = task_of(path, **SMALL).cases()
    for case in (first, second):
        public = case.sample.public
        assert public.inputs.shape == (16, 1, 4, 6)
        assert public.inputs.dtype == np.float32
        known, tested = by_image(x, y), by_image(u, v)
        assert [known[image.tobytes()] for image in public.inputs] == public.labels.tolist()
        assert len(distinct(public.inputs)) == 16
        number, labels = case.hidden
        assert case.sample.metadata == {"drawing": number}
        assert [tested[image.tobytes()] for image in public.test_inputs] == labels.tolist()
        assert len(distinct(public.test_inputs)) == 8
    assert first.sample.public != second.sample.public


def test_all_are_taken_if_no_number_is_set(path):
    (public,) = drawn(path, drawings=1)
    assert len(distinct(public.inputs)) == 40
    assert len(distinct(public.test_inputs)) == 20


def test_a_seed_decides_what_is_taken(path):
    first = drawn(path, **SMALL)
    assert first == drawn(path, **SMALL)
    assert first != drawn(path, seed=1, **SMALL)


def test_more_drawings_change_nothing_of_the_first(path):
    assert drawn(path, **SMALL) == drawn(path, **{**SMALL, "drawings": 4})[:2]


def test_undivided_images_are_divided_anew_in_each_drawing(whole):
    first, second = drawn(whole, test_samples=10, drawings=2)
    for public in (first, second):
        assert len(distinct(public.inputs)) == 30
        assert len(distinct(public.test_inputs)) == 10
        assert not distinct(public.inputs) & distinct(public.test_inputs)
    assert distinct(first.test_inputs) != distinct(second.test_inputs)
    (fewer,) = drawn(whole, test_samples=10, train_samples=12, drawings=1)
    assert distinct(fewer.test_inputs) == distinct(first.test_inputs)
    assert distinct(fewer.inputs) < distinct(first.inputs)


def test_what_is_not_there_is_told_before_a_run(path, whole):
    with pytest.raises(TaskError, match="found 40 images for `train_samples: 41`: lower it"):
        task_of(path, train_samples=41).preflight()
    with pytest.raises(TaskError, match="found 20 images for `test_samples: 21`"):
        task_of(path, test_samples=21).preflight()
    with pytest.raises(TaskError, match="40 images that are not divided: set `test_samples`"):
        task_of(whole).preflight()
    with pytest.raises(TaskError, match="expected 35 to learn from and 10 to be tested with"):
        task_of(whole, train_samples=35, test_samples=10).preflight()
    with pytest.raises(TaskError, match="expected 2 to learn from and 39"):
        task_of(whole, test_samples=39).preflight()
    x, y = rows(12)
    np.savez(path, x_train=x[y < 3], y_train=y[y < 3], x_test=x, y_test=y)
    with pytest.raises(TaskError, match="no image of the class 3 among the 9 to learn from"):
        task_of(path).preflight()
    path.write_bytes(b"damaged")
    with pytest.raises(TaskError, match="cannot be read"):
        task_of(path).preflight()


def test_the_package_of_the_hub_is_missed_before_a_run(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    task = ImageDataset(ImageDatasetSettings(dataset="someone/images"))
    with pytest.raises(TaskError, match="pip install 'evalcore-implicit\\[hub\\]'"):
        task.preflight()


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "set one of `path` and `dataset`"),
        ({"path": __file__, "dataset": "a/b"}, "set one of `path` and `dataset`"),
        ({"path": __file__, "revision": "v1"}, "`revision` is of a `dataset`"),
        ({"dataset": "a/b", "format": "npz"}, "`format` is of `path`"),
        ({"path": "/no/such/file.npz"}, "no file at"),
        ({"path": __file__, "attack_strengths": [0.1, 0.1]}, "found one of them twice"),
        ({"path": __file__, "attack_strengths": []}, "at least 1 item"),
        ({"path": __file__, "attack_strengths": [0]}, "greater than 0"),
        ({"path": __file__, "attacks": ["fgsm", "fgsm"]}, "found one of them twice"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings, problem):
    with pytest.raises(ValidationError, match=problem):
        ImageDatasetSettings(**settings)


@needs_data
@pytest.mark.parametrize(
    ("name", "shape", "given"),
    [
        ("fashion_mnist_1k_1k.npz", (1, 28, 28), {}),
        ("mnist_train_first12k.npz", (1, 28, 28), {"test_samples": 2000}),
    ],
)
def test_excerpts_of_known_data(name, shape, given):
    (public,) = drawn(FOLDER / name, drawings=1, train_samples=500, **given)
    assert public.inputs.shape == (500, *shape)
    assert public.inputs.min() == 0
    assert 0.99 < public.inputs.max() <= 1
    assert set(public.labels.tolist()) == set(range(10))
