"""The settings of a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict, get_args

from evalcore_implicit.layer.activations import ACTIVATIONS, ActivationName
from evalcore_implicit.layer.solution import OnFailure, Stopping

if TYPE_CHECKING:
    from evalcore_implicit.layer.activations import Activation

__all__ = [
    "Constraint",
    "Gradient",
    "LayerOptions",
    "LayerSettings",
    "Solver",
    "ToleranceMode",
]

Constraint = Literal["row-l1", "triangular", "none"]
Solver = Literal["anderson", "picard", "newton", "direct"]
Gradient = Literal["implicit", "jacobian-free", "phantom", "neumann", "unrolled", "direct"]
ToleranceMode = Literal["relative", "absolute"]


class LayerOptions(TypedDict, total=False):
    """The settings as keyword arguments; `LayerSettings` tells what they mean."""

    activation: ActivationName
    bias: bool
    direct: bool
    constraint: Constraint
    kappa: float
    solver: Solver
    gradient: Gradient
    gradient_steps: int
    damping: float
    tolerance: float
    tolerance_mode: ToleranceMode
    max_iterations: int
    on_failure: OnFailure


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerSettings:
    """How a layer is made, solved and differentiated.

    Attributes:
        activation: phi, componentwise.
        bias: whether a constant input of 1 is appended.
        direct: whether the outputs have a term D u.
        constraint: what `project_` keeps A to. `row-l1`: the absolute values of each row sum to at
            most `kappa`, which below 1 and with a non-expansive activation makes the equilibrium
            unique. `triangular`: strictly upper triangular, so that there is no feedback.
        kappa: the radius for `row-l1`.
        solver: of the equilibrium and, for the gradient `implicit`, of its adjoint. `picard`
            iterates from 0, `anderson` accelerates that where it pays, `newton` makes semismooth
            Newton steps, `direct` solves to rounding: the same with a piecewise linear activation,
            at most n steps of Picard with a triangular A.
        gradient: `implicit` solves the adjoint to the tolerance, `direct` factorises it for each
            sample. `jacobian-free` takes the equilibrium's Jacobian for 0 (Fung et al., JFB, 2022);
            `neumann` takes `gradient_steps` more terms of its Neumann series; `phantom` goes back
            through as many damped steps that start at the equilibrium (Geng et al., On Training
            Implicit Models, 2021); `unrolled` goes back through all of Picard's steps.
        gradient_steps: of `neumann` and `phantom`.
        damping: of `phantom`: the share of each step that is taken, in (0, 1].
        tolerance: of the largest change of a state in one evaluation.
        tolerance_mode: `relative` divides it by the sample's largest state. The adjoint's tolerance
            is always relative, since gradients have the scale of the loss.
        max_iterations: evaluations of the map at most, forward and backward each.
        on_failure: what happens when a sample does not converge: a `NotConvergedWarning`, a
            `NotConvergedError`, or nothing but the record in `info`.

    Raises:
        ValueError: if one of them is out of its range, or two do not go together.
    """

    activation: ActivationName = "relu"
    bias: bool = False
    direct: bool = True
    constraint: Constraint = "row-l1"
    kappa: float = 0.95
    solver: Solver = "anderson"
    gradient: Gradient = "implicit"
    gradient_steps: int = 5
    damping: float = 1.0
    tolerance: float = 1e-5
    tolerance_mode: ToleranceMode = "relative"
    max_iterations: int = 500
    on_failure: OnFailure = "warn"

    def __post_init__(self) -> None:
        for name, allowed in _NAMES.items():
            if (found := getattr(self, name)) not in allowed:
                raise ValueError(f"{name} is {found!r}: expected one of {', '.join(allowed)}")
        for name in ("kappa", "tolerance"):
            if not 0 < (value := getattr(self, name)) < float("inf"):
                raise ValueError(f"{name} must be a finite number above 0, not {value}")
        for name in ("max_iterations", "gradient_steps"):
            if (count := getattr(self, name)) < 1:
                raise ValueError(f"{name} must be at least 1, not {count}")
        if not 0 < self.damping <= 1:
            raise ValueError(f"damping must be above 0 and at most 1, not {self.damping}")
        if self.gradient == "unrolled" and self.solver != "picard":
            raise ValueError(
                f"gradient 'unrolled' goes back through Picard's steps, and the solver is "
                f"{self.solver!r}: set solver='picard'"
            )
        exact = self.constraint == "triangular" or self.phi.piecewise_linear
        if self.solver == "direct" and not exact:
            raise ValueError(
                f"solver 'direct' needs a piecewise linear activation or a triangular A; with "
                f"{self.activation!r} set solver='newton'"
            )

    @property
    def phi(self) -> Activation:
        """The activation itself."""
        return ACTIVATIONS[self.activation]

    @property
    def stopping(self) -> Stopping:
        """When the solver of the equilibrium may stop."""
        return Stopping(self.tolerance, self.tolerance_mode == "relative", self.max_iterations)


_NAMES = {
    "activation": tuple(ACTIVATIONS),
    "constraint": get_args(Constraint),
    "solver": get_args(Solver),
    "gradient": get_args(Gradient),
    "tolerance_mode": get_args(ToleranceMode),
    "on_failure": get_args(OnFailure),
}
