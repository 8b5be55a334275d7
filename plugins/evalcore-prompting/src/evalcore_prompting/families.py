"""The families of prompts, and the variables that the prompts of each may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["EXAMPLES", "VARIABLES", "Family", "turns"]

Family = Literal["reasoning", "instruction", "format", "retry", "feedback"]
"""What a prompt is for: `reasoning` asks for words about the problem, `instruction` for a program
written in some way, `format` says how the program is to be given, `retry` asks for another try, and
`feedback` says how a program did."""

_DIALOGUE = ("statement", "turn", "max_turns", "reflections")

VARIABLES: dict[Family, tuple[str, ...]] = {
    "reasoning": _DIALOGUE,
    "instruction": _DIALOGUE,
    "format": _DIALOGUE,
    "retry": _DIALOGUE,
    "feedback": (
        *("failed", "passed", "more_failed", "more_passed", "text"),
        *("trace", "untraced"),
    ),
}
"""In a dialogue: the text of the sample, the number of the turn from 1, how many there may be, and
what the model has noted after programs that failed, where the strategy asks for that.
In feedback: the tests that failed and that passed, as mappings of `input`, `expected`, `got`,
`stderr` and `verdict`; how many more of each there are; the task's own words; and the blocks that
the program executes on the first failed test, as mappings of `code`, `before`, `after` and
`skipped`, the number of blocks left out before it, or why there are none."""

_TEST = dict.fromkeys(("input", "expected", "got", "stderr", "verdict"), "1")
_BLOCK = {"code": "a = 1", "before": "", "after": "a = 1", "skipped": 1}


def turns(most: int) -> Iterator[dict[str, Any]]:
    """Values of the variables in each turn of a dialogue, without reflections and with some."""
    for turn in range(1, most + 1):
        for reflections in ([], ["It prints 2."] * turn):
            told = {"statement": "Print 1.", "turn": turn, "max_turns": most}
            yield told | {"reflections": reflections}


_TURNS = (*turns(1), *turns(3))

EXAMPLES: dict[Family, tuple[dict[str, Any], ...]] = {
    "reasoning": _TURNS,
    "instruction": _TURNS,
    "format": _TURNS,
    "retry": _TURNS,
    "feedback": (
        {"failed": [_TEST], "passed": [_TEST], "more_failed": 1, "more_passed": 1, "text": ""}
        | {"trace": [_BLOCK], "untraced": ""},
        {"failed": [], "passed": [], "more_failed": 0, "more_passed": 0, "text": "It fails."}
        | {"trace": [], "untraced": "it took too long"},
    ),
}
"""Values of the variables, with which every prompt can be rendered."""
