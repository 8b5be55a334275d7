"""The Python version of CIFAR, and pickles that are none."""

from __future__ import annotations

import os
import pickle
import struct
import tarfile

import numpy as np
import pytest

from evalcore.errors import TaskError
from evalcore_implicit.images.pickles import load_mapping
from evalcore_implicit.images.reading import read_images

TEN = [f"data_batch_{i}" for i in range(1, 6)]


def text(value):
    """A str of Python 2."""
    return b"U" + bytes([len(value)]) + value


def integer(value):
    return b"J" + struct.pack("<i", value)


def python2(entries):
    """A mapping with arrays and lists of numbers, as the official files hold them.

    They are of protocol 2, with the texts of Python 2, so Python 3 cannot write them.
    """
    content = b"\x80\x02}("
    for name, value in entries.items():
        content += text(name.encode())
        if isinstance(value, np.ndarray):
            raw = value.tobytes()
            content += b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
            content += b"(K\x01(" + b"".join(map(integer, value.shape)) + b"tcnumpy\ndtype\n("
            content += text(b"u1") + b"K\x00K\x01tR(K\x03U\x01|NNN" + 2 * integer(-1)
            content += b"K\x00tb\x89T" + struct.pack("<i", len(raw)) + raw + b"tb"
        elif isinstance(value, list):
            content += b"](" + b"".join(map(integer, value)) + b"e"
        else:
            content += text(value)
    return content + b"u."


def python3(entries):
    named = {name.encode(): value for name, value in entries.items()}
    return pickle.dumps(named, protocol=2)


def batch(count, seed, labels=("labels",)):
    rng = np.random.default_rng(seed)
    data = rng.integers(0, 256, (count, 3072)).astype(np.uint8)
    found = {"batch_label": b"a batch", "data": data}
    for name in labels:
        found[name] = rng.integers(0, 20 if name == "coarse_labels" else 10, count).tolist()
    return found


def hundred(path, write=python2):
    """The folder of CIFAR-100, with what it holds."""
    folder = path / "cifar-100-python"
    folder.mkdir()
    stored = {
        n: batch(6, i, ("fine_labels", "coarse_labels")) for i, n in enumerate(["train", "test"])
    }
    for name, entries in stored.items():
        (folder / name).write_bytes(write(entries))
    return folder, stored


def ten(path):
    folder = path / "cifar-10-batches-py"
    folder.mkdir()
    stored = {name: batch(4, i) for i, name in enumerate([*TEN, "test_batch"])}
    for name, entries in stored.items():
        (folder / name).write_bytes(python2(entries))
    (folder / "batches.meta").write_bytes(b"of no use")
    return folder, stored


def packed(folder):
    archive = folder.parent / f"{folder.name}.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(folder, folder.name)
    return archive


@pytest.mark.parametrize("write", [python2, python3])
def test_the_made_pickles_are_what_pickle_reads(write):
    entries = batch(2, 0)
    found = pickle.loads(write(entries), encoding="bytes")
    assert list(found) == [name.encode() for name in entries]
    assert found[b"labels"] == entries["labels"]
    np.testing.assert_array_equal(found[b"data"], entries["data"])


@pytest.mark.parametrize("write", [python2, python3])
def test_reads_hundred_classes_and_twenty_groups(tmp_path, write):
    folder, stored = hundred(tmp_path, write)
    for place in (folder, tmp_path, packed(folder)):
        found = read_images(place)
        for name, labelled in {"train": found.train, "test": found.test}.items():
            data = stored[name]["data"].reshape(6, 3, 32, 32)
            np.testing.assert_array_equal(labelled.images, data)
            assert labelled.labels.tolist() == stored[name]["fine_labels"]
    coarse = read_images(folder, coarse=True)
    assert coarse.test.labels.tolist() == stored["test"]["coarse_labels"]


def test_joins_the_five_batches_of_ten_classes(tmp_path):
    folder, stored = ten(tmp_path)
    for place in (folder, packed(folder)):
        found = read_images(place)
        expected = np.concatenate([stored[name]["data"] for name in TEN]).reshape(-1, 3, 32, 32)
        np.testing.assert_array_equal(found.train.images, expected)
        assert found.train.labels.tolist() == [label for n in TEN for label in stored[n]["labels"]]
        assert found.test.labels.tolist() == stored["test_batch"]["labels"]
    with pytest.raises(TaskError, match="CIFAR-10, which has no coarse labels"):
        read_images(folder, coarse=True)


@pytest.mark.parametrize("name", ["data_batch_3", "test_batch"])
def test_a_missing_batch_is_named(tmp_path, name):
    folder, _ = ten(tmp_path)
    (folder / name).unlink()
    with pytest.raises(TaskError, match=f"found no file {name}"):
        read_images(folder)
    with pytest.raises(TaskError, match=f"found no cifar-10-batches-py/{name}"):
        read_images(packed(folder))


def test_a_damaged_archive_is_told(tmp_path):
    archive = packed(hundred(tmp_path)[0])
    archive.write_bytes(archive.read_bytes()[:-2000])
    with pytest.raises(TaskError, match="cannot be read"):
        read_images(archive)


def test_an_archive_of_something_else(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("nothing")
    with pytest.raises(TaskError, match=r"found notes, notes/a\.txt in it, expected the files of"):
        read_images(packed(tmp_path / "notes"))


class Harm:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("write", [python3, pickle.dumps])
def test_a_pickle_that_calls_something_is_refused_and_calls_nothing(tmp_path, write):
    folder, stored = hundred(tmp_path)
    harmed = tmp_path / "harmed"
    (folder / "train").write_bytes(write({**stored["train"], "more": Harm(harmed)}))
    with pytest.raises(TaskError, match=r"train: is not .* it refers to (posix|nt)\.mkdir"):
        read_images(folder)
    assert not harmed.exists()


@pytest.mark.parametrize("values", [np.arange(4.0), np.array([Harm("x")], dtype=object)])
def test_arrays_of_anything_but_bytes_are_refused(values):
    with pytest.raises(pickle.UnpicklingError, match=r"array of type|refers to"):
        load_mapping(python3({"data": values}))


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ({"data": np.zeros((2, 3071), np.uint8)}, r"data of shape \(2, 3071\), expected"),
        ({"data": [1, 2]}, "data of list, expected"),
        ({"fine_labels": b"none"}, "fine_labels that are no list of whole numbers"),
        ({"fine_labels": [1, 2]}, "found 6 images and 2 labels"),
        ({"fine_labels": None}, "found batch_label, coarse_labels, data, expected fine_labels too"),
    ],
)
def test_contents_of_another_form_are_told(tmp_path, entries, problem):
    folder, stored = hundred(tmp_path)
    changed = {k: v for k, v in {**stored["test"], **entries}.items() if v is not None}
    (folder / "test").write_bytes(python2(changed))
    with pytest.raises(TaskError, match=problem):
        read_images(folder)


@pytest.mark.parametrize("content", [b"", b"\x80\x02", b"no pickle at all", pickle.dumps([1])])
def test_what_is_no_pickled_mapping_is_told(tmp_path, content):
    folder, _ = hundred(tmp_path)
    (folder / "train").write_bytes(content)
    with pytest.raises(TaskError, match="train: is not a file of the Python version of CIFAR"):
        read_images(folder)
