"""Sparse matrices by rows: what an embedded network is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["SparseMatrix"]

_AT_ONCE = 2**24
"""How many multiplications of a product are held in memory together."""


@dataclass(frozen=True, eq=False)
class SparseMatrix:
    """A matrix of `rows` x `width` in compressed rows.

    Attributes:
        starts: integers (rows + 1,); row i has the entries from `starts[i]` to `starts[i + 1]`.
        columns: integers (entries,), increasing within a row.
        values: (entries,).
        width: how many columns there are.
    """

    starts: Tensor
    columns: Tensor
    values: Tensor
    width: int

    @classmethod
    def of_entries(
        cls, rows: Tensor, columns: Tensor, values: Tensor, shape: tuple[int, int]
    ) -> SparseMatrix:
        """Of entries in any order; those at one place are added."""
        height, width = shape
        keys = rows * width + columns
        if not bool((keys.diff() > 0).all()):
            keys, order = keys.sort(stable=True)
            values = values[order]
            keys, places = torch.unique_consecutive(keys, return_inverse=True)
            if len(keys) < len(values):
                values = values.new_zeros(len(keys)).index_add_(0, places, values)
            rows, columns = keys // max(width, 1), keys % max(width, 1)
        return cls(_starts(torch.bincount(rows, minlength=height)), columns, values, width)

    @classmethod
    def of_rows(cls, columns: Tensor, values: Tensor, width: int) -> SparseMatrix:
        """Of as many entries in each row; a column of -1 is no entry.

        Args:
            columns: integers (rows, k).
            values: (rows, k).
            width: how many columns the matrix has.
        """
        kept = columns >= 0
        starts = _starts(kept.sum(1))
        matrix = cls(starts, columns[kept], values[kept], width)
        increases = torch.ones_like(matrix.columns, dtype=torch.bool)
        increases[1:] = matrix.columns.diff() > 0
        increases[starts[:-1][starts.diff() > 0]] = True
        if bool(increases.all()):
            return matrix
        shape = (len(columns), width)
        return cls.of_entries(matrix.row_of_entries(), matrix.columns, matrix.values, shape)

    @classmethod
    def stacked(cls, parts: Sequence[SparseMatrix]) -> SparseMatrix:
        """Some matrices, one below the other; as wide as the widest."""
        counts = torch.cat([part.starts.diff() for part in parts])
        columns = torch.cat([part.columns for part in parts])
        values = torch.cat([part.values for part in parts])
        return cls(_starts(counts), columns, values, max(part.width for part in parts))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.starts) - 1, self.width

    @property
    def entries(self) -> int:
        """How many are stored."""
        return len(self.values)

    def __matmul__(self, dense: Tensor) -> Tensor:
        """The product with a dense (width, m): dense (rows, m)."""
        if not self.entries:
            return dense.new_zeros(self.shape[0], dense.shape[1])
        # A weighted bag of embeddings is a row of the product. It takes half the time of torch's
        # own product of compressed rows.
        return functional.embedding_bag(
            self.columns,
            dense,
            self.starts,
            mode="sum",
            per_sample_weights=self.values,
            include_last_offset=True,
        )

    def to_dense(self) -> Tensor:
        """The same (rows, width), with its zeros."""
        dense = self.values.new_zeros(self.shape)
        dense[self.row_of_entries(), self.columns.long()] = self.values
        return dense

    def to(
        self,
        *,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
        index: torch.dtype | None = None,
    ) -> SparseMatrix:
        """The same elsewhere, or with values and indexes of another type."""
        return SparseMatrix(
            self.starts.to(device=device, dtype=index),
            self.columns.to(device=device, dtype=index),
            self.values.to(device=device, dtype=dtype),
            self.width,
        )

    def row_of_entries(self) -> Tensor:
        """The row of each entry, integers (entries,)."""
        rows = torch.arange(self.shape[0], device=self.starts.device)
        return rows.repeat_interleave(self.starts.diff(), output_size=self.entries)

    def absolute(self) -> SparseMatrix:
        """The absolute values."""
        return self.with_values(self.values.abs())

    def row_sums(self) -> Tensor:
        """Of the absolute values, float64 (rows,); the largest is the infinity norm."""
        sums = self.values.new_zeros(self.shape[0], dtype=torch.float64)
        return sums.index_add_(0, self.row_of_entries(), self.values.double().abs())

    def between(self, rows: slice) -> SparseMatrix:
        """The rows of a slice without a step; they share the memory of this matrix."""
        starts = self.starts[rows.start : rows.stop + 1]
        first, last = (int(starts[0]), int(starts[-1])) if len(starts) else (0, 0)
        entries = slice(first, last)
        return SparseMatrix(starts - first, self.columns[entries], self.values[entries], self.width)

    def with_values(self, values: Tensor) -> SparseMatrix:
        """Other values at the same places."""
        return SparseMatrix(self.starts, self.columns, values, self.width)

    def widened(self, width: int) -> SparseMatrix:
        """The same with another number of columns; none of its entries may be beyond it."""
        return SparseMatrix(self.starts, self.columns, self.values, width)

    def where(self, kept: Tensor) -> SparseMatrix:
        """Only the entries of a mask (entries,)."""
        if bool(kept.all()):
            return self
        starts = _starts(kept.long())[self.starts.long()].to(self.starts.dtype)
        return SparseMatrix(starts, self.columns[kept], self.values[kept], self.width)

    def take(self, rows: Tensor) -> SparseMatrix:
        """The rows of the given numbers; -1 is a row of zeros."""
        known = rows.clamp(min=0)
        counts = self.starts.diff()[known] * (rows >= 0) if len(rows) else rows
        starts = _starts(counts)
        # The n-th entry of a row is the n-th of the row that it is taken from.
        within = torch.arange(int(starts[-1])) - starts[:-1].repeat_interleave(counts)
        entries = self.starts[known].repeat_interleave(counts) + within
        return SparseMatrix(starts, self.columns[entries], self.values[entries], self.width)

    def scaled(self, factors: Tensor) -> SparseMatrix:
        """Each row times its factor (rows,)."""
        return self.with_values(self.values * factors[self.row_of_entries()])

    def plus(self, other: SparseMatrix) -> SparseMatrix:
        """The sum with a matrix of as many rows; as wide as the wider."""
        width = max(self.width, other.width)
        if self._is_left_of(other):
            return self._beside(other, width)
        if other._is_left_of(self):
            return other._beside(self, width)
        both = (self, other)
        return SparseMatrix.of_entries(
            torch.cat([one.row_of_entries() for one in both]),
            torch.cat([one.columns for one in both]),
            torch.cat([one.values for one in both]),
            (self.shape[0], width),
        )

    def times(self, right: SparseMatrix) -> SparseMatrix:
        """The product with a sparse matrix of as many rows as this one has columns."""
        if right._selects():
            values = self.values * right.values[self.columns]
            return SparseMatrix(self.starts, right.columns[self.columns], values, right.width)
        cost = _starts(right.starts.diff()[self.columns])[self.starts]
        parts = [self.between(rows)._expanded(right) for rows in _portions(cost)]
        return (
            SparseMatrix.stacked(parts)
            if parts
            else SparseMatrix(self.starts, self.columns, self.values, right.width)
        )

    def _selects(self) -> bool:
        """Whether each row has one entry, further right than that of the row before."""
        single = self.entries == self.shape[0] and bool((self.starts.diff() == 1).all())
        return single and bool((self.columns.diff() > 0).all())

    def _is_left_of(self, other: SparseMatrix) -> bool:
        """Whether all its columns with entries come before all of the other's."""
        empty = not (self.entries and other.entries)
        return empty or bool(self.columns.max() < other.columns.min())

    def _beside(self, right: SparseMatrix, width: int) -> SparseMatrix:
        """Each row followed by that of a matrix whose columns are further right."""
        starts = self.starts + right.starts
        columns = self.columns.new_empty(self.entries + right.entries)
        values = self.values.new_empty(self.entries + right.entries)
        for part, before in ((self, right.starts[:-1]), (right, self.starts[1:])):
            shifts = before.repeat_interleave(part.starts.diff(), output_size=part.entries)
            places = torch.arange(part.entries) + shifts
            columns[places] = part.columns
            values[places] = part.values
        return SparseMatrix(starts, columns, values, width)

    def _expanded(self, right: SparseMatrix) -> SparseMatrix:
        taken = right.take(self.columns)
        counts = taken.starts.diff()
        rows = self.row_of_entries().repeat_interleave(counts)
        values = taken.values * self.values.repeat_interleave(counts)
        return SparseMatrix.of_entries(rows, taken.columns, values, (self.shape[0], right.width))


def _starts(counts: Tensor) -> Tensor:
    starts = counts.new_zeros(len(counts) + 1)
    torch.cumsum(counts, 0, out=starts[1:])
    return starts


def _portions(cost: Tensor) -> list[slice]:
    """Slices of rows, given the cumulated cost (rows + 1,) of each."""
    portions = []
    start, height = 0, len(cost) - 1
    while start < height:
        stop = int(torch.searchsorted(cost, cost[start] + _AT_ONCE, right=True)) - 1
        stop = min(max(stop, start + 1), height)
        portions.append(slice(start, stop))
        start = stop
    return portions
