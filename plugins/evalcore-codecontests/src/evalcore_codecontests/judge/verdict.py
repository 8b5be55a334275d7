"""What the judge says of a program, and of each test it ran."""

from __future__ import annotations

import builtins  # noqa: TC003 - annotations are read when the class is made
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """The outcome of one test, and of a program: that of its first test not accepted."""

    ACCEPTED = "accepted"
    WRONG_ANSWER = "wrong-answer"
    TIME_LIMIT = "time-limit"
    MEMORY_LIMIT = "memory-limit"
    OUTPUT_LIMIT = "output-limit"
    RUNTIME_ERROR = "runtime-error"
    COMPILE_ERROR = "compile-error"
    UNJUDGEABLE = "unjudgeable"
    """The problem or this machine cannot tell: no tests, no compiler, a form not supported."""
    JUDGE_ERROR = "judge-error"
    """The judge failed, twice; nothing is said of the program."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """What one test showed.

    Attributes:
        seconds: CPU time of the program, all its threads together.
        bytes: its peak resident memory.
        output: the first part of what it wrote to standard output (or to the output file).
        stderr: the last part of what it wrote to standard error.
        result: what the function returned, for a call-based test that got that far.
        message: what the verdict rests on, in words.
    """

    __test__ = False  # not for pytest to collect

    verdict: Verdict
    seconds: float = 0.0
    bytes: int = 0
    output: builtins.bytes = b""
    stderr: str = ""
    result: Any = None
    message: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON takes it; a call's result as its `repr`, `None` where none came."""
        return {
            "verdict": self.verdict.value,
            "seconds": self.seconds,
            "bytes": self.bytes,
            "output": self.output.decode("utf-8", "replace"),
            "stderr": self.stderr,
            "result": None if self.result is None else repr(self.result),
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge says of a program.

    Attributes:
        tests: the tests that ran, in the problem's order, public ones first.
        seconds: CPU time of all tests together; compiling not counted.
        bytes: the highest peak memory of any test.
        tier: the isolation that was in force.
        message: what the verdict rests on, such as the compiler's words.
    """

    verdict: Verdict
    tests: tuple[TestResult, ...] = ()
    seconds: float = 0.0
    bytes: int = 0
    tier: str = ""
    message: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The judgement as JSON takes it."""
        return {
            "verdict": self.verdict.value,
            "tests": [test.as_dict() for test in self.tests],
            "seconds": self.seconds,
            "bytes": self.bytes,
            "tier": self.tier,
            "message": self.message,
        }
