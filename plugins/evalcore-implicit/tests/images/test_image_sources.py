"""Archives of arrays, the hub, and how a format is told."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from made_images import rows

from evalcore.errors import TaskError
from evalcore_implicit.images.hub import read_hub
from evalcore_implicit.images.reading import read_images


def saved(path, **arrays):
    np.savez_compressed(path / "images.npz", **arrays)
    return path / "images.npz"


def colours(count, kind=np.uint8):
    return np.random.default_rng(0).integers(0, 256, (count, 3, 5, 4)).astype(kind)


def test_reads_arrays_that_are_divided_and_leaves_others_alone(tmp_path):
    (x, y), (u, v) = rows(8), rows(4, seed=1)
    found = read_images(saved(tmp_path, x_train=x, y_train=y, x_test=u, y_test=v, names=["a"]))
    np.testing.assert_array_equal(found.train.images, x[:, None])
    np.testing.assert_array_equal(found.test.images, u[:, None])
    assert found.test.labels.tolist() == v.tolist()


def test_reads_arrays_that_are_not_divided(tmp_path):
    x, y = rows(8)
    found = read_images(saved(tmp_path, x=x, y=y))
    assert found.test is None
    assert found.train.labels.tolist() == y.tolist()


def test_channels_may_be_first_or_last_and_pixels_whole_or_not(tmp_path):
    x = colours(4)
    labels = np.arange(4)
    for stored in (x, np.moveaxis(x, 1, 3), x.astype(np.int64)):
        found = read_images(saved(tmp_path, x=stored, y=labels)).train
        np.testing.assert_array_equal(found.images, x)
        images, _ = found.take(np.array([2, 0]))
        assert images.dtype == np.float32
        np.testing.assert_array_equal(images, x[[2, 0]].astype(np.float32) / np.float32(255))
    found = read_images(saved(tmp_path, x=x / 255, y=labels)).train
    np.testing.assert_allclose(found.take(np.arange(4))[0], x / 255, rtol=1e-6)


X, Y = rows(4)


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"x_train": X, "y_train": Y}, "found the arrays x_train, y_train, expected x_train, y_t"),
        ({"x": X, "y": Y[:3]}, "found 4 images and 3 labels"),
        ({"x": X, "y": Y / 2}, "labels of shape .4,. and type float64, expected whole numbers"),
        ({"x": X, "y": Y.astype(int) - 1}, "found the label -1"),
        (
            {"x": X, "y": Y.astype(int) + 10**9},
            "found the label 10000.*, expected classes from 0 to",
        ),
        ({"x": X, "y": np.full(4, 2**64 - 1, np.uint64)}, "found the label 18446744073709551615"),
        (
            {"x_train": X, "y_train": Y, "x_test": X[:, :3], "y_test": Y},
            "found images of 1 x 4 x 6 to learn from and of 1 x 3 x 6 to be tested with",
        ),
        ({"x": X, "y": Y[:, None]}, r"labels of shape \(4, 1\)"),
        ({"x": X[0], "y": Y}, r"found images of shape \(4, 6\)"),
        ({"x": np.stack([X] * 4), "y": Y}, r"found images of shape \(4, 4, 4, 6\)"),
        ({"x": X[:0], "y": Y[:0]}, r"found images of shape \(0, 4, 6\)"),
        ({"x": X * 1.0, "y": Y}, "found pixels from .* of type float64"),
        ({"x": np.full((4, 2, 2), np.nan), "y": Y}, "found pixels from nan to nan"),
        ({"x": X.astype(int) + 200, "y": Y}, "found pixels from .* of type int64"),
        ({"x": X > 9, "y": Y}, "images of type bool"),
        ({"x": X, "y": np.array([None] * 4)}, "cannot be read as an archive of arrays"),
    ],
)
def test_arrays_of_another_form_are_told(tmp_path, arrays, problem):
    with pytest.raises(TaskError, match=problem):
        read_images(saved(tmp_path, **arrays))


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_damaged_archive_is_told(tmp_path, keep):
    path = saved(tmp_path, x=X, y=Y)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(TaskError, match="cannot be read as an archive"):
        read_images(path)


def test_one_array_alone_is_no_archive(tmp_path):
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "x.npy").rename(tmp_path / "x.npz")
    with pytest.raises(TaskError, match="cannot be read as an archive"):
        read_images(tmp_path / "x.npz")


def test_what_is_no_known_format_is_told(tmp_path):
    path = saved(tmp_path, x=X, y=Y)
    with pytest.raises(TaskError, match=r"found images\.npz, expected the official IDX files"):
        read_images(tmp_path)
    with pytest.raises(TaskError, match="found no such file"):
        read_images(tmp_path / "x.bin")
    (tmp_path / "x.bin").write_bytes(b"")
    with pytest.raises(TaskError, match="say by `format` what this is"):
        read_images(tmp_path / "x.bin")
    with pytest.raises(TaskError, match="found a file, expected a folder for `format: idx`"):
        read_images(path, "idx")
    with pytest.raises(TaskError, match="found a folder, expected a file for `format: npz`"):
        read_images(tmp_path, "npz")
    with pytest.raises(TaskError, match="found neither cifar-10-batches-py nor"):
        read_images(tmp_path, "cifar")
    with pytest.raises(TaskError, match="`coarse` is of CIFAR-100"):
        read_images(path, coarse=True)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Writes a data set as one is kept on the hub, by the package itself; returns its name."""
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")

    def write(**splits):
        for name, columns in splits.items():
            images = dict.fromkeys(columns.keys() & {"image", "img"}, datasets.Image())
            rows = datasets.Dataset.from_dict(columns)
            for column, feature in images.items():
                rows = rows.cast_column(column, feature)
            rows.to_parquet(tmp_path / "images" / f"{name}.parquet")
        return str(tmp_path / "images")

    (tmp_path / "images").mkdir()
    return write


def encoded(images):
    """As bytes of PNG files."""
    made = []
    for image in images:
        file = io.BytesIO()
        pytest.importorskip("PIL.Image").fromarray(image).save(file, "PNG")
        made.append({"bytes": file.getvalue(), "path": None})
    return made


def test_reads_a_data_set_of_the_hub(hub):
    x = encoded(colours(3).transpose(0, 2, 3, 1))
    parts = {"img": x, "fine_label": [2, 0, 1], "coarse_label": [1, 0, 0]}
    name = hub(train=parts, test=parts)
    found = read_hub(name)
    np.testing.assert_array_equal(found.train.images, colours(3))
    assert found.test.labels.tolist() == [2, 0, 1]
    assert read_hub(name, coarse=True).test.labels.tolist() == [1, 0, 0]


def test_a_data_set_of_the_hub_without_test_images(hub):
    found = read_hub(hub(train={"image": encoded(X), "label": Y.tolist()}))
    np.testing.assert_array_equal(found.train.images[:, 0], X)
    assert found.test is None


@pytest.mark.parametrize(
    ("splits", "problem"),
    [
        ({"test": {"text": ["a"]}}, "found the splits test, expected train"),
        ({"train": {"text": ["a"]}}, "train: found the columns text, expected one of image, img"),
        ({"train": {"image": [X[0]]}}, "found the columns image, expected one of label"),
        ({"train": {"image": [X[0], X[0, 1:]], "label": [0, 1]}}, "images of several sizes"),
    ],
)
def test_what_the_hub_has_not_is_told(hub, splits, problem):
    written = {
        split: {k: encoded(v) if k == "image" else v for k, v in columns.items()}
        for split, columns in splits.items()
    }
    with pytest.raises(TaskError, match=problem):
        read_hub(hub(**written))


def test_a_data_set_that_cannot_be_had(hub, tmp_path):
    with pytest.raises(TaskError, match=f"'{tmp_path}/nowhere' cannot be had: "):
        read_hub(f"{tmp_path}/nowhere")


def test_without_the_package_of_the_hub(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(TaskError, match="pip install 'evalcore-implicit\\[hub\\]'"):
        read_hub("someone/images")
