"""Images in an archive of NumPy arrays."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np

from evalcore.errors import TaskError
from evalcore_implicit.images.labelled import Dataset, Labelled

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_npz"]

_DIVIDED = ("x_train", "y_train", "x_test", "y_test")
_WHOLE = ("x", "y")


def read_npz(path: Path) -> Dataset:
    """Read `x_train`, `y_train`, `x_test` and `y_test`, or `x` and `y` of data not divided yet.

    Other arrays are left alone.

    Raises:
        TaskError: if the file is no such archive or is damaged, or the arrays are not there, or no
            images with their labels.
    """
    try:
        # A file that is opened here is closed too where NumPy finds it damaged.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it is one array")
            names = next((n for n in (_DIVIDED, _WHOLE) if set(n) <= set(archive.files)), None)
            if names is None:
                raise TaskError(
                    f"{path}: found the arrays {', '.join(archive.files) or '(none)'}, expected "
                    f"{', '.join(_DIVIDED)}, or {' and '.join(_WHOLE)}"
                )
            arrays = [archive[name] for name in names]
    except (EOFError, OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise TaskError(
            f"{path}: cannot be read as an archive of arrays, as `numpy.savez` writes: {error}"
        ) from None
    parts = [
        Labelled.of(images, labels, f"{path}: {name}")
        for name, images, labels in zip(names[::2], arrays[::2], arrays[1::2], strict=True)
    ]
    return Dataset(parts[0], parts[1] if len(parts) > 1 else None)
