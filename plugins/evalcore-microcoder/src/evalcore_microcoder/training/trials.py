"""Models at work: they answer problems by sampling, and the judge says how their programs do."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from evalcore.data import Attempt, Message, Request
from evalcore_microcoder.training.answers import fenced
from evalcore_microcoder.training.dialogues import Wrong
from evalcore_microcoder.training.exercises import Exercises
from evalcore_prompting.extraction import Code, extract
from evalcore_transformers.model import Transformers
from evalcore_transformers.settings import TransformersSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from evalcore.data import Case, Generation
    from evalcore_microcoder.world import Problem

__all__ = ["judging", "pass_rate", "wrong_programs"]


def pass_rate(folder: Path, problems: Sequence[Problem], attempts: int) -> float:
    """The share of attempts at the problems whose program passes all tests.

    Args:
        folder: of the model, which samples as its generation config says.
        problems: what it is asked.
        attempts: at each problem.
    """
    with judging(problems) as (task, cases):
        answered = _answers(folder, cases, attempts)
        scores = [task.score(case, Attempt(answer)).value for case, answer in answered]
    return sum(scores) / len(scores)


def wrong_programs(
    folder: Path, problems: Sequence[Problem], attempts: int
) -> Iterator[tuple[Problem, list[Wrong]]]:
    """The different programs of a model that fail a public test, for problems where it has some.

    What the strategies find no program in is none.

    Args:
        folder: of the model, which samples as its generation config says.
        problems: what it is asked.
        attempts: at each problem.
    """
    with judging(problems) as (task, cases):
        programs: dict[str, set[str]] = {problem.id: set() for problem in problems}
        for case, answer in _answers(folder, cases, attempts):
            code = extract(answer)
            program = code.text.rstrip() + "\n" if code else ""
            if extract(fenced(program)) == Code(program, "python"):
                programs[case.sample.id].add(program)
        for problem, case in zip(problems, cases, strict=True):
            wrong = []
            for program in sorted(programs[problem.id]):
                feedback = task.feedback(case, fenced(program))
                if not feedback.passed:
                    wrong.append(Wrong(program, feedback))
            if wrong:
                yield problem, wrong


@contextmanager
def judging(problems: Sequence[Problem]) -> Iterator[tuple[Exercises, list[Case]]]:
    """The problems as a task that is open."""
    task = Exercises(problems)
    task.open()
    try:
        yield task, list(task.cases())
    finally:
        task.close()


def _answers(folder: Path, cases: Sequence[Case], attempts: int) -> list[tuple[Case, str]]:
    """So many answers to each case."""
    asked = [case for case in cases for _ in range(attempts)]
    requests = [
        Request((Message("user", str(case.sample.input)),), max_tokens=_TOKENS, seed=seed)
        for seed, case in enumerate(asked)
    ]
    answers = asyncio.run(_ask(folder, requests))
    return [(case, answer.text) for case, answer in zip(asked, answers, strict=True)]


_TOKENS = 256
"""Tokens of an answer at most: a program has far fewer."""


async def _ask(folder: Path, requests: Sequence[Request]) -> list[Generation]:
    model = Transformers(TransformersSettings(model=str(folder), device="cpu", dtype="float32"))
    await model.open()
    try:
        return await asyncio.gather(*map(model.generate, requests))
    finally:
        await model.close()
