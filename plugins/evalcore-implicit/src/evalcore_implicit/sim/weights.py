"""The matrices of a solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evalcore_implicit.sim.certificate import Certificate

    Floats = NDArray[np.float64]

__all__ = ["Weights"]


@dataclass(frozen=True, eq=False)
class Weights:
    """A model x = phi(A x + B u), y = C x + D u, float64, with exact zeros.

    Attributes:
        A: (n, n); the absolute values of each row sum to at most kappa.
        B: (n, p).
        C: (q, n).
        D: (q, p).
        certificate: of each row.
    """

    A: Floats
    B: Floats
    C: Floats
    D: Floats
    certificate: Certificate

    @classmethod
    def of(cls, rows: Floats, states: int, certificate: Certificate) -> Weights:
        """From all rows, shape (n + q, n + p)."""
        above, below = rows[:states], rows[states:]
        return cls(
            above[:, :states], above[:, states:], below[:, :states], below[:, states:], certificate
        )
