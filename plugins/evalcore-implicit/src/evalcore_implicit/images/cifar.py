"""The Python version of CIFAR-10 and CIFAR-100: as the archive that it comes in, or extracted."""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evalcore.errors import TaskError
from evalcore_implicit.images.labelled import Dataset, Labelled
from evalcore_implicit.images.pickles import load_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["find_cifar", "read_cifar"]

_SHAPE = (3, 32, 32)
"""Of an image: a pickle has its red, its green and its blue pixels in a row, line by line."""


class _Version(NamedTuple):
    """What one of the two data sets is stored as.

    Attributes:
        folder: in the archive.
        train: names of the files to learn from.
        test: of the file to be tested with.
        labels: their name in a file.
    """

    folder: str
    train: tuple[str, ...]
    test: str
    labels: str


_TEN = _Version(
    "cifar-10-batches-py", tuple(f"data_batch_{i}" for i in range(1, 6)), "test_batch", "labels"
)
_HUNDRED = _Version("cifar-100-python", ("train",), "test", "fine_labels")


def find_cifar(folder: Path) -> bool:
    """Whether a folder is, or has, what one of the two archives is extracted to."""
    return _extracted(folder) is not None


def read_cifar(path: Path, *, coarse: bool = False) -> Dataset:
    """Read an archive, or the folder that it is extracted to.

    Args:
        path: `cifar-10-python.tar.gz`, `cifar-100-python.tar.gz`, a folder of one of these, or one
            with such a folder in it.
        coarse: whether the labels are the 20 groups of classes of CIFAR-100.

    Raises:
        TaskError: if files are missing or damaged, hold something else, or refer to more than
            arrays of bytes and plain values.
    """
    version, contents = _of_folder(path) if path.is_dir() else _of_archive(path)
    if coarse and version is _TEN:
        raise TaskError(f"{path}: found CIFAR-10, which has no coarse labels: leave `coarse` out")
    labels = "coarse_labels" if coarse else version.labels
    parts = [_part(f"{path}: {name}", content, labels) for name, content in contents.items()]
    images, classes = zip(*parts[:-1], strict=True)
    train = Labelled.of(np.concatenate(images), np.concatenate(classes), str(path))
    return Dataset(train, Labelled.of(*parts[-1], f"{path}: {version.test}"))


def _of_folder(folder: Path) -> tuple[_Version, dict[str, bytes]]:
    extracted = _extracted(folder)
    if extracted is None:
        raise TaskError(
            f"{folder}: found neither {_TEN.folder} nor {_HUNDRED.folder}, nor their files: name "
            "the folder that the archive is extracted to, or the archive"
        )
    version, place = extracted
    contents = {}
    for name in (*version.train, version.test):
        if not (place / name).is_file():
            raise TaskError(f"{place}: found no file {name}: extract the archive again")
        contents[name] = (place / name).read_bytes()
    return version, contents


def _of_archive(path: Path) -> tuple[_Version, dict[str, bytes]]:
    wanted = {f"{v.folder}/{name}" for v in (_TEN, _HUNDRED) for name in (*v.train, v.test)}
    found: dict[str, bytes] = {}
    others: list[str] = []
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = "/".join(Path(member.name).parts[-2:])
                file = archive.extractfile(member) if name in wanted else None
                if file is None:
                    others.append(member.name)
                else:
                    found[name] = file.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise TaskError(f"{path}: cannot be read: {error}; fetch the archive again") from None
    for version in (_TEN, _HUNDRED):
        names = (*version.train, version.test)
        inner = {name: found.get(f"{version.folder}/{name}") for name in names}
        contents = {name: content for name, content in inner.items() if content is not None}
        if len(contents) == len(names):
            return version, contents
        if contents:
            missing = next(name for name in names if name not in contents)
            raise TaskError(f"{path}: found no {version.folder}/{missing}: fetch the archive again")
    raise TaskError(
        f"{path}: found {', '.join(others[:5]) or 'nothing'} in it, expected the files of "
        f"{_TEN.folder} or {_HUNDRED.folder}: name the Python version of CIFAR"
    )


def _extracted(folder: Path) -> tuple[_Version, Path] | None:
    for version in (_TEN, _HUNDRED):
        for place in (folder, folder / version.folder):
            if (place / version.train[0]).is_file() and (
                place.name == version.folder or (place / version.test).is_file()
            ):
                return version, place
    return None


def _part(where: str, content: bytes, labels: str) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    try:
        found = load_mapping(content)
    except Exception as error:  # whatever bytes that are no such pickle lead to
        raise TaskError(
            f"{where}: is not a file of the Python version of CIFAR: {error}; fetch it again, or "
            "extract it again"
        ) from None
    data = _value(where, found, "data")
    expected = np.prod(_SHAPE)
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != expected:
        what = f"shape {data.shape}" if isinstance(data, np.ndarray) else type(data).__name__
        raise TaskError(f"{where}: found data of {what}, expected (images, {expected})")
    classes = _value(where, found, labels)
    if not isinstance(classes, list) or not all(isinstance(label, int) for label in classes):
        raise TaskError(f"{where}: found {labels} that are no list of whole numbers")
    return data.reshape(-1, *_SHAPE), np.array(classes)


def _value(where: str, found: Mapping[str, Any], name: str) -> Any:
    if name not in found:
        raise TaskError(f"{where}: found {', '.join(sorted(found))}, expected {name} too")
    return found[name]
