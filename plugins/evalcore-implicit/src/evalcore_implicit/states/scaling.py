"""Scales of states with which the matrix A of a network is a contraction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from evalcore_implicit.embedding import embed, rescale
from evalcore_implicit.states.evaluating import evaluating
from evalcore_implicit.states.splitting import split

if TYPE_CHECKING:
    from torch import Tensor, nn

    from evalcore_implicit.states.describing import Record

__all__ = ["find_scales"]


def find_scales(module: nn.Module, record: Record, *, kappa: float = 0.95) -> Tensor:
    """The scales v of recorded states, float64 of shape (n,).

    With the states divided by them, the network itself is an implicit model with `||A|| <= kappa`;
    see `evalcore_implicit.embedding.rescale`, whose scales they are. Where only some activations
    are recorded, that holds for the model with all of them.

    Args:
        module: the network that was recorded.
        record: of its states, dead ones included.
        kappa: above 0 and below 1.

    Raises:
        ValueError: if the network cannot be embedded: the norms of its layers' weights alone do not
            give scales; it is not the one that was recorded; or `rescale` refuses kappa.
    """
    with evaluating(module):
        network = split(module)[1] if record.convolution == "features" else module
        if not record.blocks:
            return torch.empty(0, dtype=torch.float64)
        try:
            embedded = embed(network, record.input_shape)
        except ValueError as error:
            raise ValueError(
                f"there are no scales for a network that cannot be embedded, and none follow from "
                f"the norms of its weights: fit its states as they are. {error}"
            ) from error
    embedded = rescale(embedded, kappa)
    places = {block.name: block for block in embedded.blocks}
    scales = []
    for block in record.blocks:
        known = places.get(block.name)
        if known is None or known.shape != block.shape:
            raise ValueError(
                f"the embedded network has no states {block.name} of the shape {block.shape}: give "
                "the network that was recorded, and the record with its dead states"
            )
        scales.append(embedded.scales[known.states])
    return torch.cat(scales).double().cpu()
