"""All contenders of one teacher."""

from __future__ import annotations

import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evalcore.errors import EvalcoreError
from evalcore_implicit.estimators.modules.images import operations
from evalcore_implicit.estimators.teacher_settings import TeacherSettings
from evalcore_implicit.estimators.teachers import network
from evalcore_implicit.images.contender import TEACHER, Contender
from evalcore_implicit.state_driven.controls import lassoed, pruned
from evalcore_implicit.state_driven.implicit import fitted_models
from evalcore_implicit.state_driven.layered import counted, fitted_layers, layered_sensitivity
from evalcore_implicit.state_driven.subject import subject_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from evalcore.model import Estimator
    from evalcore_implicit.state_driven.settings import StateDrivenSettings
    from evalcore_implicit.state_driven.subject import Subject

__all__ = ["contenders_of"]


def contenders_of(
    estimator: Estimator[Any],
    state: Any,
    settings: StateDrivenSettings,
    inputs: NDArray[Any],
    tell: Callable[[float], None],
) -> tuple[list[Contender], dict[str, Any]]:
    """The teacher, a fit for each strength, and its controls; and what is to be on record.

    Args:
        estimator: the teacher.
        state: of its fit.
        settings: of the fits.
        inputs: images of which the states are taken, shape (m, channels, height, width).
        tell: takes how much is done, from 0 to 1.

    Raises:
        EvalcoreError: if the estimator has no network, or it cannot be fitted.
    """
    if settings.device != "cpu" and not torch.cuda.is_available():
        raise EvalcoreError(
            f"found `device: {settings.device}`, but torch sees none: set `device: cpu`"
        )
    teacher = _network_of(estimator, state)
    images = torch.from_numpy(np.ascontiguousarray(inputs, np.float32))
    try:
        return _contenders(teacher, images, settings, tell)
    except ValueError as error:
        raise EvalcoreError(f"the states of the teacher cannot be fitted: {error}") from error


def _network_of(estimator: Estimator[Any], state: Any) -> nn.Module:
    if isinstance(estimator.settings, TeacherSettings):
        return network(estimator.settings, state)
    made = getattr(estimator, "network", None)
    if made is None:
        raise EvalcoreError(
            f"found {type(estimator).__name__} as the teacher, which has no network: use image-mlp "
            "or resnet, or give the estimator a method `network(state)` that returns an nn.Module "
            "from images to scores"
        )
    module: nn.Module = made(state)
    return module.eval()


def _contenders(
    teacher: nn.Module,
    images: Tensor,
    settings: StateDrivenSettings,
    tell: Callable[[float], None],
) -> tuple[list[Contender], dict[str, Any]]:
    began = time.process_time()
    subject = subject_of(teacher, images, settings.convolution)
    if settings.convolution == "locations":
        fits, details = fitted_layers(subject, settings, tell)
    else:
        fits, details = fitted_models(subject, settings, tell)
    details["seconds"] = time.process_time() - began
    contenders = [_layered(TEACHER, None, subject, subject.network), *fits]
    if "magnitude-pruned" in settings.controls:
        for fit in fits:
            left = pruned(subject.network, fit.facts["weights"]["total"])
            contenders.append(_layered("magnitude-pruned", fit.strength, subject, left))
    # By locations with the l1 norm, the fit is that control itself.
    same = settings.convolution == "locations" and settings.objective == "l1"
    if "layer-wise-lasso" in settings.controls and not same:
        layered = lassoed(subject, settings)
        contenders += [
            _layered("layer-wise-lasso", strength, subject, made)
            for strength, made in zip(settings.strengths, layered, strict=True)
        ]
    tell(1.0)
    return contenders, details


def _layered(name: str, strength: float | None, subject: Subject, network: nn.Module) -> Contender:
    """A network of layers, which is the subject's own or one in its place."""
    whole = subject.completed(deepcopy(network))
    facts: dict[str, Any] = {
        "weights": {"total": counted(network)},
        "operations": operations(whole, subject.images),
        "sensitivity": layered_sensitivity(subject, network),
    }
    return Contender(name, strength, whole, facts)
