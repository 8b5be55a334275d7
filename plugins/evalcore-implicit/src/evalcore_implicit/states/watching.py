"""A network that is watched as it computes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from evalcore_implicit.embedding import Block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor, nn

    from evalcore_implicit.states.tracing import Traced

__all__ = ["Batch", "Watch", "compare", "first_of", "given_to", "inputs_of", "watched"]

_COMPARED = 2
"""Samples for which a traced network is compared with the network itself."""

_DOUBTFUL = 0.01
"""A difference of so much of the largest output is no rounding, not even with TF32."""


@dataclass(frozen=True, eq=False)
class Batch:
    """The states of some samples, the last layer first.

    Attributes:
        u: inputs, shape (m, p).
        x: after the activations, shape (m, n).
        z: before them, shape (m, n).
        y: outputs, shape (m, q).
        blocks: where the states of each activation are.
        input_shape: of one input.
        output_shape: of one output.
    """

    u: Tensor
    x: Tensor
    z: Tensor
    y: Tensor
    blocks: tuple[Block, ...]
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]


class Watch:
    """Records what goes through chosen activations; see `watched`.

    Attributes:
        traced: whether the network is the one that torch.fx made.
    """

    def __init__(self, network: Traced, names: Sequence[str]) -> None:
        self.traced = network.problem is None
        self._network = network
        self._names = names
        self._before: dict[str, Tensor] = {}
        self._after: dict[str, Tensor] = {}
        self._blocks: tuple[Block, ...] | None = None

    @torch.no_grad()
    def __call__(self, inputs: Tensor) -> Batch:
        """What the network makes of inputs (m, ...); see `inputs_of`.

        Raises:
            ValueError: if the network does not take them; an activation is not called, or several
                times, or gives something else than one state for each sample, or its shape is not
                that of the batches before; or a state or output is not finite.
        """
        self._before.clear()
        self._after.clear()
        # The network may change its input in place.
        outputs = given_to(self._network.run, inputs.clone())
        self._check_blocks(inputs)
        if not isinstance(outputs, torch.Tensor):
            raise ValueError(f"the network gives a {type(outputs).__name__}, not one tensor")
        if not outputs.ndim or len(outputs) != len(inputs):
            raise ValueError(
                f"the network gives the shape {tuple(outputs.shape)} for {len(inputs)} samples"
            )
        _check_finite(outputs, "the outputs of the network have")
        return Batch(
            u=inputs.reshape(len(inputs), -1),
            x=_stacked(self._after, inputs),
            z=_stacked(self._before, inputs),
            y=outputs.reshape(len(inputs), -1),
            blocks=self._blocks or (),
            input_shape=tuple(inputs.shape[1:]),
            output_shape=tuple(outputs.shape[1:]),
        )

    def before(self, name: str, argument: Any) -> None:
        """Keep what an activation is given; it may be about to change it in place."""
        if name in self._before:
            raise ValueError(
                f"the activation {name} is called several times: give each call a module of its own"
            )
        self._before[name] = argument.detach().clone()

    def after(self, name: str, result: Tensor) -> None:
        """Keep what an activation gives; the network may change it in place later."""
        self._after[name] = result.detach().clone()

    def _check_blocks(self, inputs: Tensor) -> None:
        for name in self._names:
            if name not in self._after:
                raise ValueError(
                    f"the network does not call the activation {name}: name those that it does "
                    "with `layers`"
                )
        for name, argument in self._before.items():
            if not argument.ndim or len(argument) != len(inputs):
                raise ValueError(
                    f"the activation {name} is given the shape {tuple(argument.shape)} for "
                    f"{len(inputs)} samples: its first dimension must be that of the batch"
                )
            _check_finite(argument, f"what goes into the activation {name} has")
        stop, blocks = 0, []
        for name, result in reversed(self._after.items()):
            start, stop = stop, stop + result[0].numel()
            blocks.append(Block(name, slice(start, stop), tuple(result.shape[1:])))
        if self._blocks is None:
            self._blocks = tuple(blocks)
        elif self._blocks != tuple(blocks):
            raise ValueError(
                f"a batch of inputs of the shape {tuple(inputs.shape)} has other activations than "
                "the first batch: the inputs must have one shape, and all take the same way"
            )


@contextmanager
def watched(network: Traced, names: Sequence[str]) -> Iterator[Watch]:
    """A network with hooks at the activations of some names."""
    watch = Watch(network, names)
    hooks = []
    try:
        for name in names:
            module = network.activations[name]

            def before(_: nn.Module, given: tuple[Any, ...], name: str = name) -> None:
                watch.before(name, given[0])

            def after(_: nn.Module, __: Any, result: Tensor, name: str = name) -> None:
                watch.after(name, result)

            hooks += [
                module.register_forward_pre_hook(before),
                module.register_forward_hook(after),
            ]
        yield watch
    finally:
        for hook in hooks:
            hook.remove()


def given_to(run: Callable[[Tensor], Any], inputs: Tensor) -> Any:
    """What a network gives for inputs.

    Raises:
        ValueError: if it does not take them.
    """
    try:
        return run(inputs)
    except (RuntimeError, IndexError, TypeError) as error:
        shape = tuple(inputs.shape[1:])
        raise ValueError(f"the network takes no inputs of the shape {shape}: {error}") from error


@torch.no_grad()
def compare(module: nn.Module, inputs: Tensor, outputs: Tensor) -> None:
    """Check that what torch.fx made of a network gives the outputs of the network itself.

    Args:
        module: the network, in evaluation.
        inputs: of some samples.
        outputs: for these, of what was made; in any shape.

    Raises:
        ValueError: if it does not, for the first samples.
    """
    few = inputs[:_COMPARED].clone()
    expected = module(few).reshape(len(few), -1)
    found = outputs[:_COMPARED].reshape(len(few), -1)
    allowed = _DOUBTFUL * float(expected.abs().max()) if expected.numel() else 0.0
    if found.shape != expected.shape or not bool(((found - expected).abs() <= allowed).all()):
        raise ValueError(
            "the network gives other outputs than what torch.fx traces of it: an operation in "
            "place may change a tensor that is used again (`inplace=True`, `+=`), or the outputs "
            "change from one call to the next"
        )


def inputs_of(given: Any, dtype: torch.dtype, device: torch.device) -> Tensor:
    """An array of inputs as a tensor of a network's type, where it is.

    Raises:
        ValueError: if it is no array, or has no samples.
    """
    try:
        inputs = torch.as_tensor(given).detach().to(device, dtype)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"the inputs are a {type(given).__name__}, not an array") from error
    if not inputs.ndim or not len(inputs):
        raise ValueError(f"the inputs are of the shape {tuple(inputs.shape)}: there are no samples")
    _check_finite(inputs, "the inputs have")
    return inputs


def first_of(batch: Any) -> Any:
    """The inputs of a batch, which may be a tuple or list of them and of labels."""
    return batch[0] if isinstance(batch, tuple | list) and batch else batch


def _stacked(states: dict[str, Tensor], inputs: Tensor) -> Tensor:
    parts = [state.reshape(len(inputs), -1) for state in reversed(states.values())]
    return torch.cat(parts, 1) if parts else inputs.new_empty(len(inputs), 0)


def _check_finite(values: Tensor, what: str) -> None:
    if not bool(values.isfinite().all()):
        wrong = int((~values.isfinite()).sum())
        raise ValueError(f"{what} {wrong} NaN or infinite entries, of {values.numel()} in a batch")
