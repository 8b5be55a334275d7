"""The settings of the teachers: their sizes, and how they are trained."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evalcore_implicit.estimators.settings import Training

__all__ = ["ImageMlpSettings", "ResNetSettings", "TeacherSettings"]


class TeacherSettings(Training):
    """How a classifier of images is trained: by stochastic gradients, on the cross-entropy."""

    optimizer: Literal["adam", "adamw", "sgd"] = "sgd"
    """What makes a step of a gradient."""
    schedule: Literal["constant", "exponential", "cosine"] = "cosine"
    """How the learning rate changes after each epoch: not at all, by the factor `decay`, or along
    half a cosine to 0 at the last epoch."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Share of the last step in the next; of `optimizer: sgd`."""
    crop: int = Field(0, ge=0)
    """In training, pixels by which images are shifted at most, in each direction by chance; what
    comes in is black."""
    flip: bool = False
    """Whether images are mirrored in training, left to right, half of them by chance."""
    rotation: float = Field(0.0, ge=0, le=180)
    """In training, degrees by which images are turned at most, by chance; what comes in is
    black."""
    device: str = Field("cpu", pattern=r"^(cpu|cuda(:\d+)?)$")
    """Where it is trained and predicts: `cpu`, `cuda` or `cuda:N`. Equal seeds give equal fits on
    the same kind of processor; on `cuda` as far as its libraries do."""


class ImageMlpSettings(TeacherSettings):
    """A multilayer perceptron for images.

    Sizes and steps are those of the example of `torchidl` for Fashion-MNIST, but that the loss is
    the mean of a batch, not its sum, with which such steps are too long to learn.
    """

    widths: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (64, 32, 16)
    """Units of each hidden layer."""
    bias: bool = False
    """Whether the layers have biases."""
    epochs: int = Field(100, ge=1)
    """Passes over the training data, at most."""
    learning_rate: float = Field(0.01, gt=0, allow_inf_nan=False)
    """Length of the first steps."""
    weight_decay: float = Field(1e-4, ge=0, allow_inf_nan=False)
    """Penalty on the squares of the weights: part of the gradient, with `adamw` apart from it."""
    batch_size: int | None = Field(128, ge=1)
    """Samples of a step, in a new order in each epoch; all if `null`."""
    standardize: bool = False
    """Whether the network begins with a shift and a scale of each channel, to mean 0 and standard
    deviation 1 over the training data."""


class ResNetSettings(TeacherSettings):
    """A residual network for small images (He et al., 2016, section 4.2)."""

    depth: int = Field(20, ge=8)
    """Layers with weights: 6 n + 2 of n blocks in each of three stages."""
    width: int = Field(16, ge=1)
    """Channels of the first stage; the second has twice, the third four times as many."""
    shortcut: Literal["pad", "convolution"] = "pad"
    """How a block that halves the size hands its inputs on: every second pixel, with new channels
    of zeros, or through a convolution of 1 x 1 with batch normalisation."""
    epochs: int = Field(200, ge=1)
    """Passes over the training data, at most."""
    learning_rate: float = Field(0.1, gt=0, allow_inf_nan=False)
    """Length of the first steps."""
    weight_decay: float = Field(5e-4, ge=0, allow_inf_nan=False)
    """Penalty on the squares of the weights: part of the gradient, with `adamw` apart from it."""
    batch_size: int | None = Field(64, ge=2)
    """Samples of a step, in a new order in each epoch; all if `null`."""
    standardize: bool = True
    """Whether the network begins with a shift and a scale of each channel, to mean 0 and standard
    deviation 1 over the training data."""
    crop: int = Field(4, ge=0)
    """In training, pixels by which images are shifted at most, in each direction by chance; what
    comes in is black."""
    flip: bool = True
    """Whether images are mirrored in training, left to right, half of them by chance."""
    rotation: float = Field(15.0, ge=0, le=180)
    """In training, degrees by which images are turned at most, by chance; what comes in is
    black."""

    @model_validator(mode="after")
    def _whole_blocks(self) -> Self:
        if (self.depth - 2) % 6:
            less = self.depth - (self.depth - 2) % 6
            raise ValueError(
                f"found `depth: {self.depth}`, expected 6 n + 2, such as {less} or {less + 6}"
            )
        return self
