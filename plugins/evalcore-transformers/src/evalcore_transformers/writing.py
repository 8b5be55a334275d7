"""The answers that are wanted of a model: which wait, which are being written, which are done."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from evalcore_transformers.decoding import Batch, can_batch
from evalcore_transformers.promises import fail, keep
from evalcore_transformers.solo import write

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from concurrent.futures import Future

    from transformers import PreTrainedModel

    from evalcore.data import Generation
    from evalcore_transformers.answers import Answer

__all__ = ["Writer"]

_LOG = logging.getLogger(__name__)


class Writer:
    """Writes answers: many at a time where the model can, else one after the other.

    Args:
        model: with its weights.
        most: answers at a time at most.
    """

    def __init__(self, model: PreTrainedModel, most: int) -> None:
        self._model = model
        self._most = most
        self._batch = Batch(model) if can_batch(model) else None
        if self._batch is None:
            kind = model.config.model_type
            _LOG.warning("a %s model answers one request at a time: its rows share no batch", kind)
        self._waiting: deque[Answer] = deque()
        self._asked: dict[Future[Generation], Sequence[Answer]] = {}

    @property
    def batches(self) -> bool:
        """Whether several answers are written at a time."""
        return self._batch is not None

    @property
    def busy(self) -> bool:
        """Whether an answer is wanted."""
        return bool(self._asked)

    def add(self, answers: Sequence[Answer]) -> None:
        """Take the answers to one request; their future gets them when all have ended."""
        self._asked[answers[0].future] = answers
        self._waiting.extend(answers)

    def work(self) -> None:
        """Give every answer of the batch a token; without a batch, write one to its end."""
        try:
            ended = self._write_one() if self._batch is None else self._step(self._batch)
        except Exception as error:
            self._give_up(error)
            return
        for future in {answer.future: None for answer in ended}:
            answers = self._asked[future]
            if all(answer.reason for answer in answers):
                del self._asked[future]
                keep(future, _together(answers))

    def _step(self, batch: Batch) -> list[Answer]:
        if cancelled := {row.future for row in batch.rows if row.future.cancelled()}:
            self._drop(cancelled)
        room = self._most - len(batch.rows)
        if newcomers := list(self._next(room)):
            batch.join(newcomers)
        return batch.step() if batch.rows else []

    def _write_one(self) -> list[Answer]:
        found = list(self._next(1))
        for answer in found:
            write(self._model, answer)
        return [answer for answer in found if answer.reason]

    def _next(self, count: int) -> Iterator[Answer]:
        """The answers that begin now, without those that nobody waits for any more."""
        while count > 0 and self._waiting:
            answer = self._waiting.popleft()
            if answer.future.cancelled():
                self._asked.pop(answer.future, None)
            else:
                count -= 1
                yield answer

    def _give_up(self, error: Exception) -> None:
        """Fail every answer that has begun."""
        waiting = set(map(id, self._waiting))
        begun = [
            future
            for future, answers in self._asked.items()
            if any(id(answer) not in waiting for answer in answers)
        ]
        self._drop(begun)
        fail(begun, error)

    def _drop(self, futures: Collection[Future[Generation]]) -> None:
        dropped = set(futures)
        for future in dropped:
            self._asked.pop(future, None)
        self._waiting = deque(row for row in self._waiting if row.future not in dropped)
        if self._batch:
            self._batch.leave([row for row in self._batch.rows if row.future in dropped])


def _together(answers: Sequence[Answer]) -> Generation:
    """One generation of all the answers to a request."""
    first, *others = (answer.generation() for answer in answers)
    tokens = sum(one.completion_tokens for one in (first, *others))
    return replace(first, completion_tokens=tokens, others=tuple(others))
