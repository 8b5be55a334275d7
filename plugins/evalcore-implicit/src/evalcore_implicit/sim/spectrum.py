"""The eigenvalues of a Gram matrix, computed once for every row, step size and strength."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.sim.problem import Problem

__all__ = ["Spectrum"]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """G = Q diag(e) Q^T, without the eigenvalues that are zero up to rounding.

    Attributes:
        values: e, ascending, shape (r,).
        vectors: Q, shape (d, r).
    """

    values: Tensor
    vectors: Tensor

    @classmethod
    def of(cls, problem: Problem) -> Spectrum:
        """The spectrum of a problem's Gram matrix.

        With fewer samples than columns it comes from the singular values of Phi, and r is at most
        the number of samples: what the Woodbury identity would make of it.
        """
        if problem.features is None:
            values, vectors = torch.linalg.eigh(problem.gram)
        else:
            _, roots, transposed = torch.linalg.svd(problem.features, full_matrices=False)
            values, vectors = (roots**2).flip(0), transposed.T.flip(1)
        floor = torch.finfo(values.dtype).eps * len(vectors)
        kept = values > floor * values.amax() if len(values) else values > 0
        return cls(values[kept], vectors[:, kept].contiguous())

    @cached_property
    def back(self) -> Tensor:
        """Q^T, shape (r, d), laid out by rows."""
        return self.vectors.T.contiguous()

    def to(self, dtype: torch.dtype) -> Spectrum:
        """The same in float32 or float64."""
        return self if dtype == self.values.dtype else self._single

    @cached_property
    def _single(self) -> Spectrum:
        return Spectrum(self.values.float(), self.vectors.float())
