"""Networks of implicit layers, and what they tell of how their equilibria are found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from evalcore.errors import EvalcoreError
from evalcore_implicit.estimators.modules.network import Network
from evalcore_implicit.layer import ImplicitLayer, ImplicitRNN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from evalcore_implicit.layer import SolverInfo

__all__ = ["ImplicitNetwork", "ImplicitRecurrent"]

_TOLERANCE = 1e-6
"""Of the iterations that are told."""

_MOST = 5000
"""Iterations that are told, at most."""

_ENOUGH = 0.5
"""Share of the training samples whose equilibrium a model finds that is one at all."""


class ImplicitNetwork(Network):
    """An implicit layer.

    Args:
        features: width of the inputs.
        states: width of x.
        outputs: width of the outputs.
        options: of the layer.
    """

    def __init__(
        self, features: int, states: int, outputs: int, options: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.layer = ImplicitLayer(features, states, outputs, **options, on_failure="ignore")

    def forward(self, inputs: Tensor) -> Tensor:
        """The outputs at the equilibrium."""
        outputs: Tensor = self.layer(inputs)
        return outputs

    def count(self) -> int:
        """All weights but those that the constraint keeps at 0."""
        return super().count() - _zeros(self.layer)

    def operations(self, inputs: Tensor) -> float:
        """The iterations that the model's solver makes, and a product with each other matrix."""
        return _operations(self.layer, [inputs])

    def project_(self) -> None:
        """Bring A back to the constraint."""
        self.layer.project_()

    def check(self, inputs: Tensor) -> None:
        """Look whether equilibria are found.

        Raises:
            EvalcoreError: if most of them are not.
        """
        _check(self.layer, [inputs])

    def details(self, inputs: Tensor) -> Mapping[str, Any]:
        """How the equilibria are found."""
        return _details(self.layer, [inputs])


class ImplicitRecurrent(Network):
    """A recurrent network of an implicit cell, and a linear map of its last hidden state.

    Args:
        features: numbers of a time step.
        states: width of x.
        hidden: width of what goes on to the next time step.
        outputs: of the linear map.
        options: of the cell.
    """

    def __init__(
        self, features: int, states: int, hidden: int, outputs: int, options: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.cells = ImplicitRNN(features, states, hidden, outputs, **options, on_failure="ignore")

    def forward(self, inputs: Tensor) -> Tensor:
        """The outputs after the last time step."""
        outputs: Tensor = self.cells(inputs)
        return outputs

    def count(self) -> int:
        """All weights but those that the constraint keeps at 0."""
        return super().count() - _zeros(self.cells.cell.layer)

    def operations(self, inputs: Tensor) -> float:
        """The iterations of all time steps, and a product with each other matrix at each."""
        readout = self.cells.readout
        return (
            _operations(self.cells.cell.layer, self._asked(inputs))
            + readout.in_features * readout.out_features
        )

    def project_(self) -> None:
        """Bring A back to the constraint."""
        self.cells.project_()

    def check(self, inputs: Tensor) -> None:
        """Look whether equilibria are found, of every time step.

        Raises:
            EvalcoreError: if most of them are not.
        """
        _check(self.cells.cell.layer, self._asked(inputs))

    def details(self, inputs: Tensor) -> Mapping[str, Any]:
        """How the equilibria of all time steps are found."""
        return _details(self.cells.cell.layer, self._asked(inputs))

    def _asked(self, inputs: Tensor) -> list[Tensor]:
        """What the cell's layer is given at each time step."""
        asked = []
        hidden = inputs.new_zeros(len(inputs), self.cells.cell.hidden)
        for step in inputs.unbind(1):
            asked.append(torch.cat([step, hidden], 1))
            hidden = self.cells.cell.layer(asked[-1])
        return asked


def _zeros(layer: ImplicitLayer) -> int:
    """Entries of A that are always 0."""
    triangular = layer.settings["constraint"] == "triangular"
    return layer.states * (layer.states + 1) // 2 if triangular else 0


def _operations(layer: ImplicitLayer, asked: Sequence[Tensor]) -> float:
    """Of the solves at each of what a layer is given, and of its other matrices."""
    iterations = sum(_mean(layer.solve(inputs)[1].iterations) for inputs in asked)
    of_iteration = layer.states**2 - _zeros(layer)
    if layer.settings["solver"] in {"newton", "direct"}:
        of_iteration += layer.states**3 // 3  # a factorisation
    others = sum(weight.numel() for name, weight in layer.named_parameters() if name != "A")
    return iterations * of_iteration + len(asked) * others


def _check(layer: ImplicitLayer, asked: Sequence[Tensor]) -> None:
    share = _mean(torch.stack([layer.solve(inputs)[1].converged for inputs in asked]).all(0))
    if share < _ENOUGH:
        most = layer.settings["max_iterations"]
        raise EvalcoreError(
            f"the equilibrium of {1 - share:.0%} of the training samples is not found within "
            f"`max_iterations` = {most} to the `tolerance` of {layer.settings['tolerance']:g}: "
            "allow more iterations, or keep the rows of A shorter by `kappa`"
        )


def _details(layer: ImplicitLayer, asked: Sequence[Tensor]) -> Mapping[str, Any]:
    counts: dict[str, float] = {}
    for mode in ("absolute", "relative"):
        iterations = torch.cat([_by_picard(layer, inputs, mode).iterations for inputs in asked])
        counts[mode] = _mean(iterations)
        counts[f"{mode}_max"] = float(iterations.max())
    own = [layer.solve(inputs)[1] for inputs in asked]
    converged = torch.stack([info.converged for info in own]).all(0)
    residual = max(float(info.residuals.max()) for info in own)
    return {
        "iterations": counts,
        "converged": _mean(converged),
        "residual": residual if math.isfinite(residual) else None,
    }


def _by_picard(layer: ImplicitLayer, inputs: Tensor, mode: Any) -> SolverInfo:
    _, info = layer.solve(
        inputs,
        solver="picard",
        tolerance=_TOLERANCE,
        tolerance_mode=mode,
        max_iterations=_MOST,
    )
    return info


def _mean(values: Tensor) -> float:
    return values.double().mean().item()
