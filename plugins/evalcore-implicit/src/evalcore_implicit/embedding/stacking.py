"""The maps of a traced network, put into one implicit model with the last layer first."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import torch

from evalcore_implicit.embedding.embedded import Block, Embedded
from evalcore_implicit.embedding.sparse import SparseMatrix

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.embedding.affine import Affine, States

__all__ = ["stacked"]


def stacked(states: States, output: Affine, input_shape: tuple[int, ...]) -> Embedded:
    """The implicit model of an output and of the states on its way."""
    sizes = torch.tensor([len(block.argument.offset) for block in states.blocks], dtype=torch.long)
    ends = sizes.cumsum(0)
    n, p = int(sizes.sum()), states.inputs
    starts = n - ends
    arguments = [block.argument for block in reversed(states.blocks)]
    last = states.rounded(output)
    offsets = [one.offset for one in arguments] or [last.offset[:0]]
    bias = any(bool(offset.any()) for offset in (*offsets, last.offset))
    none = SparseMatrix.of_rows(torch.empty(0, 1).long(), last.offset[:0].unsqueeze(1), p + n)
    hidden = [one.matrix for one in arguments] or [none]
    largest = max(p + n + 1, sum(one.entries for one in hidden), last.matrix.entries)
    index = torch.int32 if largest + n <= torch.iinfo(torch.int32).max else torch.int64
    return Embedded(
        A=SparseMatrix.stacked([_of_states(one, p, ends).to(index=index) for one in hidden]),
        B=_of_inputs(torch.cat(offsets), bias, hidden, p).to(index=index),
        C=_of_states(last.matrix, p, ends).to(index=index),
        D=_of_inputs(last.offset, bias, [last.matrix], p).to(index=index),
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


def _of_states(matrix: SparseMatrix, inputs: int, ends: Tensor) -> SparseMatrix:
    """The part of the states, with the blocks of the forward pass in reverse."""
    states = matrix.where(matrix.columns >= inputs)
    columns = states.columns - inputs
    n = int(ends[-1]) if len(ends) else 0
    blocks = torch.searchsorted(ends, columns, right=True)
    starts = ends - ends.diff(prepend=ends.new_zeros(1))
    # From the block that begins at s and ends at e, the states go to the places from n - e on.
    columns = columns + (n - ends - starts)[blocks]
    placed = SparseMatrix(states.starts, columns, states.values, n)
    present = torch.bincount(blocks).nonzero().flatten().tolist()
    if len(present) <= 1:
        return placed
    return reduce(SparseMatrix.plus, [placed.where(blocks == one) for one in reversed(present)])


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
