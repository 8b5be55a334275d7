"""Estimators of images that others are derived from: `image-mlp` and `resnet`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from evalcore.errors import EvalcoreError
from evalcore.model import Estimator
from evalcore_implicit.estimators.samples import check_inputs, check_samples
from evalcore_implicit.estimators.teacher_settings import (
    ImageMlpSettings,
    ResNetSettings,
    TeacherSettings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from evalcore.model import Fitted, Prediction

__all__ = [
    "ImageMlp",
    "ImageMlpSettings",
    "ResNet",
    "ResNetSettings",
    "TeacherState",
    "network",
]

T = TypeVar("T", bound=TeacherSettings)


@dataclass(frozen=True, slots=True, eq=False)
class TeacherState:
    """What a training learned, without anything of torch.

    Attributes:
        shape: of an image: channels, height, width.
        classes: that are told apart.
        weights: by their names in the network.
    """

    shape: tuple[int, int, int]
    classes: int
    weights: Mapping[str, NDArray[Any]]


def network(settings: TeacherSettings, state: TeacherState) -> nn.Module:
    """The network of a fit, in evaluation: from images (batch, *state.shape) to scores.

    It is an `nn.Sequential` in float32, whose every activation is a module of its own. What images
    are standardized by is part of it, what they were augmented by is not.

    Args:
        settings: of the estimator.
        state: of its fit.
    """
    from evalcore_implicit.estimators.teaching import restored

    return restored(settings, state)


class _Teacher(Estimator[T]):
    """A network that is trained on images, by the loop of all networks.

    Inputs are images of shape (samples, channels, height, width), or (samples, height, width) where
    they are grey, with pixels from 0 to 1; targets are classes. Details of a fit: `parameters`,
    `operations` (multiplications with additions of one prediction by weights that are not 0),
    `epochs`, `loss`, `accuracy` on the training images and `seconds` (of the processor, in
    training); with `validation` also `held_out_loss`.
    """

    def preflight(self) -> None:
        """Tell where there is no such device.

        Raises:
            EvalcoreError: if the device is `cuda` and torch sees none.
        """
        if self.settings.device != "cpu":
            from evalcore_implicit.estimators.teaching import check_device

            check_device(self.settings.device)

    def fit(
        self,
        inputs: NDArray[np.floating[Any]],
        targets: NDArray[np.generic],
        *,
        seed: int,
        tell: Callable[[float], None],
    ) -> Fitted:
        """Train a network.

        Raises:
            EvalcoreError: if the data are no images with classes, or the training fails.
        """
        from evalcore_implicit.estimators.teaching import taught

        samples = check_samples(inputs, targets)
        if not samples.classes:
            raise EvalcoreError(
                f"found targets of shape {samples.targets.shape}, expected classes as whole "
                "numbers of shape (samples,)"
            )
        arranged = samples._replace(inputs=_images(samples.inputs))
        return taught(self.settings, arranged, seed=seed, tell=tell)

    def predict(self, state: Any, inputs: NDArray[np.floating[Any]]) -> Prediction:
        """The scores of the classes.

        Raises:
            EvalcoreError: if the images are of another shape than those of the fit.
        """
        from evalcore_implicit.estimators.teaching import predicted

        images = _images(check_inputs(inputs))
        if images.shape[1:] != state.shape:
            raise EvalcoreError(
                f"found images of shape {images.shape[1:]}; this model was fitted to {state.shape}"
            )
        return predicted(self.settings, state, images)


class ImageMlp(_Teacher[ImageMlpSettings]):
    """A multilayer perceptron with ReLU, for images."""


class ResNet(_Teacher[ResNetSettings]):
    """A residual network with batch normalisation, for small images."""


def _images(inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    images = inputs[:, None] if inputs.ndim == 3 else inputs
    if images.ndim != 4:
        raise EvalcoreError(
            f"found inputs of shape {inputs.shape}, expected images: (samples, height, width), or "
            "(samples, channels, height, width)"
        )
    return images
