"""Group commit: one thread writes, and what waits while it commits is committed together."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

__all__ = ["GroupCommit"]

MOST = 1000
"""Writes in one transaction."""

_log = logging.getLogger(__name__)


class _Write(NamedTuple):
    do: Callable[[sqlite3.Connection], Any]
    then: Callable[[Any], None] | None
    done: asyncio.Future[Any]


class GroupCommit:
    """Commits writes in the order in which they are submitted; lives on one event loop.

    Args:
        connection: to be used by nobody else from now on, and closed at the end.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="commits")
        self._thread.start()

    def submit(
        self,
        do: Callable[[sqlite3.Connection], Any],
        then: Callable[[Any], None] | None = None,
    ) -> asyncio.Future[Any]:
        """Write something.

        Args:
            do: called in the thread, inside a transaction that it shares with others.
            then: called on the loop with what `do` returned once that is committed, in the order
                of submission, whether or not anybody still waits.

        Returns:
            What `do` returned, once it is committed; or the `sqlite3.Error` that prevented it.
        """
        done = self._loop.create_future()
        self._waiting.put(_Write(do, then, done))
        return done

    async def close(self) -> None:
        """Commit all that was submitted, and close the connection."""
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.sleep(0)  # what the thread called for last is done before this returns

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._next_batch()
            if batch:
                self._loop.call_soon_threadsafe(self._deliver, batch, self._committed(batch))
        self._connection.close()

    def _next_batch(self) -> tuple[list[_Write], bool]:
        """What waits, at least one; and whether more may come."""
        batch: list[_Write] = []
        try:
            write = self._waiting.get()
            while write is not None:
                batch.append(write)
                if len(batch) == MOST:
                    return batch, True
                write = self._waiting.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _committed(self, batch: Sequence[_Write]) -> list[Any] | Exception:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                results = [write.do(self._connection) for write in batch]
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except Exception as error:
            return error
        return results

    def _deliver(self, batch: Sequence[_Write], results: list[Any] | Exception) -> None:
        if isinstance(results, Exception):
            _log.error("%d writes could not be committed: %s", len(batch), results)
            for write in batch:
                _fail(write, results)
            return
        for write, result in zip(batch, results, strict=True):
            try:
                if write.then is not None:
                    write.then(result)
            except Exception as error:
                _log.exception("what follows from a commit failed")
                _fail(write, error)
            if not write.done.done():
                write.done.set_result(result)


def _fail(write: _Write, error: Exception) -> None:
    if not write.done.done():
        write.done.set_exception(error)
        write.done.exception()  # it is in the log, if nobody waits
