"""The settings that all networks share: how they are trained, and how large they are."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from evalcore.settings import Settings

__all__ = ["ActivationName", "NetworkSettings", "Training"]

ActivationName = Literal["relu", "leaky-relu", "tanh", "sigmoid", "silu", "gelu", "identity"]


class Training(Settings):
    """How a network is trained: on the mean squared error, or on the cross-entropy of classes.

    The defaults are those of the authors' code of arXiv 2407.14430.
    """

    epochs: int = Field(1000, ge=1)
    """Passes over the training data, at most."""
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    """What makes a step of a gradient."""
    learning_rate: float = Field(0.02, gt=0, allow_inf_nan=False)
    """Length of the first steps."""
    schedule: Literal["constant", "exponential", "cosine"] = "exponential"
    """How the learning rate changes after each epoch: not at all, by the factor `decay`, or along
    half a cosine to 0 at the last epoch."""
    decay: float = Field(0.995, gt=0, le=1)
    """Factor of the learning rate for each epoch; of `schedule: exponential`."""
    momentum: float = Field(0.0, ge=0, lt=1)
    """Share of the last step in the next; of `optimizer: sgd`."""
    weight_decay: float = Field(0.0, ge=0, allow_inf_nan=False)
    """Penalty on the squares of the weights: part of the gradient, with `adamw` apart from it."""
    batch_size: int | None = Field(None, ge=1)
    """Samples of a step, in a new order in each epoch; by default all."""
    validation: float = Field(0.0, ge=0, lt=1)
    """Fraction of the samples that is held out. The weights of the epoch with the lowest loss on it
    are kept; by default nothing is held out and the last weights are kept."""
    held_out: Literal["random", "last"] = "random"
    """Which samples are: drawn ones, or the last, as is better for windows of a series, of which
    neighbours share most values."""
    patience: int | None = Field(None, ge=1)
    """Epochs without a lower loss on the held-out samples after which training ends; needs
    `validation`."""
    clip: float | None = Field(None, gt=0)
    """Euclidean norm to which longer gradients are shortened."""
    standardize: bool = False
    """Whether inputs and targets are shifted and scaled to mean 0 and standard deviation 1, as
    measured on the training data; for sequences over all their time steps. Outputs are scaled
    back."""

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> Self:
        if self.patience is not None and self.validation == 0:
            raise ValueError("`patience` counts epochs by held-out samples: set `validation` too")
        if self.held_out != "random" and self.validation == 0:
            raise ValueError("`held_out` says which samples: set `validation` too, how many")
        if self.momentum and self.optimizer != "sgd":
            raise ValueError(f"`momentum` is of `optimizer: sgd`, not of {self.optimizer}")
        return self


class NetworkSettings(Training):
    """How a network is trained, and how large it may be."""

    widths: ClassVar[tuple[str, ...]] = ("width",)
    """The settings that `parameters` finds, all of one value."""

    parameters: int | None = Field(None, ge=1)
    """Largest count of parameters: the network is made as wide as it can be with so many, instead
    of as wide as is set. By this, models are compared at equal size."""

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if self.parameters is not None and (both := set(self.widths) & self.model_fields_set):
            named = ", ".join(f"`{name}`" for name in sorted(both))
            raise ValueError(f"`parameters` decides the width: leave out {named}")
        return self

    @property
    def width_step(self) -> int:
        """What a width must be a multiple of."""
        return 1

    def widened(self, width: int) -> Self:
        """The same of another width."""
        return self.model_copy(update=dict.fromkeys(self.widths, width))
