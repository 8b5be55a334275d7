"""The width of a network by the parameters that it may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["widest"]


def widest(count: Callable[[int], int], limit: int, step: int = 1) -> int:
    """The largest width of at most so many parameters.

    Args:
        count: parameters of a width; it grows with the width.
        limit: parameters at most.
        step: what a width must be a multiple of.

    Raises:
        EvalcoreError: if the least width has more.
    """
    least = count(step)
    if least > limit:
        raise EvalcoreError(
            f"found `parameters: {limit}`, but the smallest such model for these data has {least}: "
            "raise it, or set the width"
        )
    fits, too_wide = 1, 2
    while count(too_wide * step) <= limit:
        fits, too_wide = too_wide, 2 * too_wide
    while too_wide - fits > 1:
        middle = (fits + too_wide) // 2
        if count(middle * step) <= limit:
            fits = middle
        else:
            too_wide = middle
    return fits * step
