"""A network in evaluation for a while."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

__all__ = ["evaluating", "kind_of_weights"]


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """All of a network in evaluation; afterwards each of its modules is as it was."""
    before = {child: child.training for child in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for child, training in before.items():
            child.training = training


def kind_of_weights(module: nn.Module) -> tuple[torch.dtype, torch.device]:
    """The floating-point type of a network and where it is.

    Raises:
        ValueError: if it has several types.
    """
    tensors = [*module.parameters(), *module.buffers()]
    types = {tensor.dtype for tensor in tensors if tensor.is_floating_point()}
    if len(types) > 1:
        found = ", ".join(sorted(map(str, types)))
        raise ValueError(f"the network has weights of {found}: call `float()` or `double()` on it")
    device = tensors[0].device if tensors else torch.device("cpu")
    return (types.pop() if types else torch.get_default_dtype()), device
