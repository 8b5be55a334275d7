"""What a strategy answers an image task with: classifiers, of which one may be the teacher."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

__all__ = ["BLOCKS", "FACTS", "TEACHER", "Contender"]

TEACHER = "teacher"
"""Name of the contender that the others are compared with."""

FACTS = ("weights", "operations", "iterations", "norm", "sensitivity")
"""What may be known of a contender beside what it does."""

BLOCKS = ("A", "B", "C", "D")
"""The matrices of an implicit model."""


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """A classifier of images, and what is known of it.

    Attributes:
        name: `teacher`, or what kind it is; several may have one name at several strengths.
        strength: of the penalty that it was fitted with; `None` where there was none.
        module: in memory of the processor; from float32 images (batch, channels, height, width) to
            scores (batch, classes), with gradients by the images.
        facts: any of `weights`, a mapping of `total` and, of an implicit model, A, B, C and D to
            the numbers of weights that are not 0; `operations`, multiplications with additions of
            one prediction; `iterations` of it; `norm`, the largest sum of absolute values in a row
            of A; and `sensitivity`, an array S of shape (classes, pixels), with which scores
            change by at most S |u - u0| where the pixels change from u0 to u.

    Raises:
        ValueError: if a fact has another name.
    """

    name: str
    strength: float | None
    module: nn.Module
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := set(self.facts).difference(FACTS):
            raise ValueError(
                f"found the facts {', '.join(sorted(unknown))}, expected some of {', '.join(FACTS)}"
            )
        weights = self.facts.get("weights") or {"total": 0}
        if "total" not in weights or (unknown := set(weights).difference(("total", *BLOCKS))):
            raise ValueError(
                f"found weights of {', '.join(weights)}, expected total and, of an implicit model, "
                f"{', '.join(BLOCKS)}"
            )
