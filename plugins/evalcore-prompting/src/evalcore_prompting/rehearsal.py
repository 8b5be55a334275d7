"""A dialogue before any model is asked: what a strategy would say, with stand-ins for the rest.

A model answers `[answer]` and a program `[program]`, and the feedback of the task is one failed
public test of stand-ins. The messages up to the first answer are those that a model would get; the
later ones are the prompts of their turns, around the stand-ins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import evalcore.rehearsal
from evalcore.data import Feedback
from evalcore.errors import EvalcoreError
from evalcore.strategy import StandIns

if TYPE_CHECKING:
    from evalcore.data import Message, Sample
    from evalcore.strategy import Strategy

__all__ = ["STAND_INS", "rehearse"]

_TEST = {
    "verdict": "wrong-answer",
    "input": "[input of a public test]",
    "expected": "[its output]",
    "got": "[output of the program]",
}
_VALUES = {"[name]": "[value]"}
_TRACE = {
    "blocks": [{"code": "[lines of the program]", "before": _VALUES, "after": _VALUES}],
    "omitted": 0,
}
_FEEDBACK = Feedback(False, "[feedback]", {"tests": [_TEST], "trace": _TRACE})

_LONG = " and so on" * 200
_LONG_TEST = {"verdict": "wrong-answer"} | dict.fromkeys(("input", "expected", "got"), _LONG)
_LONGEST = Feedback(
    False,
    _LONG,
    {
        "tests": [_LONG_TEST] * 20,
        "trace": {"blocks": [{"code": "a = b", "before": {}, "after": {}}] * 500, "omitted": 1},
    },
)
"""So much that what is shown of it is as long as settings let it be."""

STAND_INS = StandIns("[answer]\n\n```\n[program]\n```", _FEEDBACK, _LONGEST)
"""As no program passes, a dialogue takes all turns."""


async def rehearse(strategy: Strategy[Any], sample: Sample) -> tuple[Message, ...]:
    """The dialogue that a strategy would hold about a sample.

    It asks no model and runs no program.

    Returns:
        The messages: exact up to the first answer, with stand-ins from there.

    Raises:
        EvalcoreError: if the strategy has no stand-ins.
    """
    rehearsal = await evalcore.rehearsal.rehearse(strategy, sample)
    if rehearsal is None:
        raise EvalcoreError(f"{type(strategy).__name__} has no stand-ins to be rehearsed with")
    return rehearsal.attempt.messages
