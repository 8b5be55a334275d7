"""Tasks `codecontests`, `taco` and `contest`: problems in, verdicts out.

A sample is a problem. Its public side is the problem with its public tests alone; the problem
with all its tests stays with the task.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from pydantic import Field, PositiveFloat, model_validator

from evalcore.data import Case, Feedback, Sample, Score
from evalcore.errors import TaskError
from evalcore.settings import DataPath, Settings
from evalcore.task import Task
from evalcore_codecontests import checkers
from evalcore_codecontests.answer import program_of
from evalcore_codecontests.judge import Judge, UntraceableError, Verdict
from evalcore_codecontests.readers import read_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalcore.data import Attempt
    from evalcore_codecontests.judge import Judgement, TestResult
    from evalcore_codecontests.problem import CallTest, Problem, Test

__all__ = [
    "CodeContests",
    "Contest",
    "ContestSettings",
    "DataSettings",
    "JudgeSettings",
    "JudgedTask",
    "PackagedContest",
    "Taco",
]

_SHOWN = 2_000
"""Characters of a test's input and output that feedback holds at most."""


Language = Literal["python", "cpp", "java"]


class JudgeSettings(Settings):
    """How programs are judged."""

    checker: Literal["tokens", "codecontests", "taco", "apps", "livecodebench"] = "tokens"
    """What makes an output right: our own rule, or that of a published benchmark's program."""
    language: Language = "python"
    """Language of an answer of which neither its code block's tag nor its look tells it."""
    isolation: Literal["sandbox", "none"] = "sandbox"
    """`none` runs programs with resource limits alone: only for programs that you trust."""
    workers: int | None = Field(default=None, ge=1)
    """Tests that run at a time; one for each processor if not set."""
    time_factor: dict[Language, PositiveFloat] = Field(default_factory=dict)
    """By language, what a problem's time limit is multiplied with."""
    ignore_exit_status: bool = False
    """Accept a right output whatever the exit status, as the CodeContests program does."""
    all_tests: bool = False
    """Run every test, instead of stopping at the first that is not accepted."""
    trace: bool = False
    """Feedback on a Python program that fails also holds its basic blocks, on the first public
    test that it fails, with the values of variables."""


class DataSettings(JudgeSettings):
    """Where the problems are, and how programs are judged."""

    path: DataPath | None = None
    """Parquet, Arrow or JSON Lines files: a file, a folder or a glob."""
    dataset: str | None = None
    """Instead of `path`, a data set on the Hugging Face hub, read with the package `datasets`."""
    split: str | None = None
    """Only the files of this split, such as `test`; all files if not set."""

    @model_validator(mode="after")
    def _one_source(self) -> DataSettings:
        if (self.path is None) == (self.dataset is None):
            raise ValueError("one of `path` (files) and `dataset` (a name on the hub)")
        return self


class ContestSettings(JudgeSettings):
    """How much of a contest there is to be, and how programs are judged."""

    problems: int | None = Field(default=None, ge=1)
    """Only the first so many problems; all if not set."""


J = TypeVar("J", bound=JudgeSettings)


class JudgedTask(Task[J]):
    """Problems whose answers are programs, judged in worker threads."""

    def __init__(self, settings: J) -> None:
        super().__init__(settings)
        self.workers = settings.workers or os.cpu_count() or 1
        self._checker = checkers.get(settings.checker)
        self._judge: Judge | None = None

    @property
    def files(self) -> list[str]:
        """The files that hold the problems, which no program may see."""
        path = getattr(self.settings, "path", None)
        return [str(file) for file in path.files()] if path else []

    @abstractmethod
    def problems(self) -> Iterator[Problem]:
        """The problems, one at a time."""

    def open(self) -> None:
        """Start the judge.

        Raises:
            IsolationError: if this machine allows no isolation and the settings ask for it.
        """
        settings = self.settings
        self._judge = Judge(
            isolation=settings.isolation,
            workers=self.workers,
            time_factor={str(name): factor for name, factor in settings.time_factor.items()},
            hidden=self.files,
        )

    def close(self) -> None:
        """Stop the judge."""
        if self._judge:
            self._judge.close()
            self._judge = None

    def cases(self) -> Iterator[Case]:
        """One case a problem, its hidden tests on the hidden side."""
        for problem in self.problems():
            sample = Sample(
                id=problem.id,
                input=_question(problem, self.settings.language),
                public=replace(problem, hidden_tests=()),
                metadata={
                    "difficulty": problem.difficulty,
                    "source": problem.source,
                    "tags": ", ".join(problem.tags),
                },
            )
            yield Case(sample, problem)

    def score(self, case: Case, attempt: Attempt) -> Score:
        """1.0 if the program passes all tests, else 0.0; the label is the verdict.

        Raises:
            TaskError: if there is nothing to judge by, or the judge failed.
        """
        problem: Problem = case.hidden
        judgement = self._judged(problem, attempt.answer, public=False)
        return Score(
            value=1.0 if judgement.verdict is Verdict.ACCEPTED else 0.0,
            label=judgement.verdict.value,
            details={
                "language": program_of(str(attempt.answer), self.settings.language).language,
                "public_passed": _all_pass(judgement.tests, len(problem.public_tests)),
                "tests_run": len(judgement.tests),
                "tests": len(problem.public_tests) + len(problem.hidden_tests),
                "seconds": round(judgement.seconds, 6),
                "bytes": judgement.bytes,
                "tier": judgement.tier,
                "message": judgement.message,
            },
        )

    def feedback(self, case: Case, answer: Any) -> Feedback:
        """How the program does on each public test.

        Raises:
            TaskError: if there is no public test, or the judge failed.
        """
        problem: Problem = case.sample.public
        judgement = self._judged(problem, answer, public=True)
        feedback = feedback_of(problem.public_tests, judgement)
        if not self.settings.trace or feedback.passed:
            return feedback
        return self._with_trace(feedback, problem, answer, judgement)

    def _with_trace(
        self, feedback: Feedback, problem: Problem, answer: Any, judgement: Judgement
    ) -> Feedback:
        """The feedback with `trace` in its details, or with `untraced`, which says why not.

        The task makes it and not the strategy that wants it, since feedback is data that is whole
        when it leaves the judge: a detail made later would run programs on the strategy's thread,
        past the workers, and perhaps past the end of the judge.
        """
        results: Iterator[tuple[Test | CallTest, TestResult]] = zip(
            problem.public_tests, judgement.tests, strict=False
        )
        failed = [pair for pair in results if pair[1].verdict is not Verdict.ACCEPTED]
        try:
            if not failed:
                raise UntraceableError("it was not run")
            test, result = failed[0]
            if result.verdict not in {Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR}:
                raise UntraceableError(f"it does not keep to its limits ({result.verdict.value})")
            program = program_of(str(answer), self.settings.language)
            trace = self._open_judge().trace(problem, program, test).as_dict()
        except UntraceableError as error:
            return replace(feedback, details={**feedback.details, "untraced": str(error)})
        details = {**feedback.details, "trace": trace}
        return replace(feedback, details=details, executions=feedback.executions + 1)

    def _open_judge(self) -> Judge:
        if self._judge is None:
            raise TaskError("the task is not open")
        return self._judge

    def _judged(self, problem: Problem, answer: Any, *, public: bool) -> Judgement:
        judgement = self._open_judge().judge(
            problem,
            program_of(str(answer), self.settings.language),
            checker=self._checker,
            tests="public" if public else "all",
            stop_at_first=not (public or self.settings.all_tests),
            ignore_exit_status=self.settings.ignore_exit_status,
        )
        if judgement.verdict in {Verdict.UNJUDGEABLE, Verdict.JUDGE_ERROR}:
            raise TaskError(f"{judgement.verdict.value}: {judgement.message}")
        return judgement


class CodeContests(JudgedTask[DataSettings]):
    """Problems in the fields of `deepmind/code_contests`."""

    def problems(self) -> Iterator[Problem]:
        """The problems of the data."""
        settings = self.settings
        source = settings.path or str(settings.dataset)
        return read_problems(str(source), split=settings.split, format="codecontests")


class Taco(JudgedTask[DataSettings]):
    """Problems in the fields of `BAAI/TACO`, which APPS shares."""

    def problems(self) -> Iterator[Problem]:
        """The problems of the data."""
        settings = self.settings
        source = settings.path or str(settings.dataset)
        return read_problems(str(source), split=settings.split, format="taco")


class PackagedContest(JudgedTask[ContestSettings]):
    """A contest that a package brings along, in the fields of `deepmind/code_contests`.

    Attributes:
        location: its file, as `package://NAME/PATH`.
    """

    location: ClassVar[str]

    def __init__(self, settings: ContestSettings) -> None:
        super().__init__(settings)
        (self._file,) = DataPath.resolve(self.location, Path()).files()

    @property
    def files(self) -> list[str]:
        """The file of the contest, which no program may see."""
        return [str(self._file)]

    def problems(self) -> Iterator[Problem]:
        """The problems of the contest."""
        return islice(read_problems(self._file, format="codecontests"), self.settings.problems)

    def size(self) -> int:
        """The number of problems."""
        with self._file.open("rb") as lines:
            return sum(1 for _ in islice(lines, self.settings.problems))


class Contest(PackagedContest):
    """Our 24 problems."""

    location = "package://evalcore_codecontests/contest/problems.jsonl"


def feedback_of(tests: Sequence[Test] | Sequence[CallTest], judgement: Judgement) -> Feedback:
    """A judgement on public tests as a strategy may see it; `tests` are those it was on."""
    passed = judgement.verdict is Verdict.ACCEPTED
    pairs: Iterator[tuple[Test | CallTest, TestResult]] = zip(tests, judgement.tests, strict=False)
    shown = [_shown(test, done) for test, done in pairs]
    words = [
        f"On input\n{test['input']}\nexpected\n{test['expected']}\ngot\n{test['got']}\n"
        f"({test['verdict']}) {test['stderr']}".rstrip()
        for test in shown
        if test["verdict"] != Verdict.ACCEPTED.value
    ]
    text = "All public tests pass." if passed else "\n\n".join(words) or judgement.message
    details = {"verdict": judgement.verdict.value, "message": judgement.message, "tests": shown}
    return Feedback(passed, text, details, executions=len(judgement.tests))


def _all_pass(results: Sequence[TestResult], count: int) -> bool:
    """Whether the first `count` tests were run and accepted."""
    return len(results) >= count and all(
        result.verdict is Verdict.ACCEPTED for result in results[:count]
    )


def _shown(test: Test | CallTest, done: TestResult) -> dict[str, Any]:
    given = test.input if hasattr(test, "input") else repr(test.args)
    got = done.output.decode("utf-8", "replace") if hasattr(test, "input") else repr(done.result)
    expected = test.output if isinstance(test.output, str) else repr(test.output)
    return {
        "verdict": done.verdict.value,
        "input": given[:_SHOWN],
        "expected": expected[:_SHOWN],
        "got": got[:_SHOWN],
        "stderr": done.stderr[-_SHOWN:],
    }


def _question(problem: Problem, language: str) -> str:
    """The statement with what form the answer is to have."""
    name = {"python": "Python", "cpp": "C++", "java": "Java"}[language]
    if problem.fn_name is None:
        form = f"a {name} program that reads standard input and writes standard output"
    else:
        form = f"Python code that defines `{problem.fn_name}`"
    parts = [problem.statement.strip()]
    if problem.starter_code.strip():
        parts.append(f"Start from this code:\n\n```\n{problem.starter_code.strip()}\n```")
    parts.append(f"Answer with {form}, whole, in one fenced code block.")
    return "\n\n".join(parts)
