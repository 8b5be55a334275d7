"""Of a convolutional network, one regression for each layer over all its locations."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from evalcore_implicit.states.accumulating import Accumulator
from evalcore_implicit.states.evaluating import evaluating, kind_of_weights
from evalcore_implicit.states.folding import folded
from evalcore_implicit.states.watching import compare, first_of, given_to, inputs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Literal

    from numpy.typing import ArrayLike
    from torch import Tensor, fx

    from evalcore_implicit.sim import Moments

__all__ = ["Located", "Locations", "accumulate_locations"]

_IMAGES = 32
"""How many are unfolded together."""

_Layer = nn.Conv1d | nn.Conv2d | nn.Linear


@dataclass(frozen=True, eq=False)
class Located:
    """One layer of a network, whose weights are the same at all locations.

    Attributes:
        name: of the module.
        moments: without states; the inputs are the patches, as `torch.nn.functional.unfold` has
            them, followed by a constant 1 where the layer has a bias, and the outputs its channels.
            A sample is a location of an image.
        weights: what the network itself has, shape (channels, patch), or (channels, patch + 1).
    """

    name: str
    moments: Moments
    weights: Tensor


@dataclass(frozen=True, eq=False)
class Locations:
    """The regressions of a convolutional network with shared weights.

    Attributes:
        network: in evaluation, with batch normalisations in the layers before them; its weights are
            copies.
        layers: in the order of the network.
        samples: images.
        convolution: `locations`, for the record.
    """

    network: nn.Module
    layers: tuple[Located, ...]
    samples: int
    convolution: Literal["locations"] = "locations"

    def fitted(self, weights: Mapping[str, ArrayLike]) -> nn.Module:
        """A new network with other weights, of the shapes of `Located.weights`.

        Args:
            weights: for some layers or all, by name.

        Raises:
            ValueError: if there is no such layer, or weights have another shape.
        """
        network = deepcopy(self.network)
        known = {layer.name: layer for layer in self.layers}
        for name, given in weights.items():
            if name not in known:
                raise ValueError(f"there is no layer {name!r}, only {', '.join(known)}")
            values = torch.as_tensor(given)
            expected = known[name].weights
            if values.shape != expected.shape:
                raise ValueError(
                    f"the weights of {name} are of the shape {tuple(values.shape)}: expected "
                    f"{tuple(expected.shape)}"
                )
            _put(network.get_submodule(name), values.to(expected))
        return network


def accumulate_locations(module: nn.Module, batches: Iterable[Any]) -> Locations:
    """The second moments of each linear or convolutional layer over all samples and locations.

    The states of a convolutional layer at every location are the same function of the states in the
    window there, so that one small regression stands for all its rows of A. Batch normalisations
    are folded into the layers before them, whose outputs then are pre-activations. Memory does not
    depend on the number of samples.

    Args:
        module: what torch.fx can trace; it stays as it is.
        batches: as of `accumulate`.

    Raises:
        ValueError: if torch.fx cannot trace it; a convolution is transposed, of three dimensions or
            in groups; there is no layer at all, or no batch; or a number is not finite.
    """
    dtype, device = kind_of_weights(module)
    network = folded(module)
    layers = _layers(network)
    sums = {name: Accumulator() for name in layers}
    hooks = [
        layer.register_forward_hook(_adding(name, sums[name])) for name, layer in layers.items()
    ]
    samples = 0
    try:
        with torch.no_grad():
            for given in batches:
                inputs = inputs_of(first_of(given), dtype, device)
                outputs = given_to(network.forward, inputs.clone())
                if not samples:
                    with evaluating(module):
                        compare(module, inputs, outputs)
                samples += len(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    if not samples:
        raise ValueError("there are no batches of inputs: expected at least one")
    return Locations(
        network=network,
        layers=tuple(
            Located(name, sums[name].moments(), _weights(layer)) for name, layer in layers.items()
        ),
        samples=samples,
    )


def _layers(network: fx.GraphModule) -> dict[str, _Layer]:
    found: dict[str, _Layer] = {}
    for name in (str(node.target) for node in network.graph.nodes if node.op == "call_module"):
        child = network.get_submodule(name)
        if isinstance(child, nn.Conv1d | nn.Conv2d | nn.Linear):
            found[name] = child
        elif isinstance(child, nn.modules.conv._ConvNd):
            raise ValueError(
                f"{type(child).__name__} ({name}) has no patches to regress on: only Conv1d, "
                "Conv2d and Linear do"
            )
        if getattr(child, "groups", 1) != 1:
            raise ValueError(
                f"{type(child).__name__} ({name}) has {child.groups} groups: only convolutions "
                "without groups are fitted by location"
            )
    if not found:
        raise ValueError("the network has no Conv1d, Conv2d or Linear layer")
    return found


def _adding(name: str, sums: Accumulator) -> Any:
    def add(layer: _Layer, given: tuple[Tensor, ...], result: Tensor) -> None:
        for what, values in {"what goes into": given[0], "the output of": result}.items():
            if not bool(values.isfinite().all()):
                raise ValueError(f"{what} {name} has NaN or infinite entries")
        for start in range(0, len(result), _IMAGES):
            part = slice(start, start + _IMAGES)
            u, y = _patches(layer, given[0][part]), _channels(layer, result[part])
            none = u.new_empty(len(u), 0)
            sums.add(none, u, none, y, bias=layer.bias is not None)

    return add


def _patches(layer: _Layer, inputs: Tensor) -> Tensor:
    """What each location sees, shape (samples and locations, patch)."""
    if isinstance(layer, nn.Linear):
        return inputs.reshape(-1, layer.in_features)
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    padded = functional.pad(inputs, layer._reversed_padding_repeated_twice, mode=mode)
    if isinstance(layer, nn.Conv1d):
        padded = padded.unsqueeze(2)
    kernel, dilation, stride = (
        (1, *given) if len(given) == 1 else given
        for given in (layer.kernel_size, layer.dilation, layer.stride)
    )
    columns = functional.unfold(padded, kernel, dilation=dilation, stride=stride)
    return columns.transpose(1, 2).flatten(0, 1)


def _channels(layer: _Layer, outputs: Tensor) -> Tensor:
    """The outputs at each location, shape (samples and locations, channels)."""
    if isinstance(layer, nn.Linear):
        return outputs.reshape(-1, layer.out_features)
    return outputs.flatten(2).transpose(1, 2).flatten(0, 1)


def _weights(layer: _Layer) -> Tensor:
    weights = layer.weight.detach().flatten(1)
    return weights if layer.bias is None else torch.cat([weights, layer.bias.detach()[:, None]], 1)


@torch.no_grad()
def _put(layer: nn.Module, weights: Tensor) -> None:
    assert isinstance(layer, _Layer)
    if layer.bias is not None:
        layer.bias.copy_(weights[:, -1])
        weights = weights[:, :-1]
    layer.weight.copy_(weights.reshape(layer.weight.shape))
