"""A residual block, for networks put together from modules alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Residual"]


class Residual(nn.Module):
    """`body(x) + shortcut(x)`; the shortcut is the identity if it is not given."""

    def __init__(self, body: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.body = body
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x: Tensor) -> Tensor:
        """The sum of both; they must give the same shape."""
        return self.body(x) + self.shortcut(x)  # type: ignore[no-any-return]
