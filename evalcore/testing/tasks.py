"""The contract of tasks."""

from __future__ import annotations

import gc
import math
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from evalcore.data import Attempt, Case, Feedback, Message, Sample, Score
from evalcore.encoding import encode
from evalcore.errors import TaskError
from evalcore.task import Task
from evalcore.testing.contract import ComponentContract

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evalcore.plugins import Found
    from evalcore.settings import Settings

__all__ = ["TaskContract"]

GARBAGE = ("", " ", "\0", "é\u202e" * 500, "-1e999999", "nan", "```", None, 7, ["a"], {"a": 1})
"""Answers that some model gives some day."""

_ATOMS = (str, bytes, int, float, bool, complex, type(None))


class TaskContract(ComponentContract):
    """What every task must hold to; name examples of right and of wrong answers."""

    kind = "task"
    interface = Task

    right: ClassVar[Mapping[str, Any]]
    """Right answers, by sample id."""
    wrong: ClassVar[Mapping[str, Any]]
    """Wrong answers, by sample id; each must score lower than every right one."""
    most: ClassVar[int] = 200
    """Cases to look at, where the task has more."""

    @pytest.fixture
    def task(self, found: Found, validated: Settings) -> Iterator[Task[Any]]:
        """The task, open."""
        task: Task[Any] = found.component.load()(validated)
        task.open()
        yield task
        task.close()

    @pytest.fixture
    def cases(self, task: Task[Any]) -> dict[str, Case]:
        """The first cases by sample id."""
        return {case.sample.id: case for case in islice(task.cases(), self.most)}

    def test_cases_have_samples_with_ids(self, task: Task[Any]) -> None:
        """An id is a text, and unique: records are found by it."""
        seen: set[str] = set()
        for case in islice(task.cases(), self.most):
            assert isinstance(case, Case)
            assert isinstance(case.sample, Sample)
            assert isinstance(case.sample.id, str), f"the id {case.sample.id!r} is no text"
            assert case.sample.id, "an id is empty"
            assert case.sample.id not in seen, f"two samples are called {case.sample.id!r}"
            seen.add(case.sample.id)
        assert seen, "the task has no cases"

    def test_input_is_text_or_messages(self, cases: Mapping[str, Case]) -> None:
        """Any strategy can ask a model about any sample."""
        for case in cases.values():
            asked = case.sample.input
            if not isinstance(asked, str):
                assert isinstance(asked, tuple), f"the input {asked!r} is no text and no tuple"
                assert all(isinstance(message, Message) for message in asked)

    def test_metadata_are_scalars(self, cases: Mapping[str, Case]) -> None:
        """Results can be broken down by metadata, in every format of records."""
        for case in cases.values():
            for name, value in case.sample.metadata.items():
                assert isinstance(name, str)
                scalar = value is None or isinstance(value, str | int | float)
                assert scalar, f"metadata {name!r} of {case.sample.id!r} is {type(value).__name__}"

    def test_cases_are_the_same_again(
        self, task: Task[Any], found: Found, validated: Settings
    ) -> None:
        """A resumed run finds its samples again, in the same order and with the same content."""
        first = [case.sample for case in islice(task.cases(), self.most)]
        assert [case.sample for case in islice(task.cases(), self.most)] == first
        other: Task[Any] = found.component.load()(validated)
        other.open()
        try:
            assert [case.sample for case in islice(other.cases(), self.most)] == first
        finally:
            other.close()

    def test_size_is_the_number_of_cases(self, task: Task[Any]) -> None:
        """Progress is shown against the size; `None` where it is not known."""
        size = task.size()
        if size is None:
            return
        found = sum(1 for _ in islice(task.cases(), max(size, self.most) + 1))
        assert size == found or (size > found > self.most), f"size {size}, but {found} cases"

    def test_hidden_side_is_not_in_the_sample(self, cases: Mapping[str, Case]) -> None:
        """A strategy holds the sample: what is hidden must not be reachable from it."""
        for case in cases.values():
            if not isinstance(case.hidden, _ATOMS):
                reachable = _reachable_from(case.sample)
                assert id(case.hidden) not in reachable, f"{case.sample.id!r} leads to its hidden"
        samples = [(case.sample, case.hidden) for case in cases.values() if case.hidden is not None]
        for name in samples[0][0].metadata if len(samples) > 1 else ():
            told = all(sample.metadata.get(name) == hidden for sample, hidden in samples)
            assert not told, f"metadata {name!r} is the hidden side of every case"

    def test_right_answers_score_higher(self, task: Task[Any], cases: Mapping[str, Case]) -> None:
        """Scores are finite, and every right answer scores higher than every wrong one."""
        right = [_scored(task, cases, item) for item in self.right.items()]
        wrong = [_scored(task, cases, item) for item in self.wrong.items()]
        assert right, "name an example of a right answer"
        assert wrong, "name an example of a wrong answer"
        worst = min(score.value for score in right)
        best = max(score.value for score in wrong)
        assert worst > best, f"a right answer scores {worst}, a wrong one {best}"

    def test_scores_are_the_same_again(self, task: Task[Any], cases: Mapping[str, Case]) -> None:
        """The same answer scores the same, one at a time or in as many threads as are allowed."""
        answers = [*self.right.items(), *self.wrong.items()]
        alone = [_verdict(_scored(task, cases, item)) for item in answers]
        with ThreadPoolExecutor(max(1, task.workers)) as pool:
            together = list(pool.map(lambda item: _scored(task, cases, item), answers * 2))
        assert [_verdict(score) for score in together] == alone * 2

    def test_any_answer_is_scored_or_refused(
        self, task: Task[Any], cases: Mapping[str, Case]
    ) -> None:
        """Whatever a model answers, there is a score, or a `TaskError` that says why not."""
        case = next(iter(cases.values()))
        for answer in GARBAGE:
            try:
                score = task.score(case, Attempt(answer))
            except TaskError:
                continue
            _check(score)

    def test_any_answer_gets_feedback_or_none(
        self, task: Task[Any], cases: Mapping[str, Case]
    ) -> None:
        """Feedback is given, or refused with a `TaskError`, never broken by an answer."""
        case = next(iter(cases.values()))
        for answer in GARBAGE:
            try:
                feedback = task.feedback(case, answer)
            except TaskError:
                continue
            assert isinstance(feedback, Feedback)
            assert isinstance(feedback.passed, bool)
            assert isinstance(feedback.text, str)
            encode(feedback.details)

    def test_preflight_passes_and_takes_nothing(self, found: Found, validated: Settings) -> None:
        """What can be opened is not refused before, however often it is asked."""
        task: Task[Any] = found.component.load()(validated)
        task.preflight()
        task.preflight()

    def test_can_be_closed_twice(self, found: Found, validated: Settings) -> None:
        """What `open` took is given back, and nothing breaks if it is asked for again."""
        task: Task[Any] = found.component.load()(validated)
        task.open()
        task.close()
        task.close()


def _scored(task: Task[Any], cases: Mapping[str, Case], item: tuple[str, Any]) -> Score:
    sample, answer = item
    assert sample in cases, f"no sample {sample!r} among the first {len(cases)}"
    return _check(task.score(cases[sample], Attempt(answer)))


def _check(score: Score) -> Score:
    assert isinstance(score, Score)
    assert math.isfinite(score.value), f"the score {score.value} is not finite"
    assert isinstance(score.label, str)
    encode(score.details)
    return score


def _verdict(score: Score) -> tuple[float, str]:
    return score.value, score.label


def _reachable_from(root: object) -> set[int]:
    """Identities of the objects that an object leads to; code is not followed."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, (type, ModuleType, FunctionType, *_ATOMS)):
            continue
        seen.add(id(item))
        waiting += gc.get_referents(item)
    return seen
