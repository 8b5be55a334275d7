"""Networks of layers whose rows are fitted layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from evalcore_implicit.embedding import embed
from evalcore_implicit.estimators.modules.images import operations
from evalcore_implicit.images.contender import Contender
from evalcore_implicit.robustness import sensitivity
from evalcore_implicit.sim import fit_path
from evalcore_implicit.state_driven.certifying import certified
from evalcore_implicit.state_driven.objectives import objective_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from evalcore_implicit.sim import Objective, Weights
    from evalcore_implicit.state_driven.settings import StateDrivenSettings
    from evalcore_implicit.state_driven.subject import Subject

__all__ = ["LAYERS", "counted", "fitted_layers", "layered_sensitivity", "regressed"]

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d)
"""Whose weights are counted and replaced."""


def fitted_layers(
    subject: Subject, settings: StateDrivenSettings, tell: Callable[[float], None]
) -> tuple[list[Contender], dict[str, Any]]:
    """A contender for each strength, and what is to be on record.

    Each layer is one regression over all samples and locations, as the states at every location are
    the same function of what is in the window there. It depends on the layer before alone,
    whatever the mask is, and needs no norm constraint.
    """
    networks, fits = regressed(subject, objective_of(settings), settings, tell)
    contenders = []
    for strength, network in zip(settings.strengths, networks, strict=True):
        whole = subject.completed(network)
        facts = {
            "weights": {"total": counted(network)},
            "operations": operations(whole, subject.images),
            "sensitivity": layered_sensitivity(subject, network),
        }
        contenders.append(Contender("state-driven", strength, whole, facts))
    certificates = {
        f"{strength:g}": certified([of[at] for of in fits.values()], settings)
        for at, strength in enumerate(settings.strengths)
    }
    shapes = {name: of[0].D.shape for name, of in fits.items()}
    details = {
        "convolution": "locations",
        "dead": 0,
        "constant": 0,
        "states": {
            "samples": len(subject.inputs),
            "layers": [
                {"name": name, "rows": rows, "unknowns": unknowns}
                for name, (rows, unknowns) in shapes.items()
            ],
        },
        "certificate": certificates,
    }
    return contenders, details


def regressed(
    subject: Subject,
    objective: Objective,
    settings: StateDrivenSettings,
    tell: Callable[[float], None] | None = None,
) -> tuple[list[nn.Module], dict[str, list[Weights]]]:
    """A network for each strength, and the solutions by layer, which are all D."""
    locations = subject.locations
    fits: dict[str, list[Weights]] = {}
    for place, layer in enumerate(locations.layers, start=1):
        fits[layer.name] = fit_path(
            layer.moments,
            objective,
            settings.strengths,
            blocks=(),
            mask="full",
            tolerance=settings.tolerance,
            max_iterations=settings.max_iterations,
            device=settings.device,
        )
        if tell is not None:
            tell(0.8 * place / len(locations.layers))
    networks = [
        locations.fitted({name: of[at].D for name, of in fits.items()})
        for at in range(len(settings.strengths))
    ]
    return networks, fits


def counted(network: nn.Module) -> int:
    """The weights and biases of linear and convolutional layers that are not 0."""
    layers = [module for module in network.modules() if isinstance(module, LAYERS)]
    return sum(
        int(values.count_nonzero())
        for layer in layers
        for values in (layer.weight, layer.bias)
        if values is not None
    )


def layered_sensitivity(subject: Subject, network: nn.Module) -> NDArray[np.float64] | None:
    """The matrix S of a network of linear layers; of others it would be too large."""
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
    convolutional = any(isinstance(module, kinds) for module in network.modules())
    if subject.backbone is not None or convolutional:
        return None
    try:
        embedded = embed(network.double(), tuple(subject.inputs.shape[1:]))
    except ValueError:
        return None
    finally:
        network.float()
    a, b, c, d = (getattr(embedded, name).to_dense() for name in "ABCD")
    bound: NDArray[np.float64] = sensitivity(a, b, c, d, bias=embedded.bias).numpy()
    return bound
