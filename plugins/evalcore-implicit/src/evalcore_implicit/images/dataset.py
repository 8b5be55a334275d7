"""Task `images`: a data set of images from files, or of the Hugging Face hub."""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import Field, model_validator

from evalcore.errors import TaskError
from evalcore.settings import DataPath  # noqa: TC001 - pydantic reads it
from evalcore_implicit.images.drawing import Images
from evalcore_implicit.images.hub import read_hub
from evalcore_implicit.images.reading import Format, read_images
from evalcore_implicit.images.task import Drawn, ImageSettings, ImageTask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalcore_implicit.images.labelled import Dataset, Labelled

__all__ = ["ImageDataset", "ImageDatasetSettings"]


class ImageDatasetSettings(ImageSettings):
    """Where the images are, and how many of them are taken."""

    path: DataPath | None = None
    """A folder with the official IDX files of MNIST or Fashion-MNIST, compressed or not; the Python
    version of CIFAR-10 or CIFAR-100, as an archive or extracted; or an npz file with `x_train`,
    `y_train`, `x_test` and `y_test`, or with `x` and `y`."""
    format: Format = "auto"
    """Which of these `path` is: `idx`, `cifar` or `npz`; told by names if not set."""
    dataset: str | None = None
    """Instead of `path` a data set of the Hugging Face hub, read by the package `datasets`."""
    revision: str | None = None
    """Of the data set of the hub; the newest if not set."""
    coarse: bool = False
    """Of CIFAR-100, whether the classes are its 20 groups of classes."""
    train_samples: int | None = Field(None, ge=2)
    """Images to learn from, chosen by chance; all if not set."""
    test_samples: int | None = Field(None, ge=1)
    """Images to be tested with, chosen by chance; all test images if not set. Data that are not
    divided need it: they are divided anew for each drawing."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.dataset is None):
            raise ValueError("set one of `path` and `dataset`")
        if self.dataset is None and self.revision is not None:
            raise ValueError("`revision` is of a `dataset` of the hub")
        if self.path is None and self.format != "auto":
            raise ValueError("`format` is of `path`")
        return self


class ImageDataset(ImageTask[ImageDatasetSettings]):
    """Images that others took, a subset of them in each drawing, in an order of its own."""

    def preflight(self) -> None:
        """Read the files and draw once; of the hub, look for the package.

        Raises:
            TaskError: if the files or the package are not there or not right, or if there are fewer
                images than are wanted.
        """
        if self.settings.dataset is None:
            self.drawn(0)
        elif find_spec("datasets") is None:
            raise TaskError(
                "`dataset` needs the package `datasets`: pip install 'evalcore-implicit[hub]'"
            )

    def drawn(self, number: int) -> Drawn:
        """Chosen by chance."""
        rng = np.random.default_rng([self.settings.seed, number])
        train, test = self._dataset.train, self._dataset.test
        if test is None:
            order = rng.permutation(len(train))
            places, test_places = self._divided(order)
            test = train
        else:
            wanted = self.settings.train_samples, self.settings.test_samples
            places = _chosen(rng, train, "train_samples", wanted[0])
            test_places = _chosen(rng, test, "test_samples", wanted[1])
        inputs, labels = train.take(places)
        test_inputs, test_labels = test.take(test_places)
        if labels.max() < test_labels.max():
            raise TaskError(
                f"{self._source}: found no image of the class {test_labels.max()} among the "
                f"{len(labels)} to learn from: raise `train_samples`"
            )
        return Drawn(Images(inputs, labels, test_inputs), test_labels)

    def _divided(self, order: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """What is learned from, and what is tested with, of images that are not divided."""
        held = self.settings.test_samples
        if held is None:
            raise TaskError(
                f"{self._source}: found {len(order)} images that are not divided: set "
                "`test_samples` to the number to be tested with"
            )
        most = len(order) - held
        wanted = most if self.settings.train_samples is None else self.settings.train_samples
        if wanted > most or most < 2:
            raise TaskError(
                f"{self._source}: found {len(order)} images, expected {max(wanted, 2)} to learn "
                f"from and {held} to be tested with: lower `train_samples` or `test_samples`"
            )
        return order[held : held + wanted], order[:held]

    @property
    def _source(self) -> str:
        return self.settings.path or self.settings.dataset or ""

    @cached_property
    def _dataset(self) -> Dataset:
        settings = self.settings
        if settings.dataset is not None:
            return read_hub(settings.dataset, settings.revision, coarse=settings.coarse)
        return read_images(Path(self._source), settings.format, coarse=settings.coarse)


def _chosen(
    rng: np.random.Generator, labelled: Labelled, name: str, wanted: int | None
) -> NDArray[np.intp]:
    there = len(labelled)
    if wanted is not None and wanted > there:
        raise TaskError(
            f"found {there} images for `{name}: {wanted}`: lower it, or leave it out for all"
        )
    return rng.permutation(there)[:wanted]
