"""What every network here can tell of itself, besides its outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Network"]


class Network(nn.Module):
    """From inputs, (samples, features) or (samples, time, features), to (samples, outputs)."""

    def forward(self, inputs: Tensor) -> Tensor:
        """The outputs, shape (samples, outputs)."""
        raise NotImplementedError

    def count(self) -> int:
        """Parameters that are free to be learned."""
        return sum(weight.numel() for weight in self.parameters())

    def operations(self, inputs: Tensor) -> float:
        """Multiplications with additions in matrix products, for one sample such as those given."""
        raise NotImplementedError

    def project_(self) -> None:
        """Bring the weights back to where they must be; called after each step."""

    def check(self, inputs: Tensor) -> None:
        """Look whether it has learned to be what it is meant to be; called after training.

        Raises:
            EvalcoreError: if it has not.
        """

    def details(self, inputs: Tensor) -> Mapping[str, Any]:
        """What is worth having on record of a prediction (JSON-ready)."""
        return {}
