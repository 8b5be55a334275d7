"""How a forked process becomes something else without keeping its parent's stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class NextRole(BaseException):
    """Unwinds a fresh child to the bottom of its stack, to go on there with `run`."""

    def __init__(self, run: Callable[[], None]) -> None:
        super().__init__()
        self.run = run
