"""The states of a trained network, in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from evalcore_implicit.sim import Moments
from evalcore_implicit.states.describing import described, kept_states, without_dead
from evalcore_implicit.states.taking import taking
from evalcore_implicit.states.watching import inputs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from evalcore_implicit.states.describing import Convolution, Record

__all__ = ["States", "record"]


@dataclass(frozen=True, eq=False)
class States:
    """What a network computes for some samples, one row each; the last layer first.

    Attributes:
        record: what the states are.
        u: inputs, shape (m, p), or (m, p + 1) with a bias.
        x: after the activations, shape (m, n).
        z: before them, shape (m, n).
        y: outputs, shape (m, q).
    """

    record: Record
    u: Tensor
    x: Tensor
    z: Tensor
    y: Tensor

    def scaled(self, scales: Tensor) -> States:
        """The states divided by scales, shape (n,); see `find_scales`.

        Raises:
            ValueError: if there is not one positive scale for each state, or the activation is not
                positively homogeneous.
        """
        changed = self.record.scaled(scales)
        divisors = scales.detach().to(self.x.device, self.x.dtype)
        return replace(self, record=changed, x=self.x / divisors, z=self.z / divisors)

    def live(self) -> States:
        """The same without the dead states, which `record.dropped` then tells of."""
        kept = kept_states(self.record)
        changed = without_dead(self.record)
        return replace(self, record=changed, x=self.x[:, kept], z=self.z[:, kept])

    def moments(self) -> Moments:
        """Their second moments, in float64."""
        x, u, z, y = (values.double().numpy() for values in (self.x, self.u, self.z, self.y))
        return Moments.of(x, u, z, y)


def record(
    module: nn.Module,
    inputs: Any,
    *,
    layers: Sequence[str] | None = None,
    convolution: Convolution | None = None,
    bias: bool = False,
    batch_size: int = 256,
) -> States:
    """What a network computes for some inputs; see `accumulate` for many.

    The activations are modules or, where torch.fx can trace the network, functions as well; each
    call counts by itself. They are named as by `evalcore_implicit.embedding.embed`. The network is
    put in evaluation, and afterwards back in what it was.

    Args:
        module: the network; its outputs are one tensor, of a row for each sample.
        inputs: an array of shape (m, ...); it is converted to the type of the network.
        layers: glob patterns of the names of the activations to record. If it is not given all are,
            and nothing but affine maps may lie between them; else what lies between is left to the
            fit to approximate, and the record says what that is.
        convolution: `blocks` for the outputs of residual blocks alone (activations of a sum of two
            branches), which leaves what is within the blocks to the fit; `features` for what
            follows the last convolution alone, see `split`. For shared weights see
            `accumulate_locations`.
        bias: whether to add a constant input of 1, as the last.
        batch_size: samples that the network is given at once.

    Returns:
        On the processor, in the type of the network.

    Raises:
        ValueError: if no activation is found that an implicit layer has; a pattern matches none;
            the activations are of several kinds; a module is no affine map and `layers` are not
            given; torch.fx traces another function, or cannot trace the network and an activation
            is called several times; there are no samples; or an input, a state or an output is not
            finite.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    with taking(module, layers, convolution, bias=bias) as taken:
        whole = inputs_of(inputs, taken.dtype, taken.device)
        batches = [taken(whole[i : i + batch_size]) for i in range(0, len(whole), batch_size)]
        u, x, z, y = (
            torch.cat([getattr(batch, name) for batch in batches]).cpu() for name in "uxzy"
        )
        both = torch.cat([x, u], 1)
        return States(
            record=described(batches[0], taken.settings, (both != both[:1]).any(0), len(whole)),
            u=functional.pad(u, (0, 1), value=1.0) if bias else u,
            x=x,
            z=z,
            y=y,
        )
