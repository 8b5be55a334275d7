"""Operations on a list of numbers."""

from __future__ import annotations

from evalcore_microcoder.world.operation import Operation

__all__ = ["OPERATIONS"]

OPERATIONS = (
    Operation(
        name="keep_above",
        takes="numbers",
        gives="numbers",
        code="[x for x in {a} if x > {k}]",
        parameters={"k": tuple(range(-5, 11))},
        wrong=("[x for x in {a} if x >= {k}]", "[x for x in {a} if x < {k}]"),
        do=(
            "keep the numbers above {k}",
            "keep only numbers larger than {k}",
            "remove the numbers up to {k}",
            "drop each number that is at most {k}",
            "throw away what is not more than {k}",
        ),
        of=("the numbers above {k} in {a}", "the numbers larger than {k} in {a}"),
        tags=("filter",),
        emptiness="may",
    ),
    Operation(
        name="reverse_numbers",
        takes="numbers",
        gives="numbers",
        code="{a}[::-1]",
        wrong=("{a}[::1]", "sorted({a})"),
        do=(
            "reverse the numbers",
            "put the numbers in reverse order",
            "turn the order of the numbers around",
            "read the numbers from the end to the start",
        ),
        of=("{a} in reverse order", "{a} read from the end to the start"),
        tags=("order",),
    ),
    Operation(
        name="sum_numbers",
        takes="numbers",
        gives="number",
        code="sum({a})",
        wrong=("max({a}, default=0)", "len({a})"),
        do=(
            "sum the numbers",
            "add up the numbers",
            "find the total of the numbers",
            "put all the numbers together into one sum",
        ),
        of=("the sum of {a}", "the total of {a}"),
        tags=("sum",),
    ),
    Operation(
        name="max_number",
        takes="numbers",
        gives="number",
        code="max({a}, default={k})",
        parameters={"k": (0, -1)},
        wrong=("max({a})", "min({a}, default={k})", "{a}[-1] if {a} else {k}"),
        do=(
            "find the largest number",
            "take the maximum of the numbers",
            "pick the number that no other is above",
            "choose the greatest number",
        ),
        of=("the largest number of {a}", "the maximum of {a}"),
        tags=("search",),
        note="If there are no numbers, the largest is {k}.",
    ),
)
