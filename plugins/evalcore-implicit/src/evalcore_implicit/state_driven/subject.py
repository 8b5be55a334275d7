"""What of a teacher is replaced."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from evalcore_implicit.state_driven.plain import plain
from evalcore_implicit.states import accumulate_locations, folded, split

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.states import Locations

__all__ = ["Subject", "subject_of"]

_CHUNK = 256


@dataclass(frozen=True, eq=False)
class Subject:
    """The part of a teacher that is replaced, and what it is given.

    Attributes:
        teacher: all of it.
        network: the part; the teacher where nothing stays.
        backbone: what comes before, and stays; `None` where nothing does.
        images: that the teacher is given, shape (m, channels, height, width).
        inputs: that the part is given, shape (m, ...).
    """

    teacher: nn.Module
    network: nn.Module
    backbone: nn.Module | None
    images: Tensor
    inputs: Tensor

    @cached_property
    def locations(self) -> Locations:
        """The second moments of the part's layers, for every fit of them."""
        return accumulate_locations(self.network, self.batches())

    def completed(self, part: nn.Module) -> nn.Module:
        """From images to scores, by a part in place of the subject's own."""
        if self.backbone is None:
            return plain(part).eval()
        return nn.Sequential(plain(self.backbone), plain(part)).eval()

    def batches(self) -> tuple[Tensor, ...]:
        """The inputs, some at a time."""
        return torch.split(self.inputs, _CHUNK)


def subject_of(
    teacher: nn.Module,
    images: Tensor,
    convolution: Literal["locations", "blocks", "features"] | None,
) -> Subject:
    """The whole teacher, or with `features` what follows its convolutions.

    With `locations` batch normalisations are folded into the layers before them, as they are in the
    fits: weights are then counted, and pruned, alike.

    Raises:
        ValueError: if it cannot be divided so.
    """
    if convolution != "features":
        network = folded(teacher) if convolution == "locations" else teacher
        return Subject(teacher, network, None, images, images)
    backbone, classifier = split(teacher)
    with torch.no_grad():
        features = torch.cat([backbone(chunk) for chunk in torch.split(images, _CHUNK)])
    return Subject(teacher, classifier, backbone, images, features)
