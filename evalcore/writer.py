"""The writer of the run store: a thread of its own that commits records and calls in batches.

Each batch is one transaction. The model calls of attempts that are not committed yet are kept, and
leave the store in the transaction that commits the attempt: a killed run goes on without repeating
a call.
"""

from __future__ import annotations

import hashlib
import queue
import sqlite3
import threading
from contextlib import closing
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self

from evalcore.data import Record, Usage
from evalcore.encoding import call_digest, encode, from_answer
from evalcore.errors import RunError
from evalcore.store import CallRow, connect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Writer"]

_INSERT_RECORD = f"INSERT INTO records VALUES ({', '.join('?' * 18)})"  # noqa: S608
_COST = attrgetter(*(field.name for field in fields(Usage)))
_BATCH = 2_000
"""Records and calls that one transaction commits at most."""
_BEHIND = 10_000
"""Records and calls that may wait to be committed before new work has to wait."""
_INLINE = 200
"""Texts up to this many characters stand in the record itself."""


class Writer:
    """Commits records and calls from a thread of its own, a batch in each transaction.

    Args:
        path: the store's file.
        committed: called in that thread with the records of each batch once they are safe.
        failed: called in that thread with the error that ended it.
        safe: called in that thread with the calls of each batch once they are safe.
    """

    def __init__(
        self,
        path: Path,
        cells: dict[str, int],
        committed: Callable[[list[Record]], None],
        failed: Callable[[BaseException], None],
        safe: Callable[[list[CallRow]], object] = lambda calls: None,
    ) -> None:
        self._path = path
        self._cells = cells
        self._committed = committed
        self._failed = failed
        self._safe = safe
        self._queue: queue.SimpleQueue[Record | CallRow | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._with_calls: set[tuple[int, str, int]] = set()
        self._texts: dict[bytes, int] = {}
        self._thread = threading.Thread(target=self._run, name="evalcore-store", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        self._queue.put(None)
        self._thread.join()

    def put(self, item: Record | CallRow) -> None:
        """Hand over a record or a call."""
        self._queue.put(item)

    @property
    def behind(self) -> bool:
        """Whether so much waits to be committed that no new work should begin."""
        return self._queue.qsize() > _BEHIND

    def _run(self) -> None:
        try:
            self._serve()
        except BaseException as error:
            self._failed(_explained(error, self._path))
            while self._next_batch():  # so that nobody waits for a thread that has given up
                pass

    def _serve(self) -> None:
        with closing(connect(self._path)) as connection:
            rows = connection.execute("SELECT DISTINCT cell, sample, attempt FROM calls")
            self._with_calls.update(rows)
            while batch := self._next_batch():
                records = [item for item in batch if isinstance(item, Record)]
                self._commit(connection, batch, records)
                self._committed(records)
                calls = [item for item in batch if isinstance(item, CallRow) and item.shared]
                if calls:
                    self._safe(calls)

    def _next_batch(self) -> list[Record | CallRow]:
        """What has come in within a short while; empty at the end."""
        batch = []
        item = self._queue.get()
        if self._queue.qsize() < _BATCH:
            self._closing.wait(0.05)
        while item is not None:
            batch.append(item)
            if len(batch) == _BATCH or self._queue.empty():
                return batch
            item = self._queue.get()
        if batch:
            self._queue.put(None)
        return batch

    def _commit(
        self, connection: sqlite3.Connection, batch: list[Record | CallRow], records: list[Record]
    ) -> None:
        try:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                self._insert(connection, batch, records)
        except sqlite3.IntegrityError:
            repeated = self._repeated(connection, records)
            text = f"two samples of the task have the id {repeated}; every sample needs its own"
            raise RunError(text) from None

    def _repeated(self, connection: sqlite3.Connection, records: list[Record]) -> str:
        """The first sample that stands twice in a batch, or in the batch and the store."""
        query = "SELECT 1 FROM records WHERE cell = ? AND sample = ? AND attempt = ?"
        seen: set[tuple[int, str, int]] = set()
        for record in records:
            key = (self._cells[record.cell], record.sample, record.attempt)
            if key in seen or connection.execute(query, key).fetchone():
                return repr(record.sample)
            seen.add(key)
        return "of another"

    def _insert(
        self, connection: sqlite3.Connection, batch: list[Record | CallRow], records: list[Record]
    ) -> None:
        keys = {(self._cells[r.cell], r.sample, r.attempt) for r in records}
        calls = [item for item in batch if isinstance(item, CallRow)]
        kept = [call for call in calls if call.key not in keys]
        rows = [self._row(connection, record) for record in records]
        connection.executemany(_INSERT_RECORD, rows)
        connection.executemany(
            "INSERT OR REPLACE INTO calls VALUES (?, ?, ?, ?, ?)", map(_call_values, kept)
        )
        over = self._with_calls & keys
        connection.executemany("DELETE FROM calls WHERE cell=? AND sample=? AND attempt=?", over)
        self._with_calls.difference_update(over)
        self._with_calls.update(call.key for call in kept)

    def _row(self, connection: sqlite3.Connection, record: Record) -> tuple[Any, ...]:
        score, failure, usage = record.score, record.failure, record.usage
        body = {
            "answer": self._stored(connection, record.answer),
            "messages": [[m.role, self._stored(connection, m.content)] for m in record.messages],
            "details": record.details,
            "metadata": record.metadata,
        }
        if score:
            body["score"] = score.details
        if failure:
            trace = self._stored(connection, failure.traceback)
            body["failure"] = [failure.error, failure.message, trace]
        return (
            self._cells[record.cell],
            record.sample,
            record.attempt,
            record.seed,
            float(score.value) if score else None,
            score.label if score else None,
            failure.kind if failure else None,
            " ".join(record.endings),
            *_COST(usage),
            encode(body),
        )

    def _stored(self, connection: sqlite3.Connection, value: Any) -> Any:
        if isinstance(value, dict):
            return {"is": value}
        if not isinstance(value, str) or len(value) <= _INLINE:
            return value
        try:
            digest = hashlib.blake2b(value.encode(), digest_size=16).digest()
        except UnicodeEncodeError:
            return value  # half a surrogate pair, which only the escapes of JSON can hold
        if digest not in self._texts:
            if len(self._texts) > 10_000:
                self._texts.clear()
            self._texts[digest] = _text_id(connection, digest, value)
        return {"text": self._texts[digest]}


def _call_values(call: CallRow) -> tuple[Any, ...]:
    body = encode([from_answer(call.answer), _COST(call.cost)])
    return (*call.key, call_digest(call.model, call.call), body)


def _text_id(connection: sqlite3.Connection, digest: bytes, value: str) -> int:
    found = connection.execute("SELECT id FROM texts WHERE digest = ?", (digest,)).fetchone()
    if found:
        return int(found[0])
    insert = "INSERT INTO texts (digest, content) VALUES (?, ?)"
    return int(connection.execute(insert, (digest, value)).lastrowid or 0)


def _explained(error: BaseException, path: Path) -> BaseException:
    if isinstance(error, sqlite3.OperationalError):
        return RunError(f"{path}: cannot be written ({error}); what was committed is safe")
    return error
