"""The maps of a traced network, put into one implicit model with the last layer first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from evalcore_implicit.embedding.embedded import Block, Embedded
from evalcore_implicit.embedding.sparse import SparseMatrix

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.embedding.affine import Affine, States

__all__ = ["stacked"]

_LARGEST_INT32 = 2**31 - 1


def stacked(states: States, output: Affine, input_shape: tuple[int, ...]) -> Embedded:
    """The implicit model of an output and of the states on its way."""
    sizes = torch.tensor([len(block.argument.offset) for block in states.blocks], dtype=torch.long)
    ends = sizes.cumsum(0)
    n, p = int(sizes.sum()), states.inputs
    starts = n - ends
    # Where each state of the forward pass goes.
    places = torch.arange(n) + (starts - ends + sizes).repeat_interleave(sizes)
    arguments = [block.argument for block in reversed(states.blocks)]
    last = states.rounded(output)
    offsets = [one.offset for one in arguments] or [last.offset[:0]]
    bias = any(bool(offset.any()) for offset in (*offsets, last.offset))
    none = SparseMatrix.of_rows(torch.empty(0, 1).long(), last.offset[:0].unsqueeze(1), p + n)
    hidden = [one.matrix for one in arguments] or [none]
    return Embedded(
        A=_compact([_of_states(one, p, places) for one in hidden]),
        B=_compact([_of_inputs(torch.cat(offsets), bias, hidden, p)]),
        C=_compact([_of_states(last.matrix, p, places)]),
        D=_compact([_of_inputs(last.offset, bias, [last.matrix], p)]),
        blocks=tuple(
            Block(block.name, slice(start, start + size), block.argument.shape)
            for block, start, size in zip(
                reversed(states.blocks),
                reversed(starts.tolist()),
                reversed(sizes.tolist()),
                strict=True,
            )
        ),
        slope=states.slope,
        bias=bias,
        input_shape=input_shape,
        output_shape=output.shape,
        scales=last.offset.new_ones(n),
    )


def _of_states(matrix: SparseMatrix, inputs: int, places: Tensor) -> SparseMatrix:
    """The part of the states, at the places to which these go."""
    kept = matrix.where(matrix.columns >= inputs)
    columns = places[kept.columns - inputs]
    shape = (matrix.shape[0], len(places))
    return SparseMatrix.of_entries(kept.row_of_entries(), columns, kept.values, shape)


def _of_inputs(offset: Tensor, bias: bool, parts: list[SparseMatrix], inputs: int) -> SparseMatrix:
    """The part of the inputs, and the offset as that of a constant input after them."""
    kept = [part.where(part.columns < inputs) for part in parts]
    matrix = SparseMatrix.stacked(kept).widened(inputs)
    if not bias:
        return matrix
    rows = offset.nonzero().squeeze(1)
    constants = SparseMatrix.of_entries(
        rows, torch.full_like(rows, inputs), offset[rows], (len(offset), inputs + 1)
    )
    return matrix.plus(constants)


def _compact(parts: list[SparseMatrix]) -> SparseMatrix:
    """The parts, one below the other, with indexes of 32 bits where these suffice."""
    fits = max(sum(part.entries for part in parts), parts[0].width) <= _LARGEST_INT32
    index = torch.int32 if fits else torch.int64
    return SparseMatrix.stacked(parts).to(index=index)
