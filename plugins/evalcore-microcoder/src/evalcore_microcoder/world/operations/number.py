"""Operations on a number."""

from __future__ import annotations

from evalcore_microcoder.world.operation import Operation

__all__ = ["OPERATIONS"]

OPERATIONS = (
    Operation(
        name="add",
        takes="number",
        gives="number",
        code="{a} + {k}",
        parameters={"k": tuple(range(1, 10))},
        wrong=("{a} - {k}", "{a} * {k}"),
        do=(
            "add {k} to the number",
            "raise the number by {k}",
            "make the number {k} larger",
            "go up from the number by {k}",
        ),
        of=("{a} plus {k}", "{k} more than {a}"),
        tags=("math",),
    ),
)
