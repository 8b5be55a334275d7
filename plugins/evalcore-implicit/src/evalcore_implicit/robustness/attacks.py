"""Inputs that are changed a little so that a classifier errs, or at random."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import nn
from torch.nn import functional

from evalcore_implicit.embedding.modules import acts_otherwise_in_training

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    Model = Callable[[Tensor], Tensor]

__all__ = ["Attack", "attack"]

Attack = Literal["fgsm", "pgd", "gaussian", "uniform"]


def attack(
    model: Model,
    inputs: Tensor,
    labels: Tensor,
    kind: Attack,
    *,
    strength: float,
    steps: int = 10,
    step: float | None = None,
    low: float = 0.0,
    high: float = 1.0,
    seed: int = 0,
    batch_size: int = 256,
) -> Tensor:
    """The inputs after an attack that knows the model and the true labels.

    `fgsm` takes one step of the strength along the sign of the gradient of the cross-entropy
    (Goodfellow, Shlens and Szegedy, Explaining and Harnessing Adversarial Examples, ICLR 2015,
    section 4). `pgd` starts at a random place within the strength and takes smaller steps of that
    kind, each followed by the projection on what is allowed (Madry et al., Towards Deep Learning
    Models Resistant to Adversarial Attacks, ICLR 2018, equation 1). `gaussian` and `uniform` add
    noise and ask the model nothing. Where a gradient is 0 or NaN in an entry, that entry stays.

    Args:
        model: from inputs to scores (batch, classes), differentiable, each sample by itself. A
            module is attacked as it is.
        inputs: shape (m, ...), floating-point, from `low` to `high`.
        labels: the true classes, integers of shape (m,).
        kind: `fgsm`, `pgd`, `gaussian` or `uniform`.
        strength: the largest change of an entry; of `gaussian` the standard deviation.
        steps: of `pgd`.
        step: the length of one of them; a fourth of the strength if it is not set.
        low: the least value of an input; attacked inputs are clipped to it, and so to `high`.
        high: the largest one.
        seed: of the noise, and of the start of `pgd`. The same for every kind and strength draws
            the same directions.
        batch_size: samples that the model is given at once; the result does not depend on it.

    Returns:
        New inputs, of the same shape and type.

    Raises:
        ValueError: if an argument is out of its range, the inputs are not between `low` and
            `high`, labels do not fit the scores, or a module is in training and then computes
            something else.
    """
    _check_settings(kind, strength, steps, step, batch_size)
    _check_samples(inputs, labels, low, high)
    _check_evaluation(model)
    # Inference tensors take no part in autograd; copies made outside of that mode do.
    with torch.inference_mode(False):
        clean, truth = inputs.detach().clone(), labels.detach().clone().long()
        least = (clean - strength).clamp_(min=low)
        largest = (clean + strength).clamp_(max=high)
        noise = _noise(clean, kind, seed).mul_(strength)
        if kind == "gaussian":
            return (clean + noise).clamp_(low, high)
        if kind == "uniform":
            return torch.clamp(clean + noise, least, largest)
        if kind == "fgsm":
            length, count, moved = strength, 1, clean
        else:
            length = strength / 4 if step is None else step
            count, moved = steps, torch.clamp(clean + noise, least, largest)
        parts = [moved[:0]]
        for start in range(0, len(moved), batch_size):
            part = slice(start, start + batch_size)
            limits = least[part], largest[part]
            parts.append(_climbed(model, moved[part], truth[part], limits, length, count))
        return torch.cat(parts)


def _climbed(
    model: Model,
    inputs: Tensor,
    labels: Tensor,
    limits: tuple[Tensor, Tensor],
    length: float,
    steps: int,
) -> Tensor:
    """The inputs after steps along the sign of the gradient, each projected."""
    for _ in range(steps):
        slope = _slope(model, inputs, labels).nan_to_num_(0.0).sign_()
        inputs = torch.clamp(inputs + length * slope, *limits)
    return inputs


def _slope(model: Model, inputs: Tensor, labels: Tensor) -> Tensor:
    """The derivative of the cross-entropy by the inputs."""
    with torch.enable_grad():
        variable = inputs.detach().clone().requires_grad_()
        scores = model(variable)
        if scores.ndim != 2 or len(scores) != len(labels):
            raise ValueError(
                f"the model gives scores of the shape {tuple(scores.shape)} for {len(labels)} "
                f"samples: expected ({len(labels)}, classes)"
            )
        if int(labels.max()) >= scores.shape[1]:
            raise ValueError(
                f"there is a label {int(labels.max())}, and the model has scores of "
                f"{scores.shape[1]} classes: labels count from 0"
            )
        if not scores.requires_grad:
            raise ValueError(
                "the scores of the model have no gradient: it must be made of operations of torch "
                "without `no_grad` or `detach`"
            )
        loss = functional.cross_entropy(scores, labels, reduction="sum")
        (slope,) = torch.autograd.grad(loss, variable)
    return slope


def _noise(inputs: Tensor, kind: Attack, seed: int) -> Tensor:
    """Of size 1, and the same on every device."""
    if kind == "fgsm":
        return torch.zeros_like(inputs)
    generator = torch.Generator().manual_seed(seed)
    if kind == "gaussian":
        noise = torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype)
    else:
        noise = torch.rand(inputs.shape, generator=generator, dtype=inputs.dtype).mul_(2).sub_(1)
    return noise.to(inputs.device)


def _check_settings(
    kind: str, strength: float, steps: int, step: float | None, batch_size: int
) -> None:
    if kind not in (kinds := get_args(Attack)):
        raise ValueError(f"the attack is {kind!r}: expected one of {', '.join(kinds)}")
    if not 0 <= strength < inf:
        raise ValueError(f"the strength must be a finite number of at least 0, not {strength}")
    if step is not None and not 0 < step < inf:
        raise ValueError(f"a step must be a finite number above 0, not {step}")
    for name, count in {"steps": steps, "batch_size": batch_size}.items():
        if count < 1:
            raise ValueError(f"{name} must be at least 1, not {count}")


def _check_samples(inputs: Tensor, labels: Tensor, low: float, high: float) -> None:
    if not low < high:
        raise ValueError(f"the range of the inputs is from {low} to {high}: low must be below high")
    if not inputs.is_floating_point():
        raise ValueError(f"the inputs are {inputs.dtype}: convert them to floating-point numbers")
    if labels.shape != inputs.shape[:1] or labels.is_floating_point():
        raise ValueError(
            f"the labels are {labels.dtype} of the shape {tuple(labels.shape)}: expected integers "
            f"of the shape {tuple(inputs.shape[:1])}, one for each sample"
        )
    if len(labels) and int(labels.min()) < 0:
        raise ValueError(f"there is a label {int(labels.min())}: labels count from 0")
    if inputs.numel() and not (float(inputs.min()) >= low and float(inputs.max()) <= high):
        raise ValueError(
            f"the inputs are from {float(inputs.min()):.6g} to {float(inputs.max()):.6g}, outside "
            f"of the range from {low} to {high} that attacks are clipped to: set low and high"
        )


def _check_evaluation(model: Model) -> None:
    if not isinstance(model, nn.Module):
        return
    for name, child in model.named_modules():
        if acts_otherwise_in_training(child):
            raise ValueError(
                f"{type(child).__name__} ({name}) is in training: call `eval()` on the model"
            )
