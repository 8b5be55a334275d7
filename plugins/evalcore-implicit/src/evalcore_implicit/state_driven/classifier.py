"""A fitted implicit model as a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from evalcore_implicit.layer import ImplicitLayer

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.layer.activations import ActivationName
    from evalcore_implicit.sim import Weights

__all__ = ["ImplicitClassifier"]

_TOLERANCE = 1e-6
"""Of an equilibrium, relative to its largest state."""

_MOST = 1000
"""Iterations, at most: with kappa 0.95 the tolerance takes 270 of them."""


class ImplicitClassifier(nn.Module):
    """x = phi(A x + B u), y = C x + D u, with gradients by u.

    Args:
        weights: the matrices, which become float32.
        activation: phi.
        bias: whether the last column of B and D is that of a constant 1.
        triangular: whether A is strictly upper triangular.
        kappa: what the absolute values of its rows sum to at most.
    """

    def __init__(
        self,
        weights: Weights,
        *,
        activation: ActivationName,
        bias: bool,
        triangular: bool,
        kappa: float,
    ) -> None:
        super().__init__()
        self._bias = bias
        self.layer: ImplicitLayer | None = None
        self.direct: nn.Parameter | None = None
        states, outputs = len(weights.A), len(weights.C)
        if not states:
            self.direct = nn.Parameter(torch.from_numpy(weights.D).float(), requires_grad=False)
            return
        self.layer = ImplicitLayer(
            weights.D.shape[1] - bias,
            states,
            outputs,
            generator=torch.Generator(),
            activation=activation,
            bias=bias,
            constraint="triangular" if triangular else "row-l1",
            kappa=kappa,
            solver="direct" if triangular else "anderson",
            tolerance=_TOLERANCE,
            max_iterations=_MOST,
            on_failure="ignore",
        )
        with torch.no_grad():
            for name in "ABCD":
                getattr(self.layer, name).copy_(torch.from_numpy(getattr(weights, name)))
        self.requires_grad_(requires_grad=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Scores of shape (batch, q) for inputs of shape (batch, ...)."""
        u = inputs.flatten(1)
        if self.layer is not None:
            scores: Tensor = self.layer(u)
            return scores
        assert self.direct is not None
        return self._with_constant(u) @ self.direct.T

    def states(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The states (batch, n), and what B is multiplied by, a constant 1 with it."""
        u = inputs.flatten(1)
        assert self.layer is not None
        return self.layer.solve(u)[0], self._with_constant(u)

    def iterations(self, inputs: Tensor) -> float:
        """Steps of the fixed-point iteration from 0, the mean over samples."""
        if self.layer is None:
            return 0.0
        _, info = self.layer.solve(inputs.flatten(1), solver="picard")
        return float(info.iterations.double().mean())

    def _with_constant(self, u: Tensor) -> Tensor:
        return functional.pad(u, (0, 1), value=1.0) if self._bias else u
