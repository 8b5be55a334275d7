"""What is on record of how good solutions are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalcore_implicit.sim import Weights
    from evalcore_implicit.state_driven.settings import StateDrivenSettings

__all__ = ["certified"]


def certified(solutions: Sequence[Weights], settings: StateDrivenSettings) -> dict[str, Any]:
    """A certificate over all rows of solutions for one strength.

    Returns:
        `gap`, the largest duality gap relative to what is minimised; `iterations`, the most of a
        row; `converged`, the share of the rows whose gap is within the tolerance; `outside`, how
        far a row of A is outside of the norm constraint; `residual` of states and of outputs, the
        norm of the matching error relative to the targets, its root mean square over rows; and the
        `tolerance`.
    """
    known = [weights.certificate for weights in solutions]
    gaps = np.concatenate([each.gap / np.maximum(each.objective, _TINY) for each in known])
    states = [w.certificate.residual[: len(w.A)] for w in solutions]
    outputs = [w.certificate.residual[len(w.A) :] for w in solutions]
    return {
        "gap": float(gaps.max(initial=0.0)),
        "iterations": int(max(each.iterations.max(initial=0) for each in known)),
        "converged": float(np.concatenate([each.converged for each in known]).mean()),
        "outside": float(max(each.primal.max(initial=0.0) for each in known)),
        "residual": {"states": _rms(states), "outputs": _rms(outputs)},
        "tolerance": settings.tolerance,
    }


_TINY = float(np.finfo(np.float64).tiny)


def _rms(parts: Sequence[NDArray[np.float64]]) -> float | None:
    values = np.concatenate(parts)
    return float(np.sqrt((values**2).mean())) if values.size else None
