"""An implicit layer: states x = phi(A x + B u) at their equilibrium, outputs y = C x + D u."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Self, cast

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from evalcore_implicit.layer.gradients import find_outputs, find_states
from evalcore_implicit.layer.projection import project_rows
from evalcore_implicit.layer.settings import LayerSettings
from evalcore_implicit.layer.solution import tell_failure

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

    from evalcore_implicit.layer.settings import LayerOptions, Solver, ToleranceMode
    from evalcore_implicit.layer.solution import Solution, SolverInfo

__all__ = ["ImplicitLayer"]


class ImplicitLayer(nn.Module):
    """x = phi(A x + B u), y = C x + D u, for each sample of a batch (arXiv 2407.14430, section 2).

    All matrices begin as normal deviates divided by the number of states; A is then projected.
    Call `project_` after each step of an optimiser.

    Args:
        inputs: p, the width of u.
        states: n, the width of x.
        outputs: q, the width of y.
        dtype: float32 or float64; torch's default where it is not set.
        device: of the matrices.
        generator: of the deviates.
        options: the settings; see `LayerSettings`.

    Attributes:
        A: shape (n, n).
        B: shape (n, p), or (n, p + 1) with a bias.
        C: shape (q, n).
        D: shape (q, p), or (q, p + 1) with a bias; None without a direct term.
        info: what the solver did in the last forward pass; None before the first.
        gradient_info: the same of the adjoint in the last backward pass that solved one.

    Raises:
        ValueError: if a width is less than 1, the dtype is another one, or a setting is out of its
            range.
    """

    D: nn.Parameter | None

    def __init__(
        self,
        inputs: int,
        states: int,
        outputs: int,
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
        generator: torch.Generator | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__()
        self._settings = LayerSettings(**options)
        dtype = dtype or torch.get_default_dtype()
        if dtype not in {torch.float32, torch.float64}:
            raise ValueError(f"an implicit layer is float32 or float64, not {dtype}")
        for name, width in {"inputs": inputs, "states": states, "outputs": outputs}.items():
            if width < 1:
                raise ValueError(f"{name} must be at least 1, not {width}")
        self.inputs, self.states, self.outputs = inputs, states, outputs

        def drawn(rows: int, columns: int) -> nn.Parameter:
            deviates = torch.randn(rows, columns, generator=generator, dtype=dtype, device=device)
            return nn.Parameter(deviates / states)

        columns = inputs + self._settings.bias
        self.A = drawn(states, states)
        self.B = drawn(states, columns)
        self.C = drawn(outputs, states)
        self.register_parameter("D", drawn(outputs, columns) if self._settings.direct else None)
        self.info: SolverInfo | None = None
        self.gradient_info: SolverInfo | None = None
        self.project_()

    @classmethod
    def from_settings(
        cls,
        settings: dict[str, Any],
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ) -> Self:
        """A new layer with the `settings` of another, such as one whose `state_dict` was saved."""
        return cls(**settings, dtype=dtype, device=device)

    @property
    def settings(self) -> dict[str, Any]:
        """What the layer was made with, widths included; plain values that JSON can hold."""
        widths = {"inputs": self.inputs, "states": self.states, "outputs": self.outputs}
        return widths | asdict(self._settings)

    def forward(self, u: Tensor) -> Tensor:
        """The outputs, shape (batch, q).

        Args:
            u: shape (batch, p).

        Raises:
            ValueError: if u has another shape or dtype, or a matrix or u is not finite.
            NotConvergedError: if a sample does not converge and `on_failure` is `raise`; the
                backward pass may raise it too.
        """
        matrices = (self.A, self.B, self.C, self.D)
        return find_outputs(self._prepared(u), matrices, self._settings, self._tell)

    def solve(
        self,
        u: Tensor,
        *,
        solver: Solver | None = None,
        tolerance: float | None = None,
        tolerance_mode: ToleranceMode | None = None,
        max_iterations: int | None = None,
    ) -> tuple[Tensor, SolverInfo]:
        """The states, shape (batch, n), and the exact number of iterations; without a gradient.

        It looks at the residuals after every iteration. A sample that does not converge is told of
        in the record alone.

        Args:
            u: shape (batch, p).
            solver: instead of the layer's own, and so are the others.
            tolerance: of the largest change of a state.
            tolerance_mode: `relative` or `absolute`.
            max_iterations: at most.

        Raises:
            ValueError: as `forward`.
        """
        changes = {
            "solver": solver,
            "tolerance": tolerance,
            "tolerance_mode": tolerance_mode,
            "max_iterations": max_iterations,
        }
        given = cast("Any", {name: value for name, value in changes.items() if value is not None})
        if solver is not None:  # A solver without gradients needs to go with none of them.
            given["gradient"] = "implicit"
        settings = replace(self._settings, **given)
        solution = find_states(self._prepared(u), self.A, self.B, settings)
        return solution.states, solution.info

    @torch.no_grad()
    def project_(self) -> None:
        """Project A, in place, on what the layer's constraint allows."""
        if self._settings.constraint == "row-l1":
            self.A.copy_(project_rows(self.A, self._settings.kappa))
        elif self._settings.constraint == "triangular":
            self.A.triu_(1)

    @torch.no_grad()
    def check(self) -> None:
        """Tell whether A is outside of what the layer's constraint allows, or not finite.

        Raises:
            ValueError: if it is, up to rounding.
        """
        if not torch.isfinite(self.A).all():
            raise ValueError("A has a NaN or an infinite entry")
        kappa, constraint = self._settings.kappa, self._settings.constraint
        largest = float(self.A.abs().sum(1).max())
        slack = 8 * torch.finfo(self.A.dtype).eps * math.sqrt(self.states)
        if constraint == "row-l1" and largest > kappa * (1 + slack):
            raise ValueError(
                f"the absolute values of a row of A sum to {largest:.6g}, more than kappa = "
                f"{kappa}: call project_() after each step of the optimiser"
            )
        if constraint == "triangular" and self.A.tril().any():
            raise ValueError(
                "A has entries on or below its diagonal, and the constraint is 'triangular': "
                "call project_() after each step of the optimiser"
            )

    def extra_repr(self) -> str:
        """The widths and the settings that are not the default ones."""
        own, default = asdict(self._settings), asdict(LayerSettings())
        changed = [f"{name}={value!r}" for name, value in own.items() if value != default[name]]
        return ", ".join([f"{self.inputs}, {self.states}, {self.outputs}", *changed])

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"info": None, "gradient_info": None}

    def _prepared(self, u: Tensor) -> Tensor:
        """The inputs with the bias' column of ones."""
        if u.ndim != 2 or u.shape[1] != self.inputs:
            raise ValueError(
                f"u has shape {tuple(u.shape)}: expected (batch, {self.inputs}), a row a sample"
            )
        if u.dtype != self.A.dtype:
            raise ValueError(f"u is {u.dtype}, and the layer {self.A.dtype}: convert one of them")
        return F.pad(u, (0, 1), value=1.0) if self._settings.bias else u

    def _tell(self, solution: Solution, what: str) -> None:
        if what == "the adjoint":
            self.gradient_info = solution.info
        else:
            self.info = solution.info
        if not solution.complete:
            tell_failure(solution.info, what, self._settings.on_failure)
