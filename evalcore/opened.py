"""The components of a run while they are open.

They are opened when the first cell needs them and closed after the last; cells that use the same
component with the same settings share it. A task has worker threads of its own.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import Counter
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from evalcore.boundary import check_case
from evalcore.calls import Served
from evalcore.context import ModelHandle
from evalcore.errors import EvalcoreError, RunError, TaskError
from evalcore.provenance import fingerprint
from evalcore.spec import note_secrets, redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evalcore.data import Case
    from evalcore.model import Model
    from evalcore.spec import Cell, Part
    from evalcore.strategy import Strategy
    from evalcore.task import Task

__all__ = ["HELD", "Components", "Job", "OpenCell", "OpenTask", "open_model", "open_task"]

HELD = 256
"""Cases that may wait for their score beyond those in flight; each may be megabytes of tests."""


class Job(Protocol):
    """What a task's worker threads do."""

    def run(self, task: Task[Any]) -> None:
        """Do it."""

    def fail(self, error: BaseException) -> None:
        """It raised, or its thread was told to stop."""

    def forget(self) -> None:
        """It is not to be done any more."""


class Components:
    """The open components of a run; cells that use the same one share it.

    Args:
        problems: takes what could not be closed; the records stand nevertheless.
        secrets: what must never be stored or shown; takes what the models say of it.
    """

    def __init__(
        self,
        cells: list[Cell],
        identities: dict[str, str],
        noted: Callable[[], None],
        problems: list[str],
        secrets: dict[str, str],
    ) -> None:
        self._uses = Counter(part.key for cell in cells for part in cell.parts)
        self._identities = identities
        self._noted = noted
        self._problems = problems
        self._secrets = secrets
        self._tasks: dict[str, OpenTask] = {}
        self._models: dict[str, Model[Any]] = {}
        self._runs: list[OpenCell] = []

    @property
    def held(self) -> int:
        """Cases of all cells that are in flight or wait for their score."""
        return sum(run.held for run in self._runs)

    async def open_cell(self, cell: Cell) -> OpenCell:
        """Open what the cell needs, after closing what no cell needs any more."""
        await self._close_finished()
        if cell.task.key not in self._tasks:
            task = await asyncio.to_thread(open_task, cell.task)
            self._tasks[cell.task.key] = OpenTask(cell.task.name, task)
        served = {}
        known = len(self._identities)
        for name, part in cell.models.items():
            if part.key not in self._models:
                self._models[part.key] = await open_model(part, self._secrets)
            model = self._models[part.key]
            data = await asyncio.to_thread(fingerprint, part)
            served[name] = Served(
                name, part, self._identity(part, model), model, data=data, secrets=self._secrets
            )
        if len(self._identities) > known:
            await asyncio.to_thread(self._noted)
        run = OpenCell(cell, self._tasks[cell.task.key], cell.strategy.create(), served)
        self._runs.append(run)
        return run

    def _identity(self, part: Part, model: Model[Any]) -> str:
        now = redact(model.identity(), self._secrets)
        before = self._identities.setdefault(part.fixed, now)
        if now != before:
            raise RunError(
                f"model {part.name} says that it is {now!r}, this run was begun with {before!r}; "
                "go on with --accept-change, or begin anew with --fresh"
            )
        return now

    def forget(self, which: Callable[[Job], bool]) -> None:
        """Drop those jobs that no thread has begun."""
        for opened in self._tasks.values():
            opened.forget(which)

    async def close_all(self) -> None:
        """Close everything, the tasks once their threads have scored what they were given."""
        await self._close(self._tasks.keys() | self._models.keys())

    async def _close_finished(self) -> None:
        for run in [run for run in self._runs if run.complete and not run.held]:
            self._runs.remove(run)
            self._uses.subtract(part.key for part in run.cell.parts)
        opened = self._tasks.keys() | self._models.keys()
        await self._close({key for key in opened if self._uses[key] <= 0})

    async def _close(self, keys: set[str]) -> None:
        for key in sorted(keys):
            try:
                if key in self._tasks:
                    await asyncio.to_thread(self._tasks[key].close)
                    del self._tasks[key]
                else:
                    await self._models.pop(key).close()
            except Exception as error:  # the component's own code runs here
                name = " ".join(key.split(" ", 2)[:2])
                self._problems.append(f"{name} could not be closed: {error!r}")


class OpenCell:
    """A cell with its components open."""

    def __init__(
        self, cell: Cell, opened: OpenTask, strategy: Strategy[Any], served: dict[str, Served]
    ) -> None:
        self.cell = cell
        self.task = opened.task
        self.jobs = opened.jobs
        self.strategy = strategy
        self.served = served
        self.handles = MappingProxyType({name: ModelHandle(name) for name in served})
        self.fed = 0
        self.complete = False
        self._dropped = 0
        self._lock = threading.Lock()
        self._broken: TaskError | None = None

    def next_cases(self, cases: Iterator[Case]) -> list[Case]:
        """As many of the next cases as are read in a few milliseconds; none at the end.

        Raises:
            TaskError: if the task cannot give its samples, once those before are handed out.
        """
        if self._broken:
            raise self._broken
        batch: list[Case] = []
        until = time.monotonic() + 0.005
        try:
            for case in cases:
                check_case(case)
                batch.append(case)
                if len(batch) >= HELD or time.monotonic() > until:
                    break
        except (Exception, SystemExit) as error:
            self._broken = self._told(error)
            if not batch:
                raise self._broken from error
        return batch

    def _told(self, error: BaseException) -> TaskError:
        if isinstance(error, TaskError):
            return error
        name, kind = self.cell.task.name, type(error).__name__
        return TaskError(f"task {name} cannot give its samples: {kind}: {error}")

    def drop(self) -> None:
        """A case of this cell is held no longer."""
        with self._lock:
            self._dropped += 1

    @property
    def held(self) -> int:
        """Cases that are in flight or wait for their score."""
        return self.fed - self._dropped


class OpenTask:
    """A task with its worker threads."""

    def __init__(self, name: str, task: Task[Any]) -> None:
        self.name = name
        self.task = task
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.threads = [
            threading.Thread(target=self._serve, name=f"evalcore-task-{i}", daemon=True)
            for i in range(max(1, task.workers))
        ]
        for thread in self.threads:
            thread.start()

    def _serve(self) -> None:
        while (job := self.jobs.get()) is not None:
            try:
                job.run(self.task)
            except BaseException as error:  # a thread that dies in silence would hang the run
                job.fail(error)

    def forget(self, which: Callable[[Job], bool]) -> None:
        """Drop those jobs that no thread has begun."""
        kept: list[Job | None] = []
        with suppress(queue.Empty):
            while True:
                job = self.jobs.get_nowait()
                if job and which(job):
                    job.forget()
                else:
                    kept.append(job)
        for job in kept:
            self.jobs.put(job)

    def close(self) -> None:
        """Wait until the threads have done their jobs, and close the task."""
        for _ in self.threads:
            self.jobs.put(None)
        for thread in self.threads:
            thread.join()
        self.task.close()


def open_task(part: Part) -> Task[Any]:
    """Open the task of a part.

    Raises:
        EvalcoreError: if it cannot be opened.
    """
    task: Task[Any] = part.create()
    try:
        task.open()
    except EvalcoreError:
        raise
    except (Exception, SystemExit) as error:
        raise TaskError(f"task {part.name} cannot be opened: {error}") from error
    return task


async def open_model(part: Part, secrets: dict[str, str]) -> Model[Any]:
    """Open the model of a part; adds its secrets to those that are never stored or shown.

    Raises:
        EvalcoreError: if it cannot be opened.
    """
    model: Model[Any] = part.create()
    note_secrets(model, secrets)
    try:
        await model.open()
    except EvalcoreError:
        raise
    except Exception as error:
        raise RunError(f"model {part.name} cannot be opened: {error}") from error
    return model
