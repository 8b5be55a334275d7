"""A model of lm-eval on a thread of its own, asked in batches.

lm-eval's models take lists of requests and answer when all are done. Here requests come one at a
time, from many attempts: the thread takes all that wait and hands them over together. While it
works, the next batch gathers.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal, Protocol

from evalcore.model import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lm_eval.api.model import LM

__all__ = ["Job", "Kind", "Worker"]

Kind = Literal["generate_until", "loglikelihood", "loglikelihood_rolling"]
"""The methods that lm-eval's models have."""

_COMPANY = 0.005
"""Seconds that a job waits for others to come along when the model has nothing to do."""


class Job(Protocol):
    """What one caller wants of the model; both methods run on the model's thread."""

    def requests(self, model: LM) -> tuple[Kind, list[tuple[Any, ...]]]:
        """Which method is to be called, and with the arguments of which requests."""

    def result(self, model: LM, answers: Sequence[Any]) -> Any:
        """What the caller gets, of the answers to these requests."""


class Worker:
    """Owns a model of lm-eval; whatever is done with it is done on one thread."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._ended: _Caller | None = None

    async def open(self, create: Callable[[], LM], describe: Callable[[LM], Any]) -> Any:
        """Make the model, and return what `describe` says of it.

        Raises:
            Exception: what either of them raised.
        """
        caller, ended = _Caller.here(), _Caller.here()
        thread = threading.Thread(
            target=self._serve,
            args=(create, describe, caller, ended),
            name="lm-eval-model",
            daemon=True,
        )
        thread.start()
        described = await caller.future
        self._ended = ended
        return described

    async def close(self) -> None:
        """Let the thread end once it is through with its batch, and the model go."""
        if self._ended:
            self._waiting.put(None)
            await self._ended.future
            self._ended = None

    async def do(self, job: Job) -> Any:
        """The result of a job.

        Raises:
            TransientError: if the model failed in a way that may pass.
            Exception: anything else that it raised.
        """
        caller = _Caller.here()
        self._waiting.put(_Waiting(job, caller))
        return await caller.future

    def _serve(
        self,
        create: Callable[[], LM],
        describe: Callable[[LM], Any],
        caller: _Caller,
        ended: _Caller,
    ) -> None:
        try:
            model = create()
            caller.settle(describe(model))
        except BaseException as error:  # a thread that dies in silence would hang the run
            caller.fail(error)
            return
        while (first := self._waiting.get()) is not None:
            _do(model, self._gather(first))
        del model
        ended.settle(None)

    def _gather(self, first: _Waiting) -> list[_Waiting]:
        """All that wait, with the one that came first."""
        if self._waiting.empty():
            time.sleep(_COMPANY)
        batch = [first]
        while not self._waiting.empty():
            item = self._waiting.get()
            if item is None:
                self._waiting.put(None)
                break
            batch.append(item)
        return batch


@dataclass(frozen=True, slots=True)
class _Caller:
    """Whoever waits for an outcome, on an event loop in another thread."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]

    @classmethod
    def here(cls) -> _Caller:
        loop = asyncio.get_running_loop()
        return cls(loop, loop.create_future())

    def settle(self, result: Any) -> None:
        self._end(self.future.set_result, result)

    def fail(self, error: BaseException) -> None:
        self._end(self.future.set_exception, error)

    def _end(self, end: Callable[[Any], None], outcome: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._unless_gone, end, outcome)

    def _unless_gone(self, end: Callable[[Any], None], outcome: Any) -> None:
        if not self.future.done():
            end(outcome)


@dataclass(frozen=True, slots=True)
class _Waiting:
    job: Job
    caller: _Caller


@dataclass(frozen=True, slots=True)
class _Asked:
    """A job with the arguments of its requests."""

    job: Job
    caller: _Caller
    requests: list[tuple[Any, ...]]


def _do(model: LM, batch: Sequence[_Waiting]) -> None:
    by_kind: dict[Kind, list[_Asked]] = defaultdict(list)
    for item in batch:
        if item.caller.future.cancelled():
            continue
        try:
            kind, requests = item.job.requests(model)
        except BaseException as error:
            item.caller.fail(error)
        else:
            by_kind[kind].append(_Asked(item.job, item.caller, requests))
    for kind, asked in by_kind.items():
        _ask(model, kind, asked)


def _ask(model: LM, kind: Kind, batch: Sequence[_Asked]) -> None:
    """Ask for all at once.

    Where that fails for good they are asked for one by one, so that the guilty one fails alone.
    What may pass is told to all, who will ask again after a while.
    """
    try:
        answers = iter(_answers(model, kind, [args for item in batch for args in item.requests]))
        results = [item.job.result(model, [next(answers) for _ in item.requests]) for item in batch]
    except BaseException as error:
        if len(batch) > 1 and not _passing(error):
            for item in batch:
                _ask(model, kind, [item])
        else:
            for item in batch:
                item.caller.fail(_passing(error) or error)
    else:
        for item, result in zip(batch, results, strict=True):
            item.caller.settle(result)


def _answers(model: LM, kind: Kind, requests: Sequence[tuple[Any, ...]]) -> list[Any]:
    from lm_eval.api.instance import Instance

    method = getattr(model, kind)
    quiet = {"disable_tqdm": True} if "disable_tqdm" in signature(method).parameters else {}
    answers = list(method([Instance(kind, {}, args, 0) for args in requests], **quiet))
    if len(answers) != len(requests):
        raise RuntimeError(f"lm-eval's model gave {len(answers)} answers to {len(requests)}")
    return answers


def _passing(error: BaseException) -> TransientError | None:
    """What a model behind a connection says when it may answer later; lm-eval has tried some times.

    `None` for an error that will stay.
    """
    of_response = getattr(getattr(error, "response", None), "status_code", None)
    status = getattr(error, "status", None) or getattr(error, "status_code", None) or of_response
    told = f"{type(error).__name__}: {error}"
    if isinstance(status, int):
        busy = status == 429
        passing = busy or status in {408, 409} or status >= 500
        return TransientError(told, retry_after=0.0 if busy else None) if passing else None
    names = (kind.__name__ for kind in type(error).__mro__)
    if isinstance(error, TimeoutError) or any("Connection" in name for name in names):
        return TransientError(told)
    return None
