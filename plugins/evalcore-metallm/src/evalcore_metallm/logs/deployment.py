"""Logs of a deployed router: the one model that was picked for each query, and how likely."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = ["DeploymentLog"]


@dataclass(frozen=True, slots=True, eq=False)
class DeploymentLog:
    """n queries, the outcome of the one of k models that was picked, and its probability.

    Attributes:
        ids: of the queries, each once, n of them.
        queries: their texts; empty where the log keeps none.
        groups: the task, subject or user of each; empty where there is none.
        arms: names of the models that could be picked, k of them.
        arm: which was, shape (n,).
        quality: between 0 and 1, shape (n,).
        cost: dollars, shape (n,).
        propensity: the probability with which it was picked, above 0, shape (n,).
        probabilities: those of all models, shape (n, k); None where the log has that of the
            picked model alone.
        notes: what reading left out or put in, one line each.

    Raises:
        EvalcoreError: if there is no query, or values are out of range.
    """

    ids: tuple[str, ...]
    queries: tuple[str, ...]
    groups: tuple[str, ...]
    arms: tuple[str, ...]
    arm: Ints
    quality: Floats
    cost: Floats
    propensity: Floats
    probabilities: Floats | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            found = getattr(self, name)
            if found is not None:
                array = np.array(found, dtype=kind)
                array.flags.writeable = False
                object.__setattr__(self, name, array)
        self._check()

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: ArrayLike) -> DeploymentLog:
        """Some queries in the order of `rows`, which may be numbers or a mask."""
        chosen = np.arange(len(self))[np.asarray(rows)]
        parts: dict[str, Any] = {
            name: tuple(getattr(self, name)[row] for row in chosen)
            for name in ("ids", "queries", "groups")
        }
        for name in _KINDS:
            found = getattr(self, name)
            parts[name] = None if found is None else found[chosen]
        return replace(self, **parts)

    def _check(self) -> None:
        n, k = len(self.ids), len(self.arms)
        if not n:
            raise EvalcoreError("the log holds no query, expected one at least")
        expected = dict.fromkeys(_KINDS, (n,)) | {"probabilities": (n, k)}
        for name, shape in expected.items():
            found = getattr(self, name)
            if found is not None and found.shape != shape:
                raise EvalcoreError(f"{name} has shape {found.shape}, expected {shape}")
        self._check_range("arm", (self.arm >= 0) & (self.arm < k), f"a number below {k}")
        self._check_range("quality", (self.quality >= 0) & (self.quality <= 1), "0 to 1")
        self._check_range("cost", (self.cost >= 0) & np.isfinite(self.cost), "dollars, 0 or more")
        likely = (self.propensity > 0) & (self.propensity <= 1)
        self._check_range("propensity", likely, "above 0, 1 at most")

    def _check_range(self, name: str, fits: NDArray[np.bool_], expected: str) -> None:
        if not fits.all():
            row = int(fits.argmin())
            raise EvalcoreError(
                f"{name} of query {self.ids[row]!r}: found {getattr(self, name)[row]}, "
                f"expected {expected}"
            )


_KINDS = {
    "arm": np.intp,
    "quality": np.float64,
    "cost": np.float64,
    "propensity": np.float64,
    "probabilities": np.float64,
}
