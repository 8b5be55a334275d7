"""A network made ready to be recorded, by whatever settings."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import torch

from evalcore_implicit.states.activations import kind_of
from evalcore_implicit.states.describing import Convolution
from evalcore_implicit.states.evaluating import evaluating, kind_of_weights
from evalcore_implicit.states.selecting import selected
from evalcore_implicit.states.splitting import split
from evalcore_implicit.states.tracing import located
from evalcore_implicit.states.watching import given_to, watched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor, nn

    from evalcore_implicit.layer.activations import ActivationName
    from evalcore_implicit.states.watching import Batch, Watch

__all__ = ["Taken", "taking"]


@dataclass(frozen=True, eq=False)
class Taken:
    """A network that is watched.

    Attributes:
        watch: of what follows the backbone.
        backbone: what comes before the states, if they begin behind it.
        settings: activation, bias, convolution and approximated, for the record.
        dtype: of the network.
        device: where it is.
    """

    watch: Watch
    backbone: nn.Module | None
    settings: tuple[ActivationName | None, bool, Convolution | None, tuple[str, ...]]
    dtype: torch.dtype
    device: torch.device

    @torch.no_grad()
    def __call__(self, inputs: Tensor) -> Batch:
        """The states for a batch of inputs, where the network is and of its type."""
        if self.backbone is not None:
            inputs = given_to(self.backbone.forward, inputs.clone())
        return self.watch(inputs)


@contextmanager
def taking(
    module: nn.Module,
    layers: Sequence[str] | None,
    convolution: Convolution | None,
    *,
    bias: bool,
) -> Iterator[Taken]:
    """A network in evaluation with the chosen activations watched.

    Raises:
        ValueError: as said in `record`.
    """
    if convolution is not None and convolution not in (known := get_args(Convolution)):
        raise ValueError(f"convolution is {convolution!r}: expected one of {', '.join(known)}")
    dtype, device = kind_of_weights(module)
    with evaluating(module):
        backbone, head = split(module) if convolution == "features" else (None, module)
        network = located(head)
        none = convolution == "features" and layers is None and not network.activations
        names = () if none else selected(network, layers, blocks=convolution == "blocks")
        activation = kind_of(network.activations[names[0]]) if names else None
        dropped = [
            f"{type(child).__name__} ({name})"
            for name, child in network.activations.items()
            if name not in names
        ]
        approximated = (*network.nonlinear, *dropped)
        with watched(network, names) as watch:
            settings = (activation, bias, convolution, approximated)
            yield Taken(watch, backbone, settings, dtype, device)
