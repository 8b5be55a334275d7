"""Images from files, in whichever of the known formats they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from evalcore.errors import TaskError
from evalcore_implicit.images.cifar import find_cifar, read_cifar
from evalcore_implicit.images.idx import find_idx, read_idx_folder
from evalcore_implicit.images.npz import read_npz

if TYPE_CHECKING:
    from pathlib import Path

    from evalcore_implicit.images.labelled import Dataset

__all__ = ["Format", "read_images"]

Format = Literal["auto", "idx", "cifar", "npz"]
"""IDX files in a folder, the Python version of CIFAR, or an archive of NumPy arrays."""


def read_images(path: Path, kind: Format = "auto", *, coarse: bool = False) -> Dataset:
    """Read images and labels.

    Args:
        path: a folder with the official IDX files, a CIFAR archive or the folder of one, or an
            `npz` file.
        kind: what is there; `auto` tells it by the names.
        coarse: whether the labels are the 20 groups of classes of CIFAR-100.

    Raises:
        TaskError: if nothing of the kind is there, or it is damaged.
    """
    found = _told(path) if kind == "auto" else kind
    if coarse and found != "cifar":
        raise TaskError(f"{path}: is read as {found}, and `coarse` is of CIFAR-100: leave it out")
    if found == "cifar":
        return read_cifar(path, coarse=coarse)
    if (found == "idx") != path.is_dir():
        is_there = "a folder" if path.is_dir() else "a file"
        expected = "a folder" if found == "idx" else "a file"
        raise TaskError(f"{path}: found {is_there}, expected {expected} for `format: {found}`")
    return read_idx_folder(path) if found == "idx" else read_npz(path)


def _told(path: Path) -> Format:
    if path.is_dir():
        if find_idx(path):
            return "idx"
        if find_cifar(path):
            return "cifar"
        names = sorted(inner.name for inner in path.iterdir())
        raise TaskError(
            f"{path}: found {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}, expected "
            "the official IDX files (train-images-idx3-ubyte.gz and so on) or those of a CIFAR "
            "archive; for an npz file name the file itself"
        )
    if path.suffix == ".npz":
        return "npz"
    if path.name.endswith((".tar.gz", ".tgz", ".tar")):
        return "cifar"
    if not path.is_file():
        raise TaskError(f"{path}: found no such file or folder")
    raise TaskError(
        f"{path}: expected an npz file, a CIFAR archive (tar.gz) or a folder of official files: "
        "name one of these, or say by `format` what this is"
    )
