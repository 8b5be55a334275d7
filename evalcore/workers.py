"""Processes that do heavy work, a job at a time each, so that the event loop does none.

A worker is a new interpreter that imports nothing of this one's: no lock, thread or device handle
is inherited, and a program without a main guard may start them. There are as many as processors,
each told to compute in one thread: side by side, threads that share an interpreter are slower than
one after the other where the steps are small.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from contextlib import asynccontextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Tell = Callable[[float], None]

__all__ = ["WorkError", "Workers"]

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WorkError(Exception):
    """A job raised, or its process ended; the text is the error's type and message."""

    def __init__(self, text: str, trace: str = "") -> None:
        super().__init__(text)
        if trace:
            self.add_note(trace)  # the frames themselves stay in the other process


class Workers:
    """Worker processes, started when they are first needed and kept until `close`."""

    def __init__(self, processes: int | None = None) -> None:
        self._idle: list[_Worker] = []
        self._room = asyncio.Semaphore(processes or _processors())

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[_Worker]:
        """Wait for a worker, and hold it; one whose work was broken off is no longer used."""
        async with self._room:
            # Started here, not in a thread: a start that is cancelled would leave a process behind.
            worker = self._idle.pop() if self._idle else _Worker()
            try:
                yield worker
            finally:
                if worker.usable:
                    self._idle.append(worker)
                else:
                    worker.kill()

    async def close(self) -> None:
        """End the workers, none of which may be held any more."""
        for worker in self._idle:
            worker.kill()
        self._idle.clear()


class _Worker:
    """One process, at the other end of a pipe.

    Attributes:
        usable: whether it waits for a job.
    """

    def __init__(self) -> None:
        self.usable = True
        self._jobs, theirs = Pipe()
        # Its other end closes with this process, however that ends: by it the worker knows.
        lifeline, self._lifeline = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno()), str(lifeline)],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), lifeline),
                env=os.environ
                | dict.fromkeys(_ONE_THREAD, "1")
                | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                start_new_session=True,  # an interrupt at the terminal is this process's to handle
            )
        finally:
            theirs.close()
            os.close(lifeline)

    async def do(self, function: Callable[..., Any], *arguments: Any, tell: Tell) -> Any:
        """Call a function of a module with arguments that can be pickled, and `tell`.

        Args:
            function: of a module.
            arguments: its arguments, which can be pickled.
            tell: called, from another thread, with how much of it is done.

        Raises:
            WorkError: if it raised, or its process ended.
            TypeError: if the function or an argument cannot be pickled.
        """
        try:
            job = pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise TypeError(f"cannot be sent to a worker process: {error}") from error
        self.usable = False
        try:
            done = await asyncio.to_thread(self._exchange, job, tell)
        except asyncio.CancelledError:
            self.kill()
            raise
        self.usable = True
        kind, value = done
        if kind == "raised":
            raise WorkError(*value)
        return value

    def _exchange(self, job: bytes, tell: Tell) -> tuple[str, Any]:
        try:
            self._jobs.send_bytes(job)
            while True:
                kind, value = self._jobs.recv()
                if kind != "told":
                    return kind, value
                tell(value)
        except (EOFError, OSError):
            code = self._process.wait()
            why = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            hint = "; was there too little memory?" if code == -signal.SIGKILL else ""
            raise WorkError(f"the worker process ended with {why}{hint}") from None

    def kill(self) -> None:
        """End the process at once; a thread that still listens to it hears the end."""
        self.usable = False
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            os.close(self._lifeline)
        self._lifeline = -1


def _processors() -> int:
    """Those that this process may use, where the system tells."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


# What runs in the process itself


def _serve(jobs: Connection, lifeline: int) -> None:
    threading.Thread(target=_die_with_parent, args=(lifeline,), daemon=True).start()
    os.dup2(2, 1)  # what a component prints is for people, not part of the run's results
    while True:
        try:
            job = jobs.recv_bytes()
        except EOFError:
            return
        jobs.send(_done(job, lambda fraction: jobs.send(("told", float(fraction)))))


def _done(job: bytes, tell: Tell) -> tuple[str, Any]:
    try:
        function, arguments = pickle.loads(job)  # noqa: S301
        return "done", function(*arguments, tell=tell)
    except (Exception, SystemExit) as error:
        text = f"{type(error).__name__}: {error}"
        return "raised", (text, "".join(traceback.format_exception(error)))


def _die_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])), int(sys.argv[2]))
