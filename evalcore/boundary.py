"""Checks of what plugins hand to the core, where it comes in."""

from __future__ import annotations

from evalcore.data import Attempt, Case, Feedback, Message, Sample, Score
from evalcore.encoding import encode

__all__ = ["NotStorableError", "check_attempt", "check_case", "check_feedback", "check_score"]


class NotStorableError(TypeError):
    """What a strategy or task gave cannot be written as JSON."""


def check_case(case: Case) -> None:
    """Refuse a case that is none, or that the store cannot keep.

    Raises:
        TypeError: what was found and what was expected.
        ValueError: a text that is not Unicode.
    """
    if not isinstance(case, Case) or not isinstance(case.sample, Sample):
        raise TypeError(f"found {type(case).__name__}, expected Case(Sample(...), hidden)")
    sample = case.sample
    if not isinstance(sample.id, str) or not sample.id:
        raise TypeError(f"found the sample id {sample.id!r}, expected a text")
    if not sample.id.isascii():
        sample.id.encode()
    if sample.metadata:
        encode(sample.metadata)


def check_feedback(feedback: Feedback) -> None:
    """Refuse feedback that is none, by a `TypeError`."""
    if not isinstance(feedback, Feedback):
        raise TypeError(f"the task's feedback is {type(feedback).__name__}, expected Feedback")


def check_attempt(attempt: Attempt) -> None:
    """Refuse an attempt that the store cannot keep, by a `NotStorableError`."""
    if not isinstance(attempt, Attempt):
        raise NotStorableError(f"the strategy returned {type(attempt).__name__}, expected Attempt")
    for message in attempt.messages:
        if not isinstance(message, Message) or not isinstance(message.content, str):
            raise NotStorableError(f"found {message!r:.80} among the messages, expected Message")
    answer = attempt.answer if attempt.keep else None
    if (answer is None or (isinstance(answer, str) and answer.isascii())) and not attempt.details:
        return
    try:
        encode([answer, attempt.details])
    except Exception as error:
        raise NotStorableError(f"the attempt cannot be written as JSON: {error}") from None


def check_score(score: Score) -> None:
    """Refuse a score that is no finite number, or that the store cannot keep.

    Raises:
        TypeError: what was found and what was expected.
        ValueError: a score that is not finite, or a text that is not Unicode.
    """
    if not isinstance(score, Score):
        raise TypeError(f"the task returned {type(score).__name__}, expected Score")
    if not score.value - score.value == 0:
        raise ValueError(f"the task scored {score.value!r}, expected a finite number")
    if not isinstance(score.label, str):
        raise TypeError(f"the task gave the label {score.label!r}, expected a text")
    if not score.label.isascii():
        score.label.encode()
    if score.details:
        encode(score.details)
