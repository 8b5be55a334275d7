"""What a state-driven fit is compared with: other ways from a teacher to fewer weights."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import torch

from evalcore_implicit.sim import L1
from evalcore_implicit.state_driven.layered import LAYERS, counted, regressed

if TYPE_CHECKING:
    from torch import nn

    from evalcore_implicit.state_driven.settings import StateDrivenSettings
    from evalcore_implicit.state_driven.subject import Subject

__all__ = ["lassoed", "pruned"]


@torch.no_grad()
def pruned(network: nn.Module, left: int) -> nn.Module:
    """A copy with the largest weights alone, of all layers together.

    Args:
        network: stays as it is.
        left: weights of the copy, biases among them, which stay; all where there are no more.
    """
    made = deepcopy(network)
    weights = [module.weight for module in made.modules() if isinstance(module, LAYERS)]
    sizes = torch.cat([each.abs().flatten() for each in weights])
    biases = counted(made) - int(sizes.count_nonzero())
    keep = min(max(left - biases, 0), len(sizes))
    mask = torch.zeros_like(sizes)
    mask[sizes.topk(keep).indices] = 1
    parts = torch.split(mask, [each.numel() for each in weights])
    for each, part in zip(weights, parts, strict=True):
        each.mul_(part.reshape(each.shape))
    return made


def lassoed(subject: Subject, settings: StateDrivenSettings) -> list[nn.Module]:
    """For each strength the network with every row of a layer a lasso on the layer's inputs.

    The least half of the squared error over all samples and locations, with the l1 norm times the
    strength.
    """
    networks, _ = regressed(subject, L1(settings.strengths[0]), settings)
    return networks
