"""Training a teacher and predicting with it, with torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evalcore.errors import EvalcoreError
from evalcore.model import Fitted, Prediction
from evalcore_implicit.estimators.fitting import alone
from evalcore_implicit.estimators.modules.images import Augmented, operations, perceptron, resnet
from evalcore_implicit.estimators.teacher_settings import ImageMlpSettings, ResNetSettings
from evalcore_implicit.estimators.teachers import TeacherState
from evalcore_implicit.estimators.training import train

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from evalcore_implicit.estimators.samples import Samples
    from evalcore_implicit.estimators.teacher_settings import TeacherSettings

__all__ = ["check_device", "predicted", "restored", "taught"]

_CHUNK = 500
"""Images that are predicted at a time."""


def taught(
    settings: TeacherSettings, samples: Samples, *, seed: int, tell: Callable[[float], None]
) -> Fitted:
    """Train a network on images.

    Args:
        settings: of the network and its training.
        samples: inputs of shape (samples, channels, height, width), and classes.
        seed: of the first weights, of what is held out, of the order of batches and of how images
            are augmented.
        tell: takes how much is done, from 0 to 1.
    """
    check_device(settings.device)
    _, channels, height, width = samples.inputs.shape
    shape = (channels, height, width)
    images = torch.from_numpy(samples.inputs.astype(np.float32)).to(settings.device)
    classes = torch.from_numpy(samples.targets).to(settings.device)
    with alone(seed):
        made = _built(settings, shape, samples.outputs)
        if settings.standardize:
            _standardize(made, samples.inputs)
        made = made.to(settings.device)
        learner = Augmented(made, settings.crop, settings.rotation, flip=settings.flip)
        generator = torch.Generator().manual_seed(seed)
        trained = train(learner, images, classes, settings, generator=generator, tell=tell)
        made.eval()
        right = _scores(made, images).argmax(dim=1) == classes
        needed = operations(made, images[:1])
    weights = {name: each.cpu().numpy().copy() for name, each in made.state_dict().items()}
    details: dict[str, Any] = {
        "parameters": learner.count(),
        "operations": needed,
        "epochs": trained.epochs,
        "loss": trained.loss,
        "accuracy": float(right.double().mean()),
        "seconds": trained.seconds,
    }
    if trained.held_out is not None:
        details["held_out_loss"] = trained.held_out
    return Fitted(TeacherState(shape, samples.outputs, weights), details)


def predicted(
    settings: TeacherSettings, state: TeacherState, images: NDArray[np.float64]
) -> Prediction:
    """The scores of images of shape (samples, channels, height, width)."""
    check_device(settings.device)
    with alone(0):
        made = restored(settings, state).to(settings.device)
        given = torch.from_numpy(images.astype(np.float32)).to(settings.device)
        return Prediction(_scores(made, given).cpu().numpy())


def restored(settings: TeacherSettings, state: TeacherState) -> nn.Module:
    """The network of a fit, in evaluation."""
    with alone(0):
        made = _built(settings, state.shape, state.classes)
    # Of a copy: the network shares no memory with the state.
    made.load_state_dict({k: torch.from_numpy(w.copy()) for k, w in state.weights.items()})
    return made.eval()


def check_device(device: str) -> None:
    """Tell where torch has no such device.

    Raises:
        EvalcoreError: if it is `cuda` and torch sees none.
    """
    if device != "cpu" and not torch.cuda.is_available():
        raise EvalcoreError(f"found `device: {device}`, but torch sees none: set `device: cpu`")


def _built(settings: TeacherSettings, shape: tuple[int, int, int], classes: int) -> nn.Sequential:
    if isinstance(settings, ResNetSettings):
        return resnet(
            shape[0],
            classes,
            depth=settings.depth,
            width=settings.width,
            shortcut=settings.shortcut,
            standardize=settings.standardize,
        )
    assert isinstance(settings, ImageMlpSettings)
    return perceptron(
        shape, settings.widths, classes, bias=settings.bias, standardize=settings.standardize
    )


def _standardize(made: nn.Sequential, images: NDArray[np.float64]) -> None:
    """Give the first module what it standardizes by."""
    variance = images.var(axis=(0, 2, 3))
    first: Any = made[0]
    first.running_mean.copy_(torch.from_numpy(images.mean(axis=(0, 2, 3))))
    # A channel that does not vary is only shifted; its variance is rounding.
    first.running_var.copy_(torch.from_numpy(np.where(variance > 1e-12, variance, 1.0)))


def _scores(made: nn.Module, images: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.cat([made(chunk) for chunk in torch.split(images, _CHUNK)])
