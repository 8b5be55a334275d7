"""A network made ready to be recorded, by whatever settings."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, get_args

import torch

from evalcore_implicit.states.activations import kind_of
from evalcore_implicit.states.describing import Convolution
from evalcore_implicit.states.evaluating import evaluating, kind_of_weights
from evalcore_implicit.states.selecting import selected
from evalcore_implicit.states.splitting import split
from evalcore_implicit.states.tracing import located
from evalcore_implicit.states.watching import compare, given_to, watched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor, nn

    from evalcore_implicit.layer.activations import ActivationName
    from evalcore_implicit.states.watching import Batch, Watch

    Settings = tuple[ActivationName | None, bool, Convolution | None, tuple[str, ...]]

__all__ = ["Taken", "taking"]


class Taken:
    """A network that is watched.

    Args:
        module: the network.
        watch: of what follows the backbone.
        backbone: what comes before the states, if they begin behind it.
        settings: activation, bias, convolution and approximated, for the record.

    Attributes:
        dtype: of the network.
        device: where it is.
    """

    def __init__(
        self, module: nn.Module, watch: Watch, backbone: nn.Module | None, settings: Settings
    ) -> None:
        self.settings = settings
        self.dtype, self.device = kind_of_weights(module)
        self._module, self._watch, self._backbone = module, watch, backbone
        self._compared = not watch.traced

    @torch.no_grad()
    def __call__(self, inputs: Tensor) -> Batch:
        """The states for a batch of inputs, where the network is and of its type; see `record`."""
        features = inputs
        if self._backbone is not None:
            features = given_to(self._backbone.forward, inputs.clone())
        batch = self._watch(features)
        if not self._compared:
            compare(self._module, inputs, batch.y)
            self._compared = True
        return batch


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
            yield Taken(module, watch, backbone, settings)
