"""From cells to records: attempts on one event loop, scoring in the task's worker threads.

    feeder (cases, a batch at a time from a thread) ─► queue ─► attempts (coroutines)
        ─► the task's worker threads (score, feedback) ─► the store's thread (commit)

Each stage waits while the next is far behind, so memory does not grow with the data set. What an
attempt is seeded with depends on the spec and its own numbers alone, never on the order in which
things happen.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import traceback
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from evalcore.boundary import check_attempt, check_score
from evalcore.cache import Cache
from evalcore.calls import Account, Gate, Ledger, LimitReached, ModelCallError
from evalcore.context import AttemptContext, FeedbackError, Item, begin
from evalcore.data import (
    Attempt,
    Case,
    Failure,
    Record,
    Score,
)
from evalcore.errors import EvalcoreError, RunError
from evalcore.opened import HELD, Components, OpenCell
from evalcore.strategy import Outcome
from evalcore.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from evalcore.data import FailureKind
    from evalcore.spec import Cell, Limits, Spec
    from evalcore.store import CallRow, Store
    from evalcore.task import Task

__all__ = ["Progress", "Runner"]


@dataclass(slots=True)
class Progress:
    """Where a run stands; written by the run, sampled by whoever shows it.

    Attributes:
        expected: attempts of all cells, `None` while a task does not know its size.
        resumed: attempts that were committed before this session.
        lag: longest time in seconds that the event loop was kept from its work.
        down: why a model is being waited for, `""` while none is.
        stopped: why the run stops early, `""` while it does not.
        fits: how much of each fit that is under way is done, from 0 to 1.
    """

    expected: int | None = None
    resumed: int = 0
    committed: int = 0
    failed: int = 0
    in_flight: int = 0
    cell: str = ""
    ledger: Ledger = field(default_factory=Ledger)
    lag: float = 0.0
    down: str = ""
    stopped: str = ""
    fits: tuple[float, ...] = ()


class Runner:
    """Runs what is missing of a spec's attempts into a store.

    Args:
        identities: what each model said it is when the run first opened it, by its part's key;
            a model that says something else now is an error, a new one is added.
        noted: called, in a thread, when one was added.
        limit: samples of each cell to run at most, the first of the task; `None` for all.
        observe: called with each batch of records, from the store's thread, once it is safe.
    """

    def __init__(
        self,
        spec: Spec,
        store: Store,
        *,
        identities: dict[str, str],
        noted: Callable[[], None] = lambda: None,
        limit: int | None = None,
        observe: Callable[[list[Record]], None] = lambda records: None,
    ) -> None:
        self.progress = Progress()
        self.problems: list[str] = []
        self._spec = spec
        self._store = store
        self._limit = limit
        self._observe = observe
        self._components = Components(spec.cells, identities, noted, self.problems, spec.secrets)
        self._cells = {row.name: row for row in store.cells()}
        self._open_calls = store.open_calls()
        self._error: BaseException | None = None
        self._broken_off: EvalcoreError | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._interrupted = False
        self._cancelled = False
        self._cases: dict[str, int] = {}
        self._left = 0
        self._waiting = 0
        self._all_fed = False

    async def run(self) -> None:
        """Run until all attempts are committed, or until `stop`.

        Raises:
            EvalcoreError: if a component cannot be opened, a task cannot give its cases, or the
                store cannot be written; what was committed is safe.
        """
        self._count_committed()
        cache = await asyncio.to_thread(Cache) if self._spec.cache else None
        try:
            await self._run_with(cache)
        finally:
            if cache:
                await asyncio.to_thread(cache.close)
                self.problems.extend(filter(None, [cache.problem]))
        error = self._error or self._broken_off
        if error:
            raise error
        self._check_ids()
        if self._left == 0:
            self.progress.stopped = ""  # what was to stop it came when everything was done
        elif not self._interrupted:
            # What was out when the limit was reached has been spent since.
            self.progress.stopped = self._gate.closed or self.progress.stopped

    async def _run_with(self, cache: Cache | None) -> None:
        ids = {name: row.id for name, row in self._cells.items()}
        with Writer(self._store.path, ids, self._committed, self._fail, self._share) as writer:
            self._writer = writer
            self._gate = Gate(self._spec.limits, self.progress.ledger, writer.put, cache)
            self._gate.hurried = lambda: self._interrupted
            self._gate.more = lambda: not self._all_fed or self._waiting > 0
            self._queue: asyncio.Queue[Item | None] = asyncio.Queue(
                min(self._spec.limits.concurrency, 64)
            )
            try:
                await self._run_all()
            finally:
                self.progress.fits = ()
                await self._gate.close()
                await self._components.close_all()

    def stop(self, reason: str) -> None:
        """Take no further sample; attempts in flight are finished."""
        self.progress.stopped = self.progress.stopped or reason

    def interrupt(self, reason: str) -> int:
        """Stop, and leave to a later session what waits for its score or for its turn to ask.

        Returns:
            How many attempts go on.
        """
        self.stop(reason)
        self._interrupted = True
        self._components.forget(lambda job: isinstance(job, _Score))
        return self._components.held

    def cancel(self) -> None:
        """Give up the attempts in flight; they are not recorded, and a resume makes them anew."""
        self._cancelled = True
        self._components.forget(lambda job: True)
        for task in self._tasks:
            task.cancel()

    def _count_committed(self) -> None:
        for total, failed in self._store.counts().values():
            self.progress.resumed += total
            self.progress.failed += failed
        self.progress.committed = self.progress.resumed
        self.progress.ledger.add(self._store.usage())
        for calls in self._open_calls.values():
            for _, cost in calls.values():
                self.progress.ledger.add(cost)

    def _check_ids(self) -> None:
        """Refuse samples that share an id, for one of them would never be made.

        Raises:
            RunError: if a cell that is done has fewer records than its task has samples.
        """
        if self.progress.stopped:
            return
        counts = self._store.counts()
        for cell in self._spec.cells:
            missing = self._cases.get(cell.name, 0) * cell.attempts - counts[cell.name][0]
            if missing > 0:
                raise RunError(
                    f"{missing} attempts of cell {cell.name} have no record: "
                    f"samples of task {cell.task.name} share an id"
                )

    async def _run_all(self) -> None:
        watch = asyncio.create_task(self._watch())
        try:
            async with asyncio.TaskGroup() as stages:
                feeder = stages.create_task(self._feed())
                workers = [
                    stages.create_task(self._work()) for _ in range(self._spec.limits.concurrency)
                ]
                self._tasks = [feeder, *workers]
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            watch.cancel()
            self._tasks = []

    async def _watch(self) -> None:
        """Measure how long the event loop is kept from its work, and keep the time."""
        start = time.monotonic()
        minutes = self._spec.limits.minutes
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.05)
            now = time.monotonic()
            self.progress.in_flight = self._components.held
            self.progress.down = self._gate.down
            self.progress.fits = tuple(self._gate.working.values())
            self.progress.lag = max(self.progress.lag, now - before - 0.05)
            self.progress.ledger.minutes = (now - start) / 60
            if minutes and self.progress.ledger.minutes >= minutes:
                self.stop(self._gate.closed)

    # The feeder: which attempts are to be made

    async def _feed(self) -> None:
        """Feed the cells; an error ends the feeding, and what was fed is finished."""
        try:
            for cell in self._spec.cells:
                if self._stopping():
                    self._left += 1
                    break
                self.progress.cell = cell.name
                await self._feed_cell(await self._components.open_cell(cell))
        except EvalcoreError as error:
            self._broken_off = error
        except Exception as error:  # the components' own code runs here
            text = f"cell {self.progress.cell} cannot begin: {type(error).__name__}: {error}"
            self._broken_off = RunError(text)
        self._all_fed = not self._left
        for _ in range(self._spec.limits.concurrency):
            await self._queue.put(None)

    async def _feed_cell(self, run: OpenCell) -> None:
        await asyncio.to_thread(self._expect, run)
        cases = islice(await asyncio.to_thread(run.task.cases), self._limit)
        if run.strategy.learns:
            await self._feed_passes(run, cases)
        else:
            await self._feed_items(run, cases)
        run.complete = True

    async def _feed_items(self, run: OpenCell, cases: Iterator[Case]) -> None:
        while True:
            if self._stopping():
                self._left += 1
                break
            batch = await asyncio.to_thread(self._next_items, run, cases)
            if batch is None:
                break
            for item in batch:
                await self._enqueue(item)

    async def _feed_passes(self, run: OpenCell, cases: Iterator[Case]) -> None:
        """All attempts of one number one after the other, for a strategy that learns."""
        held = await asyncio.to_thread(self._all_cases, run, cases)
        known = await asyncio.to_thread(self._outcomes, run) if self.progress.resumed else {}
        try:
            async with asyncio.TaskGroup() as passes:
                for number in range(run.cell.attempts):
                    order = sorted(held, key=lambda case: _place(run.cell, case, number))
                    passes.create_task(self._pass(run, order, number, known))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _pass(
        self, run: OpenCell, cases: list[Case], number: int, known: dict[tuple[str, int], Outcome]
    ) -> None:
        for case in cases:
            outcome = known.get((case.sample.id, number)) or await self._made(run, case, number)
            if outcome is None:
                break
            try:
                await asyncio.to_thread(run.strategy.learn, case.sample, outcome)
            except (Exception, SystemExit) as error:  # the strategy's own code runs here
                text = f"strategy {run.cell.strategy.name} cannot learn: {type(error).__name__}"
                raise RunError(f"{text}: {error}") from error

    async def _made(self, run: OpenCell, case: Case, number: int) -> Outcome | None:
        """Make an attempt and wait for what comes of it; `None`: a later session makes it."""
        if self._stopping():
            self._left += 1
            return None
        ended: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
        await self._enqueue(Item(run, case, number, ended))
        return await ended

    async def _enqueue(self, item: Item) -> None:
        await self._room()
        item.run.fed += 1
        self._waiting += 1
        await self._queue.put(item)

    def _all_cases(self, run: OpenCell, cases: Iterator[Case]) -> list[Case]:
        held: list[Case] = []
        while batch := run.next_cases(cases):
            held += batch
        self._cases[run.cell.name] = len(held)
        return held

    def _outcomes(self, run: OpenCell) -> dict[tuple[str, int], Outcome]:
        """What came of the attempts that are committed, by sample and number."""
        records = self._store.records(self._cells[run.cell.name].id)
        return {(record.sample, record.attempt): _outcome(record) for record in records}

    def _expect(self, run: OpenCell) -> None:
        size = run.task.size()
        if run.cell is self._spec.cells[0]:
            self.progress.expected = 0
        if size is None or self.progress.expected is None:
            self.progress.expected = None
        else:
            samples = size if self._limit is None else min(size, self._limit)
            self.progress.expected += samples * run.cell.attempts

    def _next_items(self, run: OpenCell, cases: Iterator[Case]) -> list[Item] | None:
        """The missing attempts of the next cases, of as many as are read in a few milliseconds."""
        batch = run.next_cases(cases)
        if not batch:
            return None
        self._cases[run.cell.name] = self._cases.get(run.cell.name, 0) + len(batch)
        row = self._cells[run.cell.name].id
        resumed = self.progress.resumed
        done = self._store.done(row, [case.sample.id for case in batch]) if resumed else set()
        return [
            Item(run, case, number)
            for case in batch
            for number in range(run.cell.attempts)
            if (case.sample.id, number) not in done
        ]

    async def _room(self) -> None:
        """Wait while too many cases are held for their score, or the store is far behind."""
        bound = self._spec.limits.concurrency + HELD
        # Polled: an event would have to be set from other threads, once for each case.
        while self._components.held > bound or self._writer.behind:
            if self._stopping():
                break
            await asyncio.sleep(0.001)

    def _stopping(self) -> bool:
        return bool(self.progress.stopped or self._error)

    def _stopping_by_error(self) -> bool:
        return self._error is not None

    # The workers: one attempt after the other

    async def _work(self) -> None:
        while (item := await self._queue.get()) is not None:
            self._waiting -= 1
            if self._stopping():
                self._leave(item)
                continue
            try:
                attempted = await self._attempt(item)
            except LimitReached:
                self.stop(self._gate.closed)
                self._leave(item)
            except asyncio.CancelledError:
                self._leave(item)
                raise
            else:
                item.run.jobs.put(_Score(self, item, attempted))

    def _leave(self, item: Item) -> None:
        """Leave an attempt to a later session."""
        self._left += 1
        item.run.drop()
        item.end(None)

    async def _attempt(self, item: Item) -> _Attempted:
        run, sample = item.run, item.case.sample
        row = self._cells[run.cell.name].id
        key = (row, sample.id, item.number)
        account = Account(*key, run.cell.seed, self._open_calls.pop(key, {}))
        attempted = _Attempted(_attempt_seed(run.cell, sample.id, item.number), account)
        context = AttemptContext(run.handles, item.number, attempted.seed)
        begin(item, self._gate, account)
        try:
            if self._spec.limits.attempt_seconds is None:
                attempted.attempt = await run.strategy.attempt(sample, context)
            else:
                attempted.attempt = await self._timed(run.strategy.attempt(sample, context))
        except BaseException as error:  # a strategy may raise anything, SystemExit included
            attempted.error = self._own_failure(error)
        return attempted

    async def _timed(self, attempt: Awaitable[Attempt]) -> Attempt:
        try:
            async with asyncio.timeout(self._spec.limits.attempt_seconds) as clock:
                return await attempt
        except Exception:
            if clock.expired():
                raise _TimeLimitError(self._spec.limits) from None
            raise

    def _own_failure(self, error: BaseException) -> BaseException:
        """The error as the attempt's own failure.

        Raises:
            LimitReached: if that is what it is, also inside a group of a strategy's tasks.
            CancelledError: if the run is being cancelled, not the strategy by itself.
        """
        if isinstance(error, BaseExceptionGroup) and error.subgroup(LimitReached):
            raise LimitReached from None
        if isinstance(error, LimitReached | KeyboardInterrupt | GeneratorExit):
            raise error
        if isinstance(error, asyncio.CancelledError):
            if self._cancelled or self._stopping_by_error():
                raise error
            worker = asyncio.current_task()
            while worker and worker.cancelling():
                worker.uncancel()
        return error

    # Scoring, in the task's threads

    def record(self, item: Item, attempted: _Attempted) -> Record:
        """The record of a finished attempt, scored here."""
        attempt, error = attempted.attempt, attempted.error
        score: Score | None = None
        kind: FailureKind = "strategy"
        if attempt is not None:
            try:
                check_attempt(attempt)
                kind = "task"
                score = item.run.task.score(item.case, attempt)
                check_score(score)
            except (Exception, SystemExit) as problem:
                error, score = problem, None
        elif error is None:
            error = TypeError("the strategy returned no Attempt")
        failure = self._failure(error, kind) if error else None
        sample = item.case.sample
        if failure and failure.error == "NotStorableError":
            attempt = None
        return Record(
            cell=item.run.cell.name,
            sample=sample.id,
            attempt=item.number,
            seed=attempted.seed,
            answer=attempt.answer if attempt and attempt.keep else None,
            score=score,
            failure=failure,
            usage=attempted.account.usage,
            messages=attempt.messages if attempt else (),
            endings=tuple(attempted.account.endings),
            details=attempt.details if attempt else {},
            metadata=sample.metadata,
        )

    def _failure(self, error: BaseException, kind: FailureKind) -> Failure:
        while isinstance(error, BaseExceptionGroup):  # of a strategy's tasks: the first failure
            error = error.exceptions[0]
        if isinstance(error, ModelCallError):
            kind = "model"
        elif isinstance(error, FeedbackError):
            return self._told("task", error.name, str(error), error.trace)
        elif isinstance(error, _TimeLimitError):
            kind = "time"
        trace = "".join(traceback.format_exception(error))
        return self._told(kind, type(error).__name__, str(error), trace)

    def _told(self, kind: FailureKind, error: str, message: str, trace: str) -> Failure:
        short = " ".join(message.split())[:2_000]
        return Failure(kind, error, self._redact(short), self._redact(trace[-10_000:]))

    def _redact(self, text: str) -> str:
        return _storable_text(self._spec.redact(text))

    # What the store's thread reports

    def _committed(self, records: list[Record]) -> None:
        self.progress.committed += len(records)
        self.progress.failed += sum(record.failure is not None for record in records)
        if records:
            self._observe(records)

    def _share(self, calls: list[CallRow]) -> None:
        self._gate.share(calls)

    def _fail(self, error: BaseException) -> None:
        self._error = self._error or error


# What flows between the stages


@dataclass(slots=True)
class _Attempted:
    seed: int
    account: Account
    attempt: Attempt | None = None
    error: BaseException | None = None


class _TimeLimitError(Exception):
    """The attempt took longer than the spec allows."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(f"not done after limits.attempt_seconds = {limits.attempt_seconds:g}")


class _Score(NamedTuple):
    runner: Runner
    item: Item
    attempted: _Attempted

    def run(self, task: Task[Any]) -> None:
        record = self.runner.record(self.item, self.attempted)
        self.runner._writer.put(record)
        self.item.run.drop()
        self.item.end(_outcome(record))

    def fail(self, error: BaseException) -> None:
        self.runner._fail(error)
        self.item.run.drop()
        self.item.end(None)

    def forget(self) -> None:
        self.runner._leave(self.item)


def _storable_text(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _outcome(record: Record) -> Outcome:
    value = record.score.value if record.score else None
    attempt = Attempt(record.answer, record.messages, record.details)
    return Outcome(record.attempt, attempt, value, record.usage)


def _place(cell: Cell, case: Case, number: int) -> int:
    """By these the samples of a pass are ordered, in the same way for all cells of a spec."""
    return _hash(f"{cell.seed} {case.sample.id} {number}")


def _attempt_seed(cell: Cell, sample: str, number: int) -> int:
    return _hash(f"{cell.seed} {cell.hash} {sample} {number}")


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1
