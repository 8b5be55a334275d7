"""All that the convex problem needs to know of the states of a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["Moments"]


@dataclass(frozen=True, eq=False)
class Moments:
    """Second moments of the states; with Phi = [X U], of shape (m, D), and targets T = [Z Y].

    Attributes:
        gram: Phi^T Phi; shape (D, D), D = n + p.
        cross: T^T Phi; shape (R, D), R = n + q.
        squares: the sums of squares of the columns of T; shape (R,).
        samples: m.
        states: n; the first n columns of Phi and the first n rows of `cross` are those of states.
        features: Phi and T themselves where m < D, which makes the solution cheaper; or none.

    Raises:
        ValueError: if the shapes do not fit together, or an entry is NaN or infinite.
    """

    gram: Floats
    cross: Floats
    squares: Floats
    samples: int
    states: int
    features: tuple[Floats, Floats] | None = None

    def __post_init__(self) -> None:
        width, rows = self.gram.shape[0], len(self.squares)
        if self.gram.shape != (width, width) or self.cross.shape != (rows, width):
            raise ValueError(
                f"a Gram matrix of shape {self.gram.shape} does not go with {self.cross.shape} and "
                f"{self.squares.shape}; expected (D, D), (R, D) and (R,)"
            )
        if not 0 <= self.states <= min(width, rows):
            raise ValueError(f"{self.states} states, of {width} columns and {rows} rows")
        for name in ("gram", "cross", "squares"):
            _check_finite(name, getattr(self, name))

    @classmethod
    def of(cls, x: ArrayLike, u: ArrayLike, z: ArrayLike, y: ArrayLike) -> Moments:
        """The moments of states in memory, in float64.

        Args:
            x: states after the activation, shape (m, n).
            u: inputs, shape (m, p).
            z: states before the activation, shape (m, n).
            y: outputs, shape (m, q).

        Raises:
            ValueError: if the shapes do not fit together, or an entry is NaN or infinite.
        """
        arrays = {"x": x, "u": u, "z": z, "y": y}
        given = {name: np.asarray(value, dtype=np.float64) for name, value in arrays.items()}
        shapes = {name: value.shape for name, value in given.items()}
        if any(value.ndim != 2 for value in given.values()) or (
            len({shape[0] for shape in shapes.values()}) != 1 or shapes["x"] != shapes["z"]
        ):
            raise ValueError(
                f"arrays of shapes {shapes}; expected x (m, n), u (m, p), z (m, n), y (m, q)"
            )
        for name, value in given.items():
            _check_finite(name, value)
        phi = np.concatenate([given["x"], given["u"]], axis=1)
        targets = np.concatenate([given["z"], given["y"]], axis=1)
        return cls(
            gram=phi.T @ phi,
            cross=targets.T @ phi,
            squares=(targets**2).sum(0),
            samples=len(phi),
            states=shapes["x"][1],
            features=(phi, targets) if len(phi) < phi.shape[1] else None,
        )

    @property
    def inputs(self) -> int:
        """How many inputs there are, p."""
        return len(self.gram) - self.states

    @property
    def outputs(self) -> int:
        """How many outputs there are, q."""
        return len(self.squares) - self.states

    def scaled(self, scales: ArrayLike) -> Moments:
        """The moments of the states divided by scales: X' = X / v and Z' = Z / v.

        Args:
            scales: v, above 0, shape (n,); see `evalcore_implicit.embedding.rescale`.

        Raises:
            ValueError: if there is not one positive scale for each state.
        """
        given = np.asarray(scales, dtype=np.float64)
        if given.shape != (self.states,) or not (np.isfinite(given) & (given > 0)).all():
            raise ValueError(
                f"scales of shape {given.shape}; expected {self.states} finite numbers above 0, "
                "one for each state"
            )
        columns = np.concatenate([1 / given, np.ones(self.inputs)])
        rows = np.concatenate([1 / given, np.ones(self.outputs)])
        features = self.features
        return replace(
            self,
            gram=self.gram * columns * columns[:, None],
            cross=self.cross * columns * rows[:, None],
            squares=self.squares * rows**2,
            features=None if features is None else (features[0] * columns, features[1] * rows),
        )


def _check_finite(name: str, values: Floats) -> None:
    wrong = ~np.isfinite(values)
    if wrong.any():
        where = ", ".join(str(i) for i in np.unique(np.nonzero(wrong)[-1])[:5])
        raise ValueError(
            f"{name} has {int(wrong.sum())} NaN or infinite entries, the first in the columns "
            f"{where}: look for inputs that are not finite, or layers that overflow"
        )
