"""What recorded states are, beside their values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import torch

from evalcore_implicit.embedding import Block

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.layer.activations import ActivationName
    from evalcore_implicit.states.watching import Batch

__all__ = ["Convolution", "Record", "described", "kept_states", "without_dead"]

Convolution = Literal["blocks", "features"]
"""Of a convolutional network, `blocks`: only the outputs of its residual blocks; `features`: only
what follows the last convolution, with the pooled features as inputs."""


@dataclass(frozen=True, eq=False)
class Record:
    """What the states of a network are.

    Attributes:
        blocks: where those of each activation are, the last layer first; of a block without its
            dead states the shape is their number.
        activation: the one of all blocks; `None` if there are none.
        bias: whether the last input is a constant 1.
        convolution: how a convolutional network is taken; `None`: every layer as it is.
        approximated: what is neither an affine map nor recorded, in words: with it, Z = A X + B U
            and Y = C X + D U need not have a solution. Products of two tensors and functions that
            torch.fx does not show are not among them.
        dead: the states, by their places among all, that had one value in every sample.
        dropped: the dead states that were left out, by their places before.
        constant: the inputs, without that of the bias, that had one value in every sample.
        input_shape: of one input, without a bias.
        output_shape: of one output.
        samples: how many there were.
        scales: shape (n,); the states are those of the network divided by these. `None`: by 1.
    """

    blocks: tuple[Block, ...]
    activation: ActivationName | None
    bias: bool
    convolution: Convolution | None
    approximated: tuple[str, ...]
    dead: tuple[int, ...]
    constant: tuple[int, ...]
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    samples: int
    dropped: tuple[int, ...] = ()
    scales: Tensor | None = None

    @property
    def states(self) -> int:
        """How many there are, n."""
        return self.blocks[-1].states.stop if self.blocks else 0

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many states each block has."""
        return tuple(block.states.stop - block.states.start for block in self.blocks)

    def scaled(self, scales: Tensor) -> Record:
        """That of the states divided by scales, shape (n,).

        Raises:
            ValueError: if there is not one positive scale for each state, or the activation is not
                positively homogeneous, so that scaled states are not those of a model.
        """
        if self.activation not in {"relu", "leaky-relu", None}:
            raise ValueError(
                f"states of the activation {self.activation} cannot be scaled: of another size "
                "they are not the activation of what goes into it"
            )
        given = scales.detach().cpu().double()
        if given.shape != (self.states,) or not bool((given.isfinite() & (given > 0)).all()):
            raise ValueError(
                f"scales of the shape {tuple(given.shape)}: expected {self.states} finite numbers "
                "above 0, one for each state"
            )
        return replace(self, scales=given if self.scales is None else given * self.scales)


def described(
    batch: Batch,
    settings: tuple[ActivationName | None, bool, Convolution | None, tuple[str, ...]],
    varied: Tensor,
    samples: int,
) -> Record:
    """The record of states that a batch is an example of.

    Args:
        batch: any of them.
        settings: activation, bias, convolution and approximated.
        varied: whether each state, then each input without a bias, had several values.
        samples: in all.
    """
    activation, bias, convolution, approximated = settings
    n = batch.x.shape[1]
    return Record(
        blocks=batch.blocks,
        activation=activation,
        bias=bias,
        convolution=convolution,
        approximated=approximated,
        dead=tuple((~varied[:n]).nonzero().flatten().tolist()),
        constant=tuple((~varied[n:]).nonzero().flatten().tolist()),
        input_shape=batch.input_shape,
        output_shape=batch.output_shape,
        samples=samples,
    )


def kept_states(record: Record) -> Tensor:
    """The places of the states that are not dead."""
    kept = torch.ones(record.states, dtype=torch.bool)
    kept[list(record.dead)] = False
    return kept.nonzero().flatten()


def without_dead(record: Record) -> Record:
    """The record of the other states alone; blocks without any are left out."""
    if not record.dead:
        return record
    kept = kept_states(record).tolist()
    blocks: list[Block] = []
    for block in record.blocks:
        size = sum(block.states.start <= place < block.states.stop for place in kept)
        start = blocks[-1].states.stop if blocks else 0
        whole = size == block.states.stop - block.states.start
        shape = block.shape if whole else (size,)
        if size:
            blocks.append(Block(block.name, slice(start, start + size), shape))
    scales = None if record.scales is None else record.scales[kept]
    return replace(record, blocks=tuple(blocks), dead=(), dropped=record.dead, scales=scales)
