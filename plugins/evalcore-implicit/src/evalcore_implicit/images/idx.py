"""IDX files, the format of MNIST and Fashion-MNIST."""

from __future__ import annotations

import gzip
import zlib
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from evalcore.errors import TaskError
from evalcore_implicit.images.labelled import Dataset, Labelled

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["find_idx", "read_idx", "read_idx_folder"]

_BYTES = 0x08
"""Code of the type of the numbers; MNIST and its like have no other."""

_CHUNK = 2**24
"""Bytes that are read at a time."""

_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def find_idx(folder: Path) -> bool:
    """Whether a folder has a file with one of the official names."""
    return any(_present(folder, name) for names in _FILES.values() for name in names)


def read_idx_folder(folder: Path) -> Dataset:
    """Read the four official files of MNIST or Fashion-MNIST, compressed with gzip or not.

    Raises:
        TaskError: if one is missing or damaged, or images and labels are not as many.
    """
    parts = {}
    for part, (images, labels) in _FILES.items():
        paths = [_file(folder, name) for name in (images, labels)]
        where = f"{paths[0]} with {paths[1].name}"
        parts[part] = Labelled.of(read_idx(paths[0], 3), read_idx(paths[1], 1), where)
    return Dataset(parts["train"], parts["test"])


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read one file of bytes.

    Args:
        path: compressed with gzip if its name ends in `.gz`.
        dimensions: that it must have: 3 for images, 1 for labels.

    Raises:
        TaskError: if it is no IDX file of bytes with so many dimensions, or is cut off or longer
            than it says.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            header = file.read(4 + 4 * dimensions)
            shape = _shape(path, header, dimensions)
            size = prod(shape)
            content = _read(file, size + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise TaskError(f"{path}: cannot be read: {error}; fetch the file again") from None
    if len(content) != size:
        found = "more" if len(content) > size else str(len(content))
        raise TaskError(
            f"{path}: found {found} bytes after the header, expected {size} for "
            f"{' x '.join(map(str, shape))}: the file is damaged or cut off, fetch it again"
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def _read(file: gzip.GzipFile | BufferedReader, size: int) -> bytes:
    """So many bytes, or all that there are; no more memory is asked for than these take."""
    parts, left = [], size
    while left and (part := file.read(min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _shape(path: Path, header: bytes, dimensions: int) -> tuple[int, ...]:
    magic = bytes([0, 0, _BYTES, dimensions])
    if header[:4] != magic:
        raise TaskError(
            f"{path}: begins with {header[:4].hex(' ') or 'nothing'}, expected {magic.hex(' ')} "
            f"as of an IDX file of bytes with {dimensions} "
            f"dimension{'s' if dimensions > 1 else ''}: put the official file there"
        )
    if len(header) < 4 + 4 * dimensions:
        raise TaskError(f"{path}: ends within its header: fetch the file again")
    return tuple(int(size) for size in np.frombuffer(header[4:], ">u4"))


def _present(folder: Path, name: str) -> Path | None:
    found = (folder / variant for variant in (name, f"{name}.gz"))
    return next((path for path in found if path.is_file()), None)


def _file(folder: Path, name: str) -> Path:
    path = _present(folder, name)
    if path is None:
        others = [n for names in _FILES.values() for n in names if _present(folder, n)]
        raise TaskError(
            f"{folder}: found {', '.join(others) or 'none of the official files'}, but neither "
            f"{name} nor {name}.gz: put all four official files there"
        )
    return path
