"""A network that is watched as it computes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from evalcore_implicit.embedding import Block

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor, nn

    from evalcore_implicit.states.tracing import Traced

__all__ = ["Batch", "Watch", "batch_of", "watched"]


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
    """Records what goes through chosen activations; see `watched`."""

    def __init__(self, network: Traced) -> None:
        self._network = network
        self._before: dict[str, Tensor] = {}
        self._after: dict[str, Tensor] = {}
        self._blocks: tuple[Block, ...] | None = None

    @torch.no_grad()
    def __call__(self, inputs: Tensor) -> Batch:
        """What the network makes of inputs (m, ...).

        Raises:
            ValueError: if there are none, or the network does not take them; if an activation is
                called several times, gives something else than one state for each sample, or is
                not called as in the batches before; or a state or output is not finite.
        """
        if not inputs.ndim or not len(inputs):
            raise ValueError(f"a batch of inputs has the shape {tuple(inputs.shape)}: no samples")
        _check_finite(inputs, "the inputs have")
        self._before.clear()
        self._after.clear()
        try:
            # The network may change its input in place.
            outputs = self._network.run(inputs.clone())
        except (RuntimeError, IndexError, TypeError) as error:
            shape = tuple(inputs.shape[1:])
            raise ValueError(
                f"the network takes no inputs of the shape {shape}: {error}"
            ) from error
        if not isinstance(outputs, torch.Tensor):
            raise ValueError(f"the network gives a {type(outputs).__name__}, not one tensor")
        if not outputs.ndim or len(outputs) != len(inputs):
            raise ValueError(
                f"the network gives the shape {tuple(outputs.shape)} for {len(inputs)} samples"
            )
        _check_finite(outputs, "the outputs of the network have")
        self._check_blocks(inputs)
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
        stop, blocks = 0, []
        for name in reversed(self._after):
            argument = self._before[name]
            if not argument.ndim or len(argument) != len(inputs):
                raise ValueError(
                    f"the activation {name} is given the shape {tuple(argument.shape)} for "
                    f"{len(inputs)} samples: its first dimension must be that of the batch"
                )
            _check_finite(argument, f"what goes into the activation {name} has")
            start, stop = stop, stop + argument[0].numel()
            blocks.append(Block(name, slice(start, stop), tuple(argument.shape[1:])))
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
    watch = Watch(network)
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


def batch_of(given: Any, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Inputs as a tensor where a network is; of a sequence, its first, as of inputs and labels.

    Raises:
        ValueError: if it is no array.
    """
    first = given[0] if isinstance(given, tuple | list) and given else given
    try:
        return torch.as_tensor(first).detach().to(device, dtype)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"a batch of inputs is a {type(first).__name__}, not an array") from error


def _stacked(states: dict[str, Tensor], inputs: Tensor) -> Tensor:
    parts = [state.reshape(len(inputs), -1) for state in reversed(states.values())]
    return torch.cat(parts, 1) if parts else inputs.new_empty(len(inputs), 0)


def _check_finite(values: Tensor, what: str) -> None:
    if not bool(values.isfinite().all()):
        wrong = int((~values.isfinite()).sum())
        raise ValueError(f"{what} {wrong} NaN or infinite entries, of {values.numel()} in a batch")
