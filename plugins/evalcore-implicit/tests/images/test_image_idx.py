"""IDX files under the official names."""

from __future__ import annotations

import gzip
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays
from made_images import rows, write_idx

from evalcore.errors import TaskError
from evalcore_implicit.images.idx import read_idx
from evalcore_implicit.images.reading import read_images

FOLDER = Path(os.environ.get("EVALCORE_SHARED", ""), "data", "images")
needs_data = pytest.mark.skipif(
    "EVALCORE_SHARED" not in os.environ or not FOLDER.is_dir(),
    reason="EVALCORE_SHARED names no folder with images",
)

NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def folder_of(path, suffix=".gz"):
    (x, y), (u, v) = rows(12), rows(8, seed=1)
    arrays = dict(zip(NAMES, (x, y, u, v), strict=True))
    for name, array in arrays.items():
        write_idx(path / f"{NAMES[name]}{suffix}", array)
    return arrays


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_reads_the_four_official_files(tmp_path, suffix):
    stored = folder_of(tmp_path, suffix)
    found = read_images(tmp_path)
    for part, labelled in {"train": found.train, "test": found.test}.items():
        np.testing.assert_array_equal(labelled.images[:, 0], stored[f"x_{part}"])
        np.testing.assert_array_equal(labelled.labels, stored[f"y_{part}"])


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=3, max_side=5)))
@settings(max_examples=30)
def test_what_was_written_is_read_again(tmp_path_factory, array):
    path = write_idx(tmp_path_factory.mktemp("idx") / "file.gz", array)
    np.testing.assert_array_equal(read_idx(path, array.ndim), array)


@pytest.mark.parametrize("missing", list(NAMES.values()))
def test_a_missing_file_is_named_with_those_that_are_there(tmp_path, missing):
    folder_of(tmp_path)
    (tmp_path / f"{missing}.gz").unlink()
    there = next(name for name in NAMES.values() if name != missing)
    with pytest.raises(TaskError, match=rf"found .*{there}.*neither {missing} nor {missing}.gz"):
        read_images(tmp_path)


def test_labels_that_are_not_as_many_as_images(tmp_path):
    folder_of(tmp_path)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.zeros(11))
    with pytest.raises(TaskError, match="12 images and 11 labels"):
        read_images(tmp_path)


def cut(content):
    return content[:-5]


def cut_in_header(content):
    return gzip.compress(gzip.decompress(content)[:9])


def shortened(content):
    return gzip.compress(gzip.decompress(content)[:-1])


def longer(content):
    return gzip.compress(gzip.decompress(content) + b"\0")


def of_more_than_any_memory(content):
    return gzip.compress(b"\0\0\x08\3" + b"\xff" * 12 + b"\0")


def of_another_type(content):
    return gzip.compress(b"\0\0\x0d\3" + gzip.decompress(content)[4:])


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (cut, "cannot be read: Compressed file ended"),
        (cut_in_header, "ends within its header"),
        (shortened, "found 287 bytes after the header, expected 288 for 12 x 4 x 6"),
        (longer, "found more bytes after the header, expected 288"),
        (of_more_than_any_memory, "found 1 bytes after the header, expected 79"),
        (of_another_type, "begins with 00 00 0d 03, expected 00 00 08 03"),
        (gzip.decompress, "cannot be read: Not a gzipped file"),
        (lambda content: gzip.compress(b""), "begins with nothing, expected 00 00 08 03"),
    ],
)
def test_damaged_files_are_told(tmp_path, damage, problem):
    folder_of(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TaskError, match=f"^{re.escape(str(path))}: {problem}"):
        read_images(tmp_path)


@needs_data
def test_the_official_labels_of_fashion_mnist():
    labels = read_idx(FOLDER / "fashion_train-labels-idx1-ubyte.gz", 1)
    assert np.bincount(labels).tolist() == [6000] * 10
    with np.load(FOLDER / "fashion_mnist_1k_1k.npz") as excerpt:
        np.testing.assert_array_equal(labels[:1000], excerpt["y_train"])


@needs_data
def test_official_labels_without_their_images(tmp_path):
    name = "train-labels-idx1-ubyte.gz"
    shutil.copy(FOLDER / f"fashion_{name}", tmp_path / name)
    with pytest.raises(TaskError, match="neither train-images-idx3-ubyte nor"):
        read_images(tmp_path)
