"""Estimators `implicit` and `implicit-rnn`: x = phi(A x + B u), y = C x + D u."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from evalcore_implicit.estimators.network import NetworkEstimator
from evalcore_implicit.estimators.settings import ActivationName, NetworkSettings

if TYPE_CHECKING:
    from evalcore_implicit.estimators.modules.network import Network

__all__ = ["Implicit", "ImplicitRnn", "ImplicitRnnSettings", "ImplicitSettings"]


class ImplicitSettings(NetworkSettings):
    """An implicit model.

    The defaults are those of the authors' code of arXiv 2407.14430.
    """

    widths: ClassVar[tuple[str, ...]] = ("states",)

    states: int = Field(20, ge=1)
    """Length of x."""
    activation: ActivationName = "relu"
    """phi, applied to each number."""
    constraint: Literal["row-l1", "triangular", "none"] = "row-l1"
    """What A is kept to after each step: rows whose sizes sum to at most `kappa`, a strictly upper
    triangular matrix, which leaves no feedback, or nothing, where an equilibrium need not exist."""
    kappa: float = Field(0.95, gt=0, lt=1)
    """Bound of `constraint: row-l1`."""
    bias: bool = False
    """Whether a constant 1 is appended to u. Without it, and with `relu`, `leaky-relu` or
    `identity`, the outputs grow in proportion to the inputs."""
    solver: Literal["anderson", "picard", "newton", "direct"] = "picard"
    """What finds x."""
    gradient: Literal["implicit", "jacobian-free", "phantom", "neumann", "unrolled", "direct"] = (
        "implicit"
    )
    """What the gradient is taken of: the equilibrium (exactly), or an approximation of it."""
    gradient_steps: int = Field(5, ge=1)
    """Steps of the gradients `phantom` and `neumann`."""
    damping: float = Field(1.0, gt=0, le=1)
    """Share of each step that the gradient `phantom` takes."""
    tolerance: float = Field(1e-6, gt=0)
    """Largest change of a state in the last iteration."""
    tolerance_mode: Literal["absolute", "relative"] = "absolute"
    """Whether that is the change itself, or its ratio to the largest state of the sample."""
    max_iterations: int = Field(500, ge=1)
    """After which x is taken as it is."""

    @model_validator(mode="after")
    def _that_go_together(self) -> Self:
        if self.gradient == "unrolled" and self.solver != "picard":
            raise ValueError(f"`gradient: unrolled` is of `solver: picard`, not of {self.solver}")
        exact = self.constraint == "triangular" or self.activation in _PIECEWISE_LINEAR
        if self.solver == "direct" and not exact:
            raise ValueError(
                f"`solver: direct` is for a piecewise linear activation or `constraint: "
                f"triangular`; with {self.activation} set `solver: newton`"
            )
        return self

    def options(self) -> dict[str, Any]:
        """What the layers of `evalcore_implicit.layer` are made with, besides their sizes."""
        return self.model_dump(include=_OPTIONS)


_PIECEWISE_LINEAR = {"relu", "leaky-relu", "identity"}

_OPTIONS = {
    "activation",
    "constraint",
    "kappa",
    "bias",
    "solver",
    "gradient",
    "gradient_steps",
    "damping",
    "tolerance",
    "tolerance_mode",
    "max_iterations",
}


class ImplicitRnnSettings(ImplicitSettings):
    """A recurrent network whose cell is an implicit model, and a linear map of its last state."""

    widths: ClassVar[tuple[str, ...]] = ("states", "hidden")

    hidden: int = Field(20, ge=1)
    """Length of the hidden state that goes on to the next time step."""
    tolerance: float = Field(3e-6, gt=0)
    """Largest change of a state in the last iteration."""
    max_iterations: int = Field(300, ge=1)
    """After which x is taken as it is."""


class Implicit(NetworkEstimator[ImplicitSettings]):
    """An implicit model; inputs of other shapes than (samples, features) are flattened.

    Details of a prediction: `iterations` of Picard's method from 0 to a tolerance of 1e-6, on at
    most 256 samples, as the means `absolute` and `relative` (by `tolerance_mode`) and the largest,
    `absolute_max` and `relative_max`; by the model's own solver and tolerance on the same samples,
    `converged`, the fraction of those that did, and `residual`, the largest that was left, `None`
    where states became infinite.
    """

    def network(self, settings: ImplicitSettings, features: int, outputs: int) -> Network:
        """An implicit layer."""
        from evalcore_implicit.estimators.modules.implicit import ImplicitNetwork

        return ImplicitNetwork(features, settings.states, outputs, settings.options())


class ImplicitRnn(NetworkEstimator[ImplicitRnnSettings]):
    """A recurrent network of an implicit cell; reads sequences of any length.

    Details of a prediction are those of `Implicit`, of all time steps: the iterations are those of
    a step, a sample has converged where each step has.
    """

    sequential = True

    def network(self, settings: ImplicitRnnSettings, features: int, outputs: int) -> Network:
        """An implicit cell and a linear map."""
        from evalcore_implicit.estimators.modules.implicit import ImplicitRecurrent

        states, hidden = settings.states, settings.hidden
        return ImplicitRecurrent(features, states, hidden, outputs, settings.options())
