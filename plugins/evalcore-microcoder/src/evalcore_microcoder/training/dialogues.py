"""Dialogues to learn from, held by the strategies of `evalcore-prompting` themselves.

A strategy holds its dialogue with an author who has his answers ready instead of a model, and a
task that knows beforehand how each program does. So what is learned from has, to the letter, the
form of what is met later.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from evalcore.data import Feedback, Generation, Message
from evalcore_microcoder.training.answers import (
    INSTRUCTED,
    REASONED,
    explained,
    fenced,
    plain,
    reflected,
)
from evalcore_microcoder.training.dialogue import Dialogue, Turn
from evalcore_microcoder.training.exercises import Exercises
from evalcore_microcoder.world.mistakes import mistaken
from evalcore_microcoder.world.split import split_of
from evalcore_prompting.settings import (
    CotRetrySettings,
    MultiTurnSettings,
    ReflexionSettings,
    SelfRepairSettings,
    SingleTurnSettings,
)
from evalcore_prompting.strategies import CotRetry, MultiTurn, Reflexion, SelfRepair, SingleTurn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from random import Random

    from evalcore.data import Sample
    from evalcore.strategy import Context, Strategy
    from evalcore_microcoder.world import Problem
    from evalcore_microcoder.world.plan import Plan

__all__ = ["GRAINS", "Exercise", "Wrong", "mixed", "programs", "repairs"]

GRAINS = ("binary", "failed-tests", "all-tests", "traced")
"""The grains of feedback, by the ids of their prompts; the last needs a trace."""


class Wrong(NamedTuple):
    """A program that fails a public test, and what is told of it."""

    program: str
    feedback: Feedback


class Exercise(NamedTuple):
    """A problem, and wrong programs for it; without any, some are made by mistake."""

    problem: Problem
    wrong: Sequence[Wrong] = ()


def programs(exercises: Iterable[Exercise], rng: Random) -> Iterator[Dialogue]:
    """For each problem the statement and the program."""
    return _written(exercises, rng, [_asked_plainly])


def mixed(exercises: Iterable[Exercise], rng: Random) -> Iterator[Dialogue]:
    """For each problem a dialogue of any form, or two."""
    return _written(exercises, rng, _FORMS)


def repairs(exercises: Iterable[Exercise], rng: Random) -> Iterator[Dialogue]:
    """For each problem a dialogue in which a wrong program is repaired, or two."""
    return _written(exercises, rng, _REPAIRS)


class _Script(NamedTuple):
    """A strategy, the answers that it gets in their order, and which of them are wrong programs."""

    strategy: Strategy[Any]
    answers: tuple[str, ...]
    wrong: tuple[Wrong, ...] = ()


def _asked_plainly(exercise: Exercise, rng: Random) -> _Script:
    return _Script(SingleTurn(SingleTurnSettings()), (plain(exercise.problem),))


def _reasoned(exercise: Exercise, rng: Random) -> _Script:
    """Words before the program."""
    prompt = rng.choice(tuple(REASONED))
    strategy = SingleTurn(SingleTurnSettings(reasoning=prompt))
    return _Script(strategy, (REASONED[prompt](exercise.problem), plain(exercise.problem)))


def _instructed(exercise: Exercise, rng: Random) -> _Script:
    """A program in the form asked for, at times after words."""
    prompt = rng.choice(tuple(INSTRUCTED))
    answer = INSTRUCTED[prompt](exercise.problem)
    if rng.random() < 0.8:
        return _Script(SingleTurn(SingleTurnSettings(instruction=prompt)), (answer,))
    thought = rng.choice(tuple(REASONED))
    strategy = SingleTurn(SingleTurnSettings(reasoning=thought, instruction=prompt))
    return _Script(strategy, (REASONED[thought](exercise.problem), answer))


def _repaired(exercise: Exercise, rng: Random) -> _Script:
    """One or two wrong programs, feedback on each, and the program, at times after words."""
    wrong = _some_wrong(exercise, rng, rng.choice((1, 1, 1, 2)))
    if not wrong:
        return _asked_plainly(exercise, rng)
    grain = _grain(wrong, rng)
    if rng.random() < 0.8:
        strategy = MultiTurn(MultiTurnSettings(feedback=grain))
        return _script(strategy, wrong, plain(exercise.problem))
    thought = rng.choice(tuple(REASONED))
    strategy = MultiTurn(MultiTurnSettings(feedback=grain, retry_reasoning=thought))
    words = REASONED[thought](exercise.problem)
    # Only one wrong program: before each other one the strategy would ask for words as well.
    return _script(strategy, wrong[:1], words, plain(exercise.problem))


def _retried(exercise: Exercise, rng: Random) -> _Script:
    """The strategy `cot-retry`, up to where the program is right."""
    wrong = _some_wrong(exercise, rng, rng.choice((1, 2)))
    if not wrong:
        return _asked_plainly(exercise, rng)
    strategy = CotRetry(CotRetrySettings(feedback=_grain(wrong, rng)))
    if len(wrong) < 2:
        return _script(strategy, wrong, INSTRUCTED["guidelines"](exercise.problem))
    words = REASONED["natural-language-solution"](exercise.problem)
    return _script(strategy, wrong, words, plain(exercise.problem))


def _explained(exercise: Exercise, rng: Random) -> _Script:
    """A wrong program, words on what is wrong with it, and the program."""
    wrong = _some_wrong(exercise, rng, 1)
    if not wrong:
        return _asked_plainly(exercise, rng)
    strategy = SelfRepair(SelfRepairSettings(feedback=_grain(wrong, rng)))
    words = explained(exercise.problem, wrong[0].program)
    return _script(strategy, wrong, words, plain(exercise.problem))


def _reflected(exercise: Exercise, rng: Random) -> _Script:
    """A wrong program and a note on it, and a dialogue that begins with the note."""
    wrong = _some_wrong(exercise, rng, 1)
    if not wrong:
        return _asked_plainly(exercise, rng)
    strategy = Reflexion(ReflexionSettings(feedback=_grain(wrong, rng)))
    words = reflected(exercise.problem, wrong[0].program)
    return _script(strategy, wrong, words, plain(exercise.problem))


_REPAIRS: Sequence[Callable[[Exercise, Random], _Script]] = (
    *(_repaired,) * 6,
    _retried,
    _explained,
    _reflected,
)
_FORMS: Sequence[Callable[[Exercise, Random], _Script]] = (
    *(_asked_plainly,) * 7,
    *_REPAIRS,
    *(_reasoned,) * 4,
    *(_instructed,) * 3,
)
"""The forms of dialogues, each as often as it is here."""


def _script(strategy: Strategy[Any], wrong: Sequence[Wrong], *right: str) -> _Script:
    """Wrong programs, and then what is right."""
    answers = (*(fenced(one.program) for one in wrong), *right)
    return _Script(strategy, answers, tuple(wrong))


def _grain(wrong: Sequence[Wrong], rng: Random) -> str:
    traced = all("trace" in one.feedback.details for one in wrong)
    return rng.choice(GRAINS if traced else GRAINS[:-1])


def _some_wrong(exercise: Exercise, rng: Random, count: int) -> list[Wrong]:
    """So many wrong programs, if there are, none of which is a reference of the contest."""
    wrong = exercise.wrong or _mistakes(exercise.problem, rng)
    chosen = [one for one in wrong if one.program not in _contest_programs()]
    return rng.sample(chosen, min(count, len(chosen)))


@cache
def _contest_programs() -> set[str]:
    """The references of the contest: not even as a mistake is one of them to be seen."""
    file = files("evalcore_microcoder") / "contest" / "problems.jsonl"
    rows = map(json.loads, file.read_text("utf-8").splitlines())
    return {program for row in rows for program in row["solutions"]["solution"]}


def _mistakes(problem: Problem, rng: Random) -> list[Wrong]:
    """Programs with one mistake that print something wrong for a public test.

    None of them does what another problem asks for whose composition is held out.
    """
    found = {}
    expected = [right for _, right in problem.public_tests]
    for plan in mistaken(problem.plan, rng):
        if plan.possible and _may_be_seen(plan):
            printed = [plan.output(given) for given, _ in problem.public_tests]
            if None not in printed and printed != expected:
                found[plan.program()] = _feedback(problem, [text or "" for text in printed])
    return [Wrong(program, feedback) for program, feedback in found.items()]


def _may_be_seen(plan: Plan) -> bool:
    names = (step.operation.name for step in plan.steps)
    return split_of((plan.source.type, *names)) == "training"


def _feedback(problem: Problem, printed: Sequence[str]) -> Feedback:
    """What the task tells of a program that prints this for the public tests."""
    tests = [
        {
            "verdict": "accepted" if got.split() == expected.split() else "wrong-answer",
            "input": given,
            "expected": expected,
            "got": got,
            "stderr": "",
        }
        for (given, expected), got in zip(problem.public_tests, printed, strict=True)
    ]
    return Feedback(passed=False, details={"tests": tests})


def _written(
    exercises: Iterable[Exercise],
    rng: Random,
    forms: Sequence[Callable[[Exercise, Random], _Script]],
) -> Iterator[Dialogue]:
    for exercise in exercises:
        script = rng.choice(forms)(exercise, rng)
        (case,) = Exercises([exercise.problem]).cases()
        for turns in _held(script, case.sample):
            yield Dialogue(exercise.problem.id, turns)


def _held(script: _Script, sample: Sample) -> Iterator[tuple[Turn, ...]]:
    """The dialogues that the strategy holds, more than one where it begins anew.

    Of the answers, the wrong ones are not learned.
    """
    author = _Author(script)
    attempt = script.strategy.attempt(sample, cast("Context", author))
    with suppress(StopIteration):
        attempt.send(None)  # it waits for nothing: the author answers at once
    wrong = {fenced(one.program) for one in script.wrong}
    for messages, after in pairwise((*author.dialogues, ())):
        if after[: len(messages)] != messages:  # else it goes on
            yield tuple(
                Turn(one.role, one.content, one.role == "assistant" and one.content not in wrong)
                for one in messages
            )


@dataclass
class _Author:
    """The context of a strategy in which all answers and their feedback are known beforehand.

    Attributes:
        dialogues: what was said after each answer.
    """

    script: _Script
    dialogues: list[tuple[Message, ...]] = field(default_factory=list)
    judged: int = 0

    @property
    def model(self) -> _Author:
        return self

    async def generate(self, messages: Sequence[Message], **sampling: Any) -> Generation:
        answer = self.script.answers[len(self.dialogues)]
        self.dialogues.append((*messages, Message("assistant", answer)))
        return Generation(answer)

    def count_tokens(self, text: str) -> None:
        """The tokenizer is made of these dialogues, and is not there yet."""

    async def feedback(self, answer: Any) -> Feedback:
        self.judged += 1
        if self.judged > len(self.script.wrong):
            return Feedback(passed=True)
        return self.script.wrong[self.judged - 1].feedback
