"""Implicit models that are fitted to the states of a network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evalcore_implicit.estimators.modules.images import operations
from evalcore_implicit.images.contender import Contender
from evalcore_implicit.robustness import sensitivity
from evalcore_implicit.sim import Moments, Weights, fit_path, fit_rows
from evalcore_implicit.state_driven.certifying import certified
from evalcore_implicit.state_driven.classifier import ImplicitClassifier
from evalcore_implicit.state_driven.objectives import objective_of
from evalcore_implicit.state_driven.pattern import pattern
from evalcore_implicit.states import accumulate, find_scales

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from evalcore_implicit.state_driven.settings import StateDrivenSettings
    from evalcore_implicit.state_driven.subject import Subject
    from evalcore_implicit.states import Accumulated, Record

__all__ = ["fitted_models"]

_BATCH = 256

_COUNTED = 500
"""Samples over which iterations are counted, at most."""


def fitted_models(
    subject: Subject, settings: StateDrivenSettings, tell: Callable[[float], None]
) -> tuple[list[Contender], dict[str, Any]]:
    """A contender for each strength, and what is to be on record.

    Raises:
        ValueError: if the network cannot be recorded, rescaled or fitted.
    """
    found = _recorded(subject, settings)
    record = found.record
    fits = fit_path(
        found.moments,
        objective_of(settings),
        settings.strengths,
        blocks=record.sizes,
        mask=settings.mask if record.states else "full",
        kappa=settings.kappa,
        matching=settings.matching,
        tolerance=settings.tolerance,
        max_iterations=settings.max_iterations,
        device=settings.device,
        tell=lambda done: tell(0.8 * done),
    )
    contenders, certificates = [], {}
    for strength, weights in zip(settings.strengths, fits, strict=True):
        fit = _regenerated(subject, record, weights, strength, settings)
        contenders.append(_contender(subject, record, fit, strength, settings))
        certificates[f"{strength:g}"] = certified([fit], settings)
    middle = len(fits) // 2
    details = {
        "convolution": settings.convolution or "none",
        "dead": len(record.dropped),
        "constant": len(record.constant),
        "states": {
            "samples": record.samples,
            "layers": [
                {"name": block.name, "states": size}
                for block, size in zip(record.blocks, record.sizes, strict=True)
            ],
            "inputs": found.moments.inputs,
            "outputs": found.moments.outputs,
            "bias": record.bias,
            "approximated": list(record.approximated),
        },
        "certificate": certificates,
        "pattern": {
            "strength": settings.strengths[middle],
            **pattern(fits[middle], record.sizes),
        },
    }
    return contenders, details


def _recorded(subject: Subject, settings: StateDrivenSettings) -> Accumulated:
    convolution = settings.convolution
    assert convolution != "locations"
    found = accumulate(
        subject.teacher,
        torch.split(subject.images, _BATCH),
        layers=settings.layers,
        convolution=convolution,
        bias=_has_bias(subject.network) if settings.bias is None else settings.bias,
    )
    if settings.rescale and found.record.states:
        found = found.scaled(find_scales(subject.teacher, found.record, kappa=settings.kappa))
    return found.live()


def _has_bias(network: nn.Module) -> bool:
    """Whether 0 has another image than 0 somewhere, as far as parameters and buffers tell."""
    names = [name for name, _ in [*network.named_parameters(), *network.named_buffers()]]
    return any(name.rpartition(".")[2] in {"bias", "running_mean"} for name in names)


def _regenerated(
    subject: Subject,
    record: Record,
    weights: Weights,
    strength: float,
    settings: StateDrivenSettings,
) -> Weights:
    """The same A and B, with C and D for the states that these lead to, where that is set."""
    if not settings.regenerate or not record.states:
        return weights
    model = _classifier(record, weights, settings).double()
    with torch.no_grad():
        outputs = torch.cat([subject.network(batch) for batch in subject.batches()])
        x, u = model.states(subject.inputs.double())
    moments = Moments.of(x.numpy(), u.numpy(), np.zeros(x.shape), outputs.double().numpy())
    # The rows of A and B have targets of 0 here, to which no weights at all are the best.
    again = fit_rows(
        moments,
        objective_of(settings).at(strength),
        blocks=record.sizes,
        mask=settings.mask,
        kappa=settings.kappa,
        matching=settings.matching,
        tolerance=settings.tolerance,
        max_iterations=settings.max_iterations,
        device=settings.device,
    )
    n = len(weights.A)
    values = {
        name: np.concatenate([value[:n], getattr(again.certificate, name)[n:]])
        for name, value in vars(weights.certificate).items()
    }
    certificate = replace(weights.certificate, **values)
    return replace(weights, C=again.C, D=again.D, certificate=certificate)


def _contender(
    subject: Subject,
    record: Record,
    weights: Weights,
    strength: float,
    settings: StateDrivenSettings,
) -> Contender:
    model = _classifier(record, weights, settings)
    counts = {name: int(np.count_nonzero(getattr(weights, name))) for name in "ABCD"}
    total = sum(counts.values())
    iterations = model.iterations(subject.inputs[:_COUNTED])
    steps = 1.0 if settings.mask == "triangular" else iterations
    # What is added for a bias is no multiplication, here as in layers.
    added = sum(np.count_nonzero(of[:, -1]) for of in (weights.B, weights.D)) if record.bias else 0
    needed = total - added - counts["A"] + round(counts["A"] * steps)
    if subject.backbone is not None:
        needed += operations(subject.backbone, subject.images)
    bound = None
    if subject.backbone is None:
        a, b, c, d = (torch.from_numpy(np.ascontiguousarray(getattr(weights, n))) for n in "ABCD")
        bound = sensitivity(a, b, c, d, bias=record.bias).numpy()
    facts = {
        "weights": {"total": total, **counts},
        "operations": needed,
        "iterations": iterations,
        "norm": float(np.abs(weights.A).sum(1).max(initial=0.0)),
        "sensitivity": bound,
    }
    return Contender("state-driven", strength, subject.completed(model), facts)


def _classifier(
    record: Record, weights: Weights, settings: StateDrivenSettings
) -> ImplicitClassifier:
    return ImplicitClassifier(
        weights,
        activation=record.activation or "relu",
        bias=record.bias,
        triangular=settings.mask == "triangular",
        kappa=settings.kappa,
    )
