"""The run store: one SQLite file that holds every attempt, readable while it is written.

Attempts are committed in batches, each batch one transaction. The model calls of attempts that
are not committed yet stand in `calls`, and leave it in the transaction that commits the attempt:
a killed run goes on without repeating a call. Long texts are stored once, by their hash.
"""

from __future__ import annotations

import hashlib
import json
import queue
import sqlite3
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import quote

from pydantic_core import PydanticSerializationError, from_json, to_json

from evalcore.data import Failure, Generation, Message, Record, Score, Usage
from evalcore.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from evalcore.data import Request

__all__ = ["CallRow", "CellRow", "Store", "Writer", "call_digest", "encode", "rows_of"]

_FORMAT = 1
_SCHEMA = """
CREATE TABLE cells (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, hash TEXT NOT NULL, changes TEXT NOT NULL
);
CREATE TABLE records (
    cell INTEGER NOT NULL, sample TEXT NOT NULL, attempt INTEGER NOT NULL, seed INTEGER NOT NULL,
    value REAL, label TEXT, failure TEXT,
    calls INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
    dollars REAL NOT NULL, seconds REAL NOT NULL, executions INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE superseded AS SELECT * FROM records;
CREATE UNIQUE INDEX records_key ON records (cell, sample, attempt);
CREATE TABLE calls (
    cell INTEGER, sample TEXT, attempt INTEGER, digest BLOB, body BLOB NOT NULL,
    PRIMARY KEY (cell, sample, attempt, digest)
) WITHOUT ROWID;
CREATE TABLE texts (id INTEGER PRIMARY KEY, digest BLOB UNIQUE NOT NULL, content TEXT NOT NULL);
"""
_INSERT_RECORD = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_BATCH = 2_000
"""Records and calls that one transaction commits at most."""
_BEHIND = 10_000
"""Records and calls that may wait to be committed before new work has to wait."""
_MESSAGES = 100
"""Messages of failures that are told apart."""
_INLINE = 200
"""Texts up to this many characters stand in the record itself."""


class CellRow(NamedTuple):
    """A cell as the store knows it."""

    id: int
    name: str
    hash: str
    changes: dict[str, Any]


class CallRow(NamedTuple):
    """An answered model call of an attempt that is not committed yet.

    Attributes:
        cell: the cell's id.
        model: what tells the model apart from others, in the words of `call_digest`.
        cost: what the call cost.
    """

    cell: int
    model: str
    request: Request
    generation: Generation
    cost: Usage

    @property
    def key(self) -> tuple[int, str, int]:
        """The attempt that the call belongs to."""
        return self.cell, self.request.sample, self.request.attempt


class Store:
    """The run store of one directory, for reading; `writer` opens it for writing."""

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self.path = path
        try:
            self.connection = _connect_readonly(path) if readonly else _connect(path)
        except sqlite3.DatabaseError as error:
            raise RunError(f"{path}: not a run store ({error})") from None
        (version,) = self.connection.execute("PRAGMA user_version").fetchone()
        if version != _FORMAT:
            self.connection.close()
            raise RunError(f"{path}: found store format {version}, expected {_FORMAT}")

    @classmethod
    def create(cls, path: Path) -> Store:
        """Make the store of a new run, whole or not at all."""
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        connection = _connect(draft, journal="DELETE")
        connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_FORMAT}; COMMIT;")
        connection.close()
        draft.replace(path)
        return cls(path)

    def set_cells(self, cells: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
        """Add the cells `(name, hash, changes)` that are not there yet, and note changed hashes."""
        rows = [(name, digest, json.dumps(changes)) for name, digest, changes in cells]
        with self.connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO cells (name, hash, changes) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET hash = excluded.hash",
                rows,
            )

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def set_aside_failed(self) -> int:
        """Move the failed attempts to `superseded`, so that they are made anew; how many."""
        with self.connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            failed = "FROM records WHERE failure IS NOT NULL"
            connection.execute(f"INSERT INTO superseded SELECT * {failed}")
            return connection.execute(f"DELETE {failed}").rowcount

    def cells(self) -> list[CellRow]:
        """The cells, in the spec's order."""
        rows = self.connection.execute("SELECT id, name, hash, changes FROM cells ORDER BY id")
        return [CellRow(i, name, digest, json.loads(changes)) for i, name, digest, changes in rows]

    def counts(self) -> dict[str, tuple[int, int]]:
        """Attempts committed and attempts failed, by the cell's name."""
        rows = self.connection.execute(
            "SELECT name, count(records.cell), count(failure) FROM cells"
            " LEFT JOIN records ON records.cell = cells.id GROUP BY cells.id ORDER BY cells.id"
        )
        return {name: (total, failed) for name, total, failed in rows}

    def usage(self) -> Usage:
        """What all attempts cost together, those that were set aside included."""
        columns = "calls, prompt_tokens, completion_tokens, dollars, seconds, executions"
        totals = ", ".join(f"total({name})" for name in columns.split(", "))
        row = self.connection.execute(
            f"SELECT {totals} FROM (SELECT {columns} FROM records"  # noqa: S608
            f" UNION ALL SELECT {columns} FROM superseded)"
        ).fetchone()
        calls, prompt, completion, dollars, seconds, executions = row
        return Usage(int(calls), int(prompt), int(completion), dollars, seconds, int(executions))

    def done(self, cell: int, samples: Sequence[str]) -> set[tuple[str, int]]:
        """Which attempts of these samples are committed, as `(sample, attempt)`."""
        marks = ",".join("?" * len(samples))
        return set(
            self.connection.execute(
                f"SELECT sample, attempt FROM records WHERE cell = ? AND sample IN ({marks})",  # noqa: S608
                (cell, *samples),
            )
        )

    def open_calls(self) -> dict[tuple[int, str, int], dict[bytes, tuple[Generation, Usage]]]:
        """The answered calls of attempts that were not committed, by attempt and digest."""
        found: dict[tuple[int, str, int], dict[bytes, tuple[Generation, Usage]]] = {}
        for cell, sample, attempt, digest, body in self.connection.execute("SELECT * FROM calls"):
            generation, cost = _decode(body)
            key = (cell, sample, attempt)
            found.setdefault(key, {})[digest] = (Generation(*generation), Usage(*cost))
        return found

    def failures(self) -> list[tuple[str, str, str, int]]:
        """The failures grouped as `(cell, kind, message, count)`, the most frequent first.

        Messages that come when a hundred others are known already are counted together.
        """
        rows = self.connection.execute(
            "SELECT name, failure, body FROM records JOIN cells ON cells.id = cell"
            " WHERE failure IS NOT NULL"
        )
        counts: Counter[tuple[str, str, str]] = Counter()
        for name, kind, body in rows:
            key = (name, kind, _decode(body)["failure"][1])
            known = key in counts or len(counts) < _MESSAGES
            counts[key if known else (name, kind, "other messages")] += 1
        alike = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [(*key, count) for key, count in alike]

    def records(self, cell: int | None = None) -> Iterator[Record]:
        """The records, by cell, sample and attempt, one at a time."""
        names = {row.id: row.name for row in self.cells()}
        where = "" if cell is None else "WHERE cell = :cell"
        rows = self.connection.execute(
            f"SELECT * FROM records {where} ORDER BY cell, sample, attempt",  # noqa: S608
            {"cell": cell},
        )
        for row in rows:
            yield self._record(names[row[0]], row)

    def telling(self, cell: int, count: int) -> Iterator[Record]:
        """Records of a cell that are worth reading: failed ones, then those of lowest score."""
        (name,) = self.connection.execute("SELECT name FROM cells WHERE id = ?", (cell,)).fetchone()
        rows = self.connection.execute(
            "SELECT * FROM records WHERE cell = ? AND (failure IS NOT NULL OR value <= 0)"
            " ORDER BY failure IS NULL, sample, attempt LIMIT ?",
            (cell, count),
        )
        for row in rows.fetchall():
            yield self._record(name, row)

    def column(self, cell: int, name: str) -> Iterator[tuple[Any]]:
        """One column of a cell's records, by sample and attempt; `name` is a column's name."""
        return self.connection.execute(
            f"SELECT {name} FROM records WHERE cell = ? ORDER BY sample, attempt",  # noqa: S608
            (cell,),
        )

    def _record(self, cell: str, row: Sequence[Any]) -> Record:
        _, sample, attempt, seed, value, label, kind, *cost, body = row
        data = _decode(body)
        failure = None
        if kind:
            error, message, trace = data["failure"]
            failure = Failure(kind, error, message, self._text(trace))
        return Record(
            cell=cell,
            sample=sample,
            attempt=attempt,
            seed=seed,
            answer=self._text(data["answer"]),
            score=None if kind else Score(value, label, data["score"]),
            failure=failure,
            usage=Usage(*cost),
            messages=tuple(Message(r, self._text(text)) for r, text in data["messages"]),
            details=data["details"],
            metadata=data["metadata"],
        )

    def _text(self, stored: Any) -> Any:
        """A text from its reference `{"text": id}`; anything else is itself, under `"is"`."""
        if not isinstance(stored, dict):
            return stored
        if "is" in stored:
            return stored["is"]
        query = "SELECT content FROM texts WHERE id = ?"
        return self.connection.execute(query, (stored["text"],)).fetchone()[0]


class Writer:
    """Commits records and calls from a thread of its own, a batch in each transaction.

    Args:
        path: the store's file.
        committed: called in that thread with the records of each batch once they are safe.
        failed: called in that thread with the error that ended it.
    """

    def __init__(
        self,
        path: Path,
        cells: dict[str, int],
        committed: Callable[[list[Record]], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._path = path
        self._cells = cells
        self._committed = committed
        self._failed = failed
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
        with closing(_connect(self._path)) as connection:
            rows = connection.execute("SELECT DISTINCT cell, sample, attempt FROM calls")
            self._with_calls.update(rows)
            while batch := self._next_batch():
                records = [item for item in batch if isinstance(item, Record)]
                self._commit(connection, batch, records)
                self._committed(records)

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
            usage.calls,
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.dollars,
            usage.seconds,
            int(usage.executions),
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


def encode(value: Any) -> bytes:
    """A value as JSON; mappings of any kind and NumPy's values become plain ones.

    Raises:
        PydanticSerializationError: if it holds something else that JSON has no form for.
    """
    try:
        return to_json(value, inf_nan_mode="constants", fallback=_plain)
    except PydanticSerializationError as error:
        if "surrogates not allowed" not in str(error):
            raise
        # Half a surrogate pair has no form in UTF-8; it has one in the escapes of JSON.
        return json.dumps(value, default=_plain).encode()


def _decode(body: bytes) -> Any:
    try:
        return from_json(body)
    except ValueError:
        return json.loads(body)


def call_digest(model: str, request: Request) -> bytes:
    """What a committed call is found by: a hash of the model and the whole request."""
    text = f"{model}\0{request!r}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _connect(path: Path, journal: str = "WAL") -> sqlite3.Connection:
    pragmas = (f"PRAGMA journal_mode = {journal}", "PRAGMA synchronous = FULL")
    return _opened(str(path), *pragmas)


def _connect_readonly(path: Path) -> sqlite3.Connection:
    """Open a store to read it, also in a folder where nothing can be written."""
    address = f"file:{quote(str(path.absolute()))}"
    try:
        return _opened(f"{address}?mode=ro")
    except sqlite3.OperationalError:
        return _opened(f"{address}?immutable=1")


def _opened(address: str, *pragmas: str) -> sqlite3.Connection:
    """A connection that was tried, so that a file which is no store is told of here."""
    connection = sqlite3.connect(
        address, uri=True, isolation_level=None, check_same_thread=False, timeout=60
    )
    try:
        for statement in (*pragmas, "SELECT count(*) FROM sqlite_master"):
            connection.execute(statement).fetchone()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _text_id(connection: sqlite3.Connection, digest: bytes, value: str) -> int:
    found = connection.execute("SELECT id FROM texts WHERE digest = ?", (digest,)).fetchone()
    if found:
        return int(found[0])
    insert = "INSERT INTO texts (digest, content) VALUES (?, ?)"
    return int(connection.execute(insert, (digest, value)).lastrowid or 0)


def _call_values(call: CallRow) -> tuple[Any, ...]:
    generation, cost = call.generation, call.cost
    body = [
        [
            generation.text,
            generation.finish_reason,
            generation.prompt_tokens,
            generation.completion_tokens,
        ],
        [cost.calls, cost.prompt_tokens, cost.completion_tokens, cost.dollars, cost.seconds],
    ]
    return (*call.key, call_digest(call.model, call.request), encode(body))


def _explained(error: BaseException, path: Path) -> BaseException:
    if isinstance(error, sqlite3.OperationalError):
        return RunError(f"{path}: cannot be written ({error}); what was committed is safe")
    return error


def rows_of(records: Iterable[Record]) -> Iterator[dict[str, Any]]:
    """Records as flat rows of scalars and JSON-ready values, as `evalcore records` prints them."""
    for r in records:
        yield {
            "cell": r.cell,
            "sample": r.sample,
            "attempt": r.attempt,
            "seed": r.seed,
            "value": r.score.value if r.score else None,
            "label": r.score.label if r.score else None,
            "failure": r.failure.kind if r.failure else None,
            "error": f"{r.failure.error}: {r.failure.message}" if r.failure else None,
            "answer": r.answer,
            "calls": r.usage.calls,
            "prompt_tokens": r.usage.prompt_tokens,
            "completion_tokens": r.usage.completion_tokens,
            "dollars": r.usage.dollars,
            "seconds": r.usage.seconds,
            "executions": r.usage.executions,
            "messages": [{"role": m.role, "content": m.content} for m in r.messages],
            "score_details": dict(r.score.details) if r.score else None,
            "details": dict(r.details),
            "metadata": dict(r.metadata),
        }
