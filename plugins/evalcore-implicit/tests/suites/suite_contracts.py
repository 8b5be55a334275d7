"""What the contracts of several tasks share."""

from __future__ import annotations

import numpy as np

from evalcore import Attempt
from evalcore.testing import TaskContract


def task_of(task, settings, **given):
    """The task with some settings."""
    return task(settings.model_validate(given))


def shifted(task, number=0):
    """The shifts of a drawing by their places, with the hidden side of each."""
    case = list(task.cases())[number]
    shifts = case.sample.public.shifts
    pairs = zip(shifts, case.hidden, strict=True)
    return {shift.at: (shift.inputs, hidden) for shift, hidden in pairs}


def score_of(task, answer_of, number=0):
    """The score of what a function gives for the hidden side of each shift."""
    case = list(task.cases())[number]
    return task.score(case, Attempt(tuple(answer_of(hidden) for hidden in case.hidden)))


def answers(task, answer_of):
    """The same answer to the hidden side of every drawing, by sample."""
    return {
        case.sample.id: tuple(answer_of(hidden) for hidden in case.hidden) for case in task.cases()
    }


class ErrorContract(TaskContract):
    """Of a task whose score is an error: the right answer has the lowest."""

    def test_right_answers_score_higher(self, task, cases):
        def values(named):
            return [task.score(cases[name], Attempt(answer)).value for name, answer in named]

        right, wrong = values(self.right.items()), values(self.wrong.items())
        assert right
        assert wrong
        assert np.isfinite([*right, *wrong]).all()
        assert max(right) < min(wrong)
