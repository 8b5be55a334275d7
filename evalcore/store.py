"""The run store: one SQLite file that holds every attempt, readable while it is written.

The model calls of attempts that are not committed yet stand in `calls`; long texts are stored
once, by their hash.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from evalcore.data import Failure, Message, Record, Score, Usage
from evalcore.encoding import decode, to_answer
from evalcore.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from evalcore.encoding import Answer, Call

__all__ = ["CallRow", "CellRow", "Store", "connect"]

_FORMAT = 3
_SCHEMA = """
CREATE TABLE cells (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, hash TEXT NOT NULL, changes TEXT NOT NULL
);
CREATE TABLE records (
    cell INTEGER NOT NULL, sample TEXT NOT NULL, attempt INTEGER NOT NULL, seed INTEGER NOT NULL,
    value REAL, label TEXT, failure TEXT, endings TEXT,
    calls INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
    dollars REAL NOT NULL, seconds REAL NOT NULL, executions INTEGER NOT NULL,
    cached INTEGER NOT NULL, saved REAL NOT NULL, saved_tokens INTEGER NOT NULL,
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
_COST = tuple(field.name for field in fields(Usage))
_MESSAGES = 100
"""Messages of failures that are told apart."""


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
        shared: what the cache is to find the call by; nothing where it is not to hold it.
        shown: what the cache calls the model.
    """

    cell: int
    model: str
    call: Call
    answer: Answer
    cost: Usage
    shared: bytes = b""
    shown: str = ""

    @property
    def key(self) -> tuple[int, str, int]:
        """The attempt that the call belongs to."""
        return self.cell, self.call.sample, self.call.attempt


class Store:
    """The run store of one directory, for reading; `writer` opens it for writing."""

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self.path = path
        try:
            self.connection = _connect_readonly(path) if readonly else connect(path)
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
        connection = connect(draft, journal="DELETE")
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

    def is_empty(self) -> bool:
        """Whether there is neither a record nor an answered call."""
        row = self.connection.execute(
            "SELECT 1 FROM records UNION ALL SELECT 1 FROM superseded"
            " UNION ALL SELECT 1 FROM calls LIMIT 1"
        ).fetchone()
        return row is None

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
        columns = ", ".join(_COST)
        totals = ", ".join(f"total({name})" for name in _COST)
        row = self.connection.execute(
            f"SELECT {totals} FROM (SELECT {columns} FROM records"  # noqa: S608
            f" UNION ALL SELECT {columns} FROM superseded)"
        ).fetchone()
        fractions = ("dollars", "seconds", "saved")
        return Usage(*(v if n in fractions else int(v) for n, v in zip(_COST, row, strict=True)))

    def done(self, cell: int, samples: Sequence[str]) -> set[tuple[str, int]]:
        """Which attempts of these samples are committed, as `(sample, attempt)`."""
        marks = ",".join("?" * len(samples))
        return set(
            self.connection.execute(
                f"SELECT sample, attempt FROM records WHERE cell = ? AND sample IN ({marks})",  # noqa: S608
                (cell, *samples),
            )
        )

    def open_calls(self) -> dict[tuple[int, str, int], dict[bytes, tuple[Answer, Usage]]]:
        """The answered calls of attempts that were not committed, by attempt and digest."""
        found: dict[tuple[int, str, int], dict[bytes, tuple[Answer, Usage]]] = {}
        for cell, sample, attempt, digest, body in self.connection.execute("SELECT * FROM calls"):
            answer, cost = decode(body)
            found.setdefault((cell, sample, attempt), {})[digest] = to_answer(answer), Usage(*cost)
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
            key = (name, kind, decode(body)["failure"][1])
            known = key in counts or len(counts) < _MESSAGES
            counts[key if known else (name, kind, "other messages")] += 1
        alike = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [(*key, count) for key, count in alike]

    def endings(self) -> Counter[str]:
        """How often the answers of models ended in each way."""
        rows = self.connection.execute(
            "SELECT endings, count(*) FROM records WHERE endings > '' GROUP BY endings"
        )
        counts: Counter[str] = Counter()
        for endings, attempts in rows:
            for ending in endings.split():
                counts[ending] += attempts
        return counts

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
        """Records of a cell that are worth reading: failed ones, then wrong ones."""
        (name,) = self.connection.execute("SELECT name FROM cells WHERE id = ?", (cell,)).fetchone()
        rows = self.connection.execute(
            "SELECT * FROM records WHERE cell = ? AND (failure IS NOT NULL OR value <= 0)"
            " ORDER BY failure IS NULL, attempt, sample LIMIT ?",
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
        _, sample, attempt, seed, value, label, kind, endings, *cost, body = row
        data = decode(body)
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
            endings=tuple(endings.split()) if endings else (),
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


def connect(path: Path, journal: str = "WAL") -> sqlite3.Connection:
    """Open a store to write it; a commit is on the disk when it returns."""
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
