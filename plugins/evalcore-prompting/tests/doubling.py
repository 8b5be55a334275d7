"""A task of a few lines whose feedback has the details of judged contests."""

from __future__ import annotations

from typing import Any

from evalcore.data import Case, Feedback, Sample, Score
from evalcore.settings import Settings
from evalcore.task import Task
from evalcore_prompting.extraction import extract

STATEMENT = "Print twice the number."
PUBLIC = [("1", "2"), ("3", "6")]
HIDDEN = ("123456789", "246913578")

RIGHT = "```python\nprint(2 * int(input()))\n```"
HALF_RIGHT = "```python\nprint(int(input()) + 1)\n```"
WRONG = "```python\nprint(0)\n```"
BROKEN = "```python\nprint(nothing)\n```"
WORDS = "I would multiply by two."


class Doubling(Task[Settings]):
    """Twice a number, judged by two public tests and a hidden one."""

    statement: Any = STATEMENT

    def cases(self):
        yield Case(Sample("double", self.statement, PUBLIC), HIDDEN)

    def score(self, case, attempt):
        tests = [judged(attempt.answer, *test) for test in [*PUBLIC, HIDDEN]]
        passed = [test["verdict"] == "accepted" for test in tests]
        return Score(float(all(passed)), details={"public_passed": all(passed[: len(PUBLIC)])})

    def feedback(self, case, answer):
        tests = [judged(answer, *test) for test in PUBLIC]
        passed = all(test["verdict"] == "accepted" for test in tests)
        return Feedback(passed, "In words.", {"tests": tests}, executions=len(tests))


def judged(answer, given, expected):
    """How the program in an answer of this module does on one test."""
    printed: list[str] = []
    names = {"input": lambda: given, "print": lambda *values: printed.append(str(*values))}
    verdict, stderr = "wrong-answer", ""
    try:
        code = extract(answer)
        exec(code.text if code else "", names)
    except Exception as error:
        verdict, stderr = "runtime-error", f"{type(error).__name__}: {error}"
    else:
        verdict = "accepted" if printed == [expected] else "wrong-answer"
    told = {"input": given, "expected": expected, "got": "\n".join(printed), "stderr": stderr}
    return {"verdict": verdict, **told}
