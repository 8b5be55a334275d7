"""Other scales of the states, so that A has a norm below 1."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.embedding.embedded import Embedded
    from evalcore_implicit.embedding.sparse import SparseMatrix

__all__ = ["rescale"]


def rescale(embedded: Embedded, kappa: float = 0.95) -> Embedded:
    """The same function with `||A||_inf <= kappa`.

    With v the solution of `(kappa I - |A|) v = 1` and S = diag(1 / v), the model of S A S^-1, S B,
    C S^-1 and D has states divided by v and the same outputs, as phi is positively homogeneous
    (El Ghaoui et al., Implicit Deep Learning, SIAM Journal on Mathematics of Data Science 2021).
    As A is strictly block upper triangular, v exists for every kappa.

    Args:
        embedded: of any network.
        kappa: above 0 and below 1.

    Returns:
        It has the v, times the scales that there were, as `scales`.

    Raises:
        ValueError: if kappa is not between 0 and 1, or the scales are too far apart for the
            floating-point type of the network.
    """
    if not 0 < kappa < 1:
        raise ValueError(f"kappa is {kappa}; a number between 0 and 1 makes A a contraction")
    numbers = torch.finfo(embedded.scales.dtype)
    # A little less than kappa, which the rounding of the entries may then add.
    v = _perron_bound(embedded, kappa * (1 - 4 * numbers.eps))
    scales = v * embedded.scales
    # Beyond, the rounding of a reciprocal would be that of a subnormal number.
    if bool((scales > numbers.eps * numbers.max).any()):
        raise ValueError(
            f"scales of up to {float(scales.max()):.1g} are too large for {embedded.scales.dtype}: "
            "take a larger kappa, or embed the network in float64 (`network.double()`)"
        )
    n = embedded.A.width
    return replace(
        embedded,
        A=_scaled(embedded.A, 1 / v, v),
        B=_scaled(embedded.B, 1 / v, v.new_ones(embedded.B.width)),
        C=_scaled(embedded.C, v.new_ones(embedded.C.shape[0]), v) if n else embedded.C,
        scales=scales.to(embedded.scales.dtype),
    )


def _perron_bound(embedded: Embedded, kappa: float) -> Tensor:
    """The v in float64, by back-substitution from the last block to the first."""
    v = torch.zeros(embedded.A.width, 1, dtype=torch.float64, device=embedded.scales.device)
    for block in reversed(embedded.blocks):
        rows = embedded.A.between(block.states)
        v[block.states] = (1 + rows.with_values(rows.values.double().abs()) @ v) / kappa
    return v.squeeze(1)


def _scaled(matrix: SparseMatrix, rows: Tensor, columns: Tensor) -> SparseMatrix:
    values = matrix.values.double() * rows[matrix.row_of_entries()] * columns[matrix.columns]
    return matrix.with_values(values.to(matrix.values.dtype))
