"""Images of the Hugging Face hub."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore.errors import TaskError
from evalcore_implicit.images.labelled import Dataset, Labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["read_hub"]

_IMAGES = ("image", "img")
_LABELS = ("label", "fine_label", "labels")


def read_hub(name: str, revision: str | None = None, *, coarse: bool = False) -> Dataset:
    """Read a data set of images by the package `datasets`.

    Args:
        name: such as `zalando-datasets/fashion_mnist`.
        revision: of it; the newest if not given.
        coarse: whether the labels are those of the column `coarse_label`.

    Raises:
        TaskError: if `datasets` is not installed, the data set cannot be had, or has no splits and
            columns of images and labels.
    """
    try:
        datasets = import_module("datasets")
    except ModuleNotFoundError:
        raise TaskError(
            f"the data set {name!r} is read with the package `datasets`, which is not installed: "
            "pip install 'evalcore-implicit[hub]', or set `path` to files"
        ) from None
    try:
        splits = datasets.load_dataset(name, revision=revision)
    except Exception as error:  # of the hub, of the network or of the data set
        raise TaskError(f"the data set {name!r} cannot be had: {error}") from error
    if "train" not in splits:
        raise TaskError(f"{name}: found the splits {', '.join(splits)}, expected train, and test")
    train = _split(splits["train"], f"{name}: train", coarse=coarse)
    test = _split(splits["test"], f"{name}: test", coarse=coarse) if "test" in splits else None
    return Dataset(train, test)


def _split(rows: Any, where: str, *, coarse: bool) -> Labelled:
    images = _column(rows, _IMAGES, where)
    labels = _column(rows, ("coarse_label",) if coarse else _LABELS, where)
    pixels = [np.asarray(image) for image in rows[images]]
    if len({image.shape for image in pixels}) != 1:
        raise TaskError(f"{where}: found images of several sizes, or none; expected one size")
    return Labelled.of(np.stack(pixels), np.asarray(rows[labels]), where)


def _column(rows: Any, names: Sequence[str], where: str) -> str:
    found = next((name for name in names if name in rows.column_names), None)
    if found is None:
        raise TaskError(
            f"{where}: found the columns {', '.join(rows.column_names)}, expected one of "
            f"{', '.join(names)}"
        )
    return found
