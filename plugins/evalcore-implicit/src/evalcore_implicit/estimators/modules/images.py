"""Networks of images, put together from modules whose every activation can be told apart."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from evalcore_implicit.embedding import Residual
from evalcore_implicit.estimators.modules.network import Network

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Augmented", "Padding", "operations", "perceptron", "resnet"]


def perceptron(
    shape: tuple[int, int, int],
    widths: Sequence[int],
    classes: int,
    *,
    bias: bool,
    standardize: bool,
) -> nn.Sequential:
    """Linear layers with ReLU between them: `linear1`, `relu1`, and so on.

    Args:
        shape: of an image: channels, height, width.
        widths: of the hidden layers.
        classes: outputs.
        bias: whether the layers have biases.
        standardize: whether it begins with a `Standardized`.
    """
    parts = _first(shape[0], standardize=standardize)
    parts["flatten"] = nn.Flatten()
    sizes = [prod(shape), *widths, classes]
    for place, (before, after) in enumerate(itertools.pairwise(sizes), start=1):
        parts[f"linear{place}"] = nn.Linear(before, after, bias=bias)
        if place <= len(widths):
            parts[f"relu{place}"] = nn.ReLU()
    return nn.Sequential(parts)


def resnet(
    channels: int,
    classes: int,
    *,
    depth: int,
    width: int,
    shortcut: Literal["pad", "convolution"],
    standardize: bool,
) -> nn.Sequential:
    """A residual network for small images (He et al., 2016, section 4.2).

    A convolution, three stages of (depth - 2) / 6 blocks of two convolutions each, the mean over
    all pixels and a linear layer: `convolution`, `norm`, `relu`, `block1_1`, `relu1_1` and so on,
    `pool`, `flatten`, `linear`. Weights of convolutions begin as by He et al. (2015).

    Args:
        channels: of an image.
        classes: outputs.
        depth: layers with weights, 6 n + 2.
        width: channels of the first stage; each other has twice those of the one before.
        shortcut: of blocks that halve the size: option A or B of the paper.
        standardize: whether it begins with a shift and a scale of each channel.
    """
    parts = _first(channels, standardize=standardize)
    parts["convolution"] = _convolution(channels, width)
    parts["norm"] = nn.BatchNorm2d(width)
    parts["relu"] = nn.ReLU()
    before = width
    for stage, place in itertools.product((1, 2, 3), range(1, (depth - 2) // 6 + 1)):
        after = width * 2 ** (stage - 1)
        parts[f"block{stage}_{place}"] = _block(before, after, shortcut)
        parts[f"relu{stage}_{place}"] = nn.ReLU()
        before = after
    parts["pool"] = nn.AdaptiveAvgPool2d(1)
    parts["flatten"] = nn.Flatten()
    parts["linear"] = nn.Linear(before, classes)
    return nn.Sequential(parts)


def operations(network: nn.Module, images: Tensor) -> int:
    """Multiplications with additions that one image takes, in convolutions and linear layers.

    A weight that is 0 takes none; batch normalisation and pools are not counted.

    Args:
        network: takes the images.
        images: one or more, of which the first is counted.
    """
    counts: list[int] = []

    def count(module: nn.Module, _: Any, outputs: Tensor) -> None:
        places = outputs[0, 0].numel() if isinstance(module, nn.Conv2d) else 1
        counts.append(places * int(module.weight.count_nonzero()))  # type: ignore[operator]

    kinds = (nn.Conv2d, nn.Linear)
    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, kinds)]
    try:
        with torch.no_grad():
            network(images[:1])
    finally:
        for hook in hooks:
            hook.remove()
    return sum(counts)


class Padding(nn.Module):
    """Every second pixel, with as many channels of zeros below as above (option A)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self._below = (after - before) // 2
        self._above = after - before - self._below

    def forward(self, images: Tensor) -> Tensor:
        """From (batch, before, height, width) to (batch, after, height / 2, width / 2)."""
        return functional.pad(images[:, :, ::2, ::2], (0, 0, 0, 0, self._below, self._above))


class Augmented(Network):
    """A network that in training sees each image changed by chance, on the processor's chance.

    Args:
        network: from images to scores. What it standardizes by stays as it is.
        crop: pixels by which images are shifted at most.
        rotation: degrees by which they are turned at most.
        flip: whether half of them are mirrored.
    """

    def __init__(self, network: nn.Sequential, crop: int, rotation: float, *, flip: bool) -> None:
        super().__init__()
        self.network = network
        self._crop, self._rotation, self._flip = crop, rotation, flip

    def train(self, mode: bool = True) -> Augmented:
        """Begin or end training."""
        super().train(mode)
        if isinstance(self.network[0], nn.BatchNorm2d):
            self.network[0].eval()
        return self

    def forward(self, inputs: Tensor) -> Tensor:
        """The scores, shape (batch, classes)."""
        scores: Tensor = self.network(self._changed(inputs) if self.training else inputs)
        return scores

    def operations(self, inputs: Tensor) -> float:
        """As of the network."""
        return operations(self.network, inputs)

    def _changed(self, images: Tensor) -> Tensor:
        count = len(images)
        if self._rotation:
            turn = torch.deg2rad((2 * torch.rand(count) - 1) * self._rotation)
            images = _turned(images, turn.to(images.device))
        if self._flip:
            mirrored = (torch.rand(count) < 0.5).to(images.device)
            images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
        if self._crop:
            by = torch.randint(-self._crop, self._crop + 1, (2, count)).to(images.device)
            images = _shifted(images, self._crop, *by)
        return images


def _first(channels: int, *, standardize: bool) -> OrderedDict[str, nn.Module]:
    """What comes before the layers."""
    if not standardize:
        return OrderedDict()
    norm = nn.BatchNorm2d(channels, eps=0.0, affine=False)
    return OrderedDict(standardize=norm)


def _convolution(before: int, after: int, stride: int = 1, kernel: int = 3) -> nn.Conv2d:
    layer = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer


def _block(before: int, after: int, shortcut: str) -> Residual:
    stride = 1 if before == after else 2
    body = nn.Sequential(
        OrderedDict(
            convolution1=_convolution(before, after, stride),
            norm1=nn.BatchNorm2d(after),
            relu1=nn.ReLU(),
            convolution2=_convolution(after, after),
            norm2=nn.BatchNorm2d(after),
        )
    )
    if before == after:
        return Residual(body)
    if shortcut == "pad":
        return Residual(body, Padding(before, after))
    convolved = _convolution(before, after, stride, kernel=1)
    return Residual(body, nn.Sequential(convolved, nn.BatchNorm2d(after)))


def _turned(images: Tensor, turn: Tensor) -> Tensor:
    """Images turned around their middles, with pixels between four mixed."""
    height, width = images.shape[2:]
    cos, sin, none = torch.cos(turn), torch.sin(turn), torch.zeros_like(turn)
    # Coordinates are from -1 to 1 in both directions, however long the sides are.
    rows = [cos, -sin * height / width, none, sin * width / height, cos, none]
    matrices = torch.stack(rows, dim=1).reshape(-1, 2, 3)
    grid = functional.affine_grid(matrices, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def _shifted(images: Tensor, most: int, down: Tensor, across: Tensor) -> Tensor:
    """Images shifted by whole pixels, shape (batch,) in each direction, at most by `most`."""
    count, channels, height, width = images.shape
    padded = functional.pad(images, (most, most, most, most))
    device = images.device
    rows = torch.arange(height, device=device)[:, None] + (most + down)[:, None, None, None]
    columns = torch.arange(width, device=device) + (most + across)[:, None, None, None]
    each = torch.arange(count, device=device)[:, None, None, None]
    channel = torch.arange(channels, device=device)[:, None, None]
    return padded[each, channel, rows, columns]
