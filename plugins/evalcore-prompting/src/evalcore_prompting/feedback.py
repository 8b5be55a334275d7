"""Execution feedback as a model reads it: a task's `Feedback` through a prompt of its family.

A task that tells single tests puts them into the details of its feedback, as `tests`: mappings of
`verdict` (`accepted` where the test is passed), `input`, `expected`, `got` and `stderr`. Of a task
that does not, the text is used.

A task that traces programs puts what the program does on the first failed test under `trace`: its
`blocks`, the first and the last ones, as mappings of their `code` and of the values `before` and
`after` them by the names of variables, and how many are `omitted` between. Of a program that it
cannot trace, `untraced` says why. With neither the grain `traced` is an error: it would tell what
`failed-tests` tells, under another name.

Long feedback is cut by these rules. Lengths are tokens of the model that reads it, or four
characters each where its tokenizer is not known. The texts of one test share a limit: each gets an
equal part, and what a short one leaves goes to the others. A text that is too long keeps its
beginning, and `stderr` its end, where a traceback names the error. The whole has a limit of its
own: it shows as many tests as fit, failed ones first, and says how many more there are. Where not
even one fits, it is cut at the end. A trace goes before the second test: as many of its first and
last blocks are shown as fit beside one, and where none fits, it is said that there is no room.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalcore.errors import TaskError
from evalcore_prompting.lengths import beginning, end

if TYPE_CHECKING:
    from evalcore.data import Feedback
    from evalcore_prompting.lengths import Count
    from evalcore_prompting.templates import Library

__all__ = ["FeedbackText"]

_FIELDS = ("input", "expected", "got", "stderr")
_TRACED = "traced"
_NONE = "the task gives none"
_TOO_LONG = "it is too long to be shown"


@dataclass(frozen=True, slots=True)
class FeedbackText:
    """Renders feedback at one grain.

    Attributes:
        prompts: where the grain is found.
        grain: id of a prompt of the family `feedback`.
        test_tokens: tokens that the texts of one test may have.
        tokens: tokens that the whole may have.
    """

    prompts: Library
    grain: str
    test_tokens: int
    tokens: int

    def __call__(self, feedback: Feedback, count: Count) -> str:
        """The text of one feedback.

        Args:
            feedback: the task's.
            count: counts the tokens of a text.

        Raises:
            PromptError: if the template fails.
            TaskError: if the grain is `traced` and the task traces no programs.
        """
        if self.grain == _TRACED and not {"trace", "untraced"} & feedback.details.keys():
            raise TaskError(
                "found `feedback: traced`, but the task gives no traces: set `task.trace: true`, "
                "where the task has that setting, or choose another grain, such as `failed-tests`"
            )
        found = feedback.details.get("tests", ())
        tests = [self._shown(test, count) for test in found if isinstance(test, Mapping)]
        passed = [test for test in tests if test["verdict"] == "accepted"]
        failed = [test for test in tests if test["verdict"] != "accepted"]

        trace = _trace(feedback.details)
        untraced = _TOO_LONG if trace else str(feedback.details.get("untraced", _NONE))

        def showing(first: int, blocks: int) -> str:
            """With the first tests alone, failed ones before passed ones, and so many blocks."""
            shown, kept = failed[:first], passed[: max(0, first - len(failed))]
            return self.prompts.render(
                self.grain,
                failed=shown,
                passed=kept,
                more_failed=len(failed) - len(shown),
                more_passed=len(passed) - len(kept),
                text=feedback.text.strip("\n"),
                trace=_thinned(trace, blocks),
                untraced=untraced,
            )

        def too_long(first: int, blocks: int) -> bool:
            return count(showing(first, blocks)) > self.tokens

        more_blocks = range(1, len(trace) + 1)
        blocks = bisect_left(more_blocks, True, key=lambda blocks: too_long(1, blocks))
        more_tests = range(2, len(tests) + 1)
        fitting = bisect_left(more_tests, True, key=lambda first: too_long(first, blocks))
        return beginning(showing(1 + fitting, blocks), self.tokens, count)

    def _shown(self, test: Mapping[str, Any], count: Count) -> dict[str, str]:
        """The verdict of a test and its texts, cut to what they may have together."""
        shown = {name: str(test.get(name, "")).rstrip() for name in _FIELDS}
        left = self.test_tokens
        for done, name in enumerate(sorted(_FIELDS, key=lambda name: len(shown[name]))):
            cut = end if name == "stderr" else beginning
            shown[name] = cut(shown[name], left // (len(_FIELDS) - done), count)
            left -= count(shown[name])
        return {"verdict": str(test.get("verdict", "")), **shown}


def _trace(details: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The blocks of a trace as the prompts of the family have them."""
    trace = details.get("trace", {})
    blocks = [
        {"code": block["code"], "skipped": 0}
        | {when: _values(block[when]) for when in ("before", "after")}
        for block in trace.get("blocks", ())
    ]
    if blocks:
        blocks[len(blocks) // 2]["skipped"] = trace.get("omitted", 0)
    return blocks


def _values(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _thinned(blocks: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The first and the last `count` blocks together, counting those left out between them."""
    if count == 0:
        return []
    first, last = blocks[: count // 2], blocks[len(blocks) - (count - count // 2) :]
    between = blocks[len(first) : len(blocks) - len(last) + 1]
    left_out = len(between) - 1 + sum(block["skipped"] for block in between)
    return [*first, {**last[0], "skipped": left_out}, *last[1:]]
