"""Images with their classes, however they were stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore.errors import TaskError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Dataset", "Labelled"]

_CHANNELS = (1, 3)

_HIGHEST = 65_535
"""The highest class: a classifier has an output for each up to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Images and their classes.

    Attributes:
        images: uint8 from 0 to 255, or float32 from 0 to 1; shape (m, channels, height, width).
        labels: classes from 0, shape (m,).
    """

    images: NDArray[np.uint8] | NDArray[np.float32]
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, images: NDArray[Any], labels: NDArray[Any], where: str) -> Labelled:
        """Arrays as they were stored, checked.

        Args:
            images: shape (m, height, width), (m, height, width, channels) or (m, channels, height,
                width), with 1 or 3 channels; whole numbers from 0 to 255, or floating-point
                numbers from 0 to 1.
            labels: whole numbers, shape (m,).
            where: they were found, for the text of an error.

        Raises:
            TaskError: if they are something else.
        """
        classes = np.asarray(labels)
        if classes.ndim != 1 or not np.issubdtype(classes.dtype, np.integer):
            raise TaskError(
                f"{where}: found labels of shape {classes.shape} and type {classes.dtype}, "
                "expected whole numbers of shape (images,)"
            )
        arranged = _channels_first(np.asarray(images), where)
        if len(arranged) != len(classes):
            raise TaskError(
                f"{where}: found {len(arranged)} images and {len(classes)} labels, expected as "
                "many of one as of the other"
            )
        for label in (classes.min(), classes.max()) if len(classes) else ():
            if not 0 <= label <= _HIGHEST:
                raise TaskError(
                    f"{where}: found the label {label}, expected classes from 0 to {_HIGHEST:,}"
                )
        return cls(_in_range(arranged, where), classes.astype(np.int64))

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, places: NDArray[np.intp]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Some of them: images as float32 from 0 to 1, and their labels."""
        chosen = self.images[places]
        if chosen.dtype == np.uint8:
            return chosen.astype(np.float32) / np.float32(255), self.labels[places]
        return chosen.astype(np.float32), self.labels[places]


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """What a source of images has.

    Attributes:
        train: to learn from.
        test: to be tested with; `None` where the source does not tell them apart.

    Raises:
        TaskError: if images to learn from and to be tested with are of different sizes.
    """

    train: Labelled
    test: Labelled | None

    def __post_init__(self) -> None:
        if self.test is not None and self.test.images.shape[1:] != self.train.images.shape[1:]:
            shapes = [
                " x ".join(map(str, part.images.shape[1:])) for part in (self.train, self.test)
            ]
            raise TaskError(
                f"found images of {shapes[0]} to learn from and of {shapes[1]} to be tested with, "
                "expected one size"
            )


def _channels_first(images: NDArray[Any], where: str) -> NDArray[Any]:
    if images.ndim == 3 and images.size:
        return images[:, None]
    if images.ndim == 4 and images.size:
        if images.shape[3] in _CHANNELS:
            return np.moveaxis(images, 3, 1)
        if images.shape[1] in _CHANNELS:
            return images
    raise TaskError(
        f"{where}: found images of shape {images.shape}, expected one or more of shape (height, "
        "width), (height, width, channels) or (channels, height, width), with 1 or 3 channels"
    )


def _in_range(images: NDArray[Any], where: str) -> NDArray[np.uint8] | NDArray[np.float32]:
    if images.dtype == np.uint8:
        return images.astype(np.uint8)
    whole = np.issubdtype(images.dtype, np.integer)
    if not whole and not np.issubdtype(images.dtype, np.floating):
        raise TaskError(f"{where}: found images of type {images.dtype}, expected numbers")
    low, high = images.min(), images.max()
    most = 255 if whole else 1
    if not (low >= 0 and high <= most):
        raise TaskError(
            f"{where}: found pixels from {low} to {high} of type {images.dtype}, expected whole "
            "numbers from 0 to 255 or floating-point numbers from 0 to 1"
        )
    return images.astype(np.uint8) if whole else images.astype(np.float32)
