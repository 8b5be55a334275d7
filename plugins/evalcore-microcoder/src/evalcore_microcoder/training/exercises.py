"""Problems of the world as a task, for the wording of its questions and for its judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalcore_codecontests.problem import Problem as JudgedProblem
from evalcore_codecontests.problem import Test
from evalcore_codecontests.tasks import JudgedTask, JudgeSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from evalcore_microcoder.world import Problem

__all__ = ["Exercises"]


class Exercises(JudgedTask[JudgeSettings]):
    """The task that has these problems, as the contest has its own.

    It judges one test at a time, and traces what fails.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__(JudgeSettings(workers=1, trace=True))
        self._problems = problems

    def problems(self) -> Iterator[JudgedProblem]:
        """The problems, in their order."""
        return map(_judged, self._problems)


def _judged(problem: Problem) -> JudgedProblem:
    return JudgedProblem(
        id=problem.id,
        name=problem.id,
        statement=problem.statement,
        public_tests=tuple(Test(*test) for test in problem.public_tests),
        hidden_tests=tuple(Test(*test) for test in problem.hidden_tests),
    )
