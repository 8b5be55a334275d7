"""What a state-driven fit is set by."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from evalcore.settings import Settings

__all__ = ["StateDrivenSettings"]

Strength = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class StateDrivenSettings(Settings):
    """Which implicit models are fitted to the states of a teacher, and what they stand beside."""

    objective: Literal["l1", "elastic-net", "perspective", "robust"] = "l1"
    """What is kept small beside the squared error: the sum of the absolute weights; half of it and
    half of their squares; a convex stand-in for the number of weights; or the absolute weights,
    with those that let changes of the inputs through counted more."""
    strengths: Annotated[tuple[Strength, ...], Field(min_length=1)] = (
        50.0,
        20.0,
        10.0,
        5.0,
        2.0,
        1.0,
        0.1,
    )
    """Lambda, by which the objective is multiplied before it is added to half the squared error
    over all samples; descending, each fit begins at the one before."""
    ratio: float = Field(0.5, ge=0, le=1)
    """Share of the absolute weights in `elastic-net`."""
    ridge: float = Field(1.0, gt=0, allow_inf_nan=False)
    """Factor of half the squares in `perspective`."""
    exposed: float = Field(10.0, gt=0, allow_inf_nan=False)
    """How many times as much the weights of inputs count in `robust`."""
    matching: Literal["relaxed", "strict"] = "relaxed"
    """Whether the states are matched as well as pays, or without an error; then the objective does
    not depend on lambda, and one strength is enough."""
    mask: Literal["full", "no-same-layer", "triangular"] = "triangular"
    """Which states a state may depend on: all, those of other layers, or those of earlier layers
    alone. With `full` a state can copy itself, which fits well and computes little."""
    kappa: float = Field(0.95, gt=0, lt=1)
    """What the absolute values in a row of A may sum to."""
    samples: int = Field(2000, ge=2)
    """Images to learn from of which the states are taken, at most."""
    rescale: bool = True
    """Whether the states are first divided by what makes the teacher itself satisfy `kappa`."""
    bias: bool | None = None
    """Whether the model has a constant input; if not set, whether the teacher has biases."""
    layers: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Patterns of the names of the activations that are taken for states; all if not set."""
    convolution: Literal["locations", "blocks", "features"] | None = None
    """How a convolutional teacher is taken: each layer by itself, with the same weights at all
    locations; by the outputs of its residual blocks; or behind its convolutions alone, whose
    features then are the inputs. If not set, every activation is a state."""
    regenerate: bool = False
    """Whether C and D are fitted again, to the states that the fitted A and B lead to."""
    tolerance: float = Field(1e-4, gt=0, lt=1)
    """Of each row's duality gap, relative to what is minimised."""
    max_iterations: int = Field(5000, ge=1)
    """Of the solver, for each strength."""
    device: str = Field("cpu", pattern=r"^(cpu|cuda(:\d+)?)$")
    """Where the solver runs: `cpu`, `cuda` or `cuda:N`."""
    controls: tuple[Literal["magnitude-pruned", "layer-wise-lasso"], ...] = (
        "magnitude-pruned",
        "layer-wise-lasso",
    )
    """What each fit is compared with, beside the teacher: the teacher with as many weights left,
    the largest of all layers; and the teacher with each layer's rows fitted by themselves to what
    the layer computes, with the absolute weights times lambda."""

    @field_validator("strengths")
    @classmethod
    def _descending(cls, given: tuple[float, ...]) -> tuple[float, ...]:
        if any(after >= before for before, after in pairwise(given)):
            raise ValueError("expected descending numbers, each once")
        return given

    @field_validator("controls")
    @classmethod
    def _each_once(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(given)) < len(given):
            raise ValueError("found one of them twice")
        return given

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.convolution in {"locations", "blocks"} and self.layers is not None:
            raise ValueError(f"`convolution: {self.convolution}` chooses `layers` by itself")
        if self.convolution == "locations" and self.regenerate:
            raise ValueError(
                "`regenerate` is of an implicit model; `convolution: locations` fits layers"
            )
        return self
