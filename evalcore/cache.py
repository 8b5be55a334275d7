"""The cache of answers that runs share: one SQLite file, used by any number of processes at once.

A thread of its own looks up and commits, many calls in each turn, so that the event loop of a run
never waits for the disk.
"""

from __future__ import annotations

import asyncio
import queue
import random
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from evalcore.encoding import decode, encode, from_answer, to_answer
from evalcore.errors import EvalcoreError
from evalcore.folders import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from evalcore.encoding import Answer

__all__ = ["Cache", "Holding", "holdings", "prune"]

_FORMAT = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS models (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    digest BLOB PRIMARY KEY, model INTEGER NOT NULL, used REAL NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
"""
_BATCH = 2_000
"""Look-ups and answers of one transaction at most."""
_DAY = 86_400.0
_PATIENCE = 60.0
"""Seconds to wait for other processes at most."""


class Cache:
    """The answers of earlier runs, while a run is open to it.

    Raises:
        EvalcoreError: if the file cannot be used.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or _default_path()
        _connect(self.path).close()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.problem = ""
        self._thread = threading.Thread(target=self._run, name="evalcore-cache", daemon=True)
        self._thread.start()

    async def get(self, digest: bytes) -> Answer | None:
        """The answer to a call, if there is one."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[bytes | None] = loop.create_future()
        self._jobs.put(_Get(digest, found))
        body = await found
        try:
            return to_answer(decode(body)) if body is not None else None
        except (ValueError, TypeError, IndexError):  # another version's, or broken: none
            return None

    def put(self, digest: bytes, model: str, answer: Answer) -> None:
        """Keep an answer; the first one to a call stays."""
        self._jobs.put(_Put(digest, model, answer))

    def close(self) -> None:
        """Commit what was put."""
        self._jobs.put(None)
        self._thread.join()

    # In the thread

    def _run(self) -> None:
        batch: list[_Job] = []
        try:
            with closing(_connect(self.path)) as connection:
                while batch := self._next_batch():
                    self._serve(connection, batch)
        except Exception as error:  # without its cache a run goes on
            self.problem = f"{self.path}: the cache cannot be used: {error}"
            while batch:
                _settle([(job.found, None) for job in batch if isinstance(job, _Get)])
                batch = self._next_batch()

    def _next_batch(self) -> list[_Job]:
        """What waits; empty at the end."""
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == _BATCH or self._jobs.empty():
                return batch
            job = self._jobs.get()
        if batch:
            self._jobs.put(None)
        return batch

    def _serve(self, connection: sqlite3.Connection, batch: list[_Job]) -> None:
        now = time.time()
        new: dict[bytes, _Put] = {}
        stale: list[tuple[float, bytes]] = []
        found: list[tuple[asyncio.Future[bytes | None], bytes | None]] = []
        for job in batch:
            if isinstance(job, _Put):
                new.setdefault(job.digest, job)
            elif job.digest in new:  # put a moment ago
                found.append((job.found, _body(new[job.digest].answer)))
            else:
                query = "SELECT body, used FROM answers WHERE digest = ?"
                row = connection.execute(query, (job.digest,)).fetchone()
                found.append((job.found, row[0] if row else None))
                if row and now - row[1] > _DAY:
                    stale.append((now, job.digest))
        _settle(found)
        if new or stale:
            _commit(connection, [*new.values()], stale, now)


class Holding(NamedTuple):
    """What the cache holds of one model.

    Attributes:
        size: bytes of its answers.
        used: when one of them was last used, in seconds since the epoch, to the day.
    """

    model: str
    answers: int
    size: int
    used: float


def holdings(path: Path | None = None) -> list[Holding]:
    """What the cache holds, the largest first; nothing where there is none.

    Raises:
        EvalcoreError: if the cache, or its folder where there is none, cannot be used.
    """
    path = path or _default_path()
    _make_folder(path)
    if not path.exists():
        return []
    query = (
        "SELECT name, count(*), sum(length(body) + 40), max(used) FROM answers"
        " JOIN models ON models.id = model GROUP BY model ORDER BY 3 DESC"
    )
    with _opened(path) as connection:
        return [Holding(*row) for row in connection.execute(query)]


def prune(
    *,
    unused_for: float = 0.0,
    model: str = "",
    keep: int | None = None,
    path: Path | None = None,
) -> int:
    """Remove answers from the cache; runs that are open to it go on.

    Args:
        unused_for: those not used for so many seconds.
        model: those of models whose name holds this text.
        keep: bytes that may stay, of those last used.
        path: the cache's file.

    Returns:
        How many answers were removed.

    Raises:
        EvalcoreError: as of `holdings`.
    """
    path = path or _default_path()
    _make_folder(path)
    if not path.exists():
        return 0
    which = "model IN (SELECT id FROM models WHERE instr(name, :model)) AND used <= :before"
    if keep is not None:
        which += (
            " AND digest IN (SELECT digest FROM (SELECT digest,"
            " sum(length(body) + 40) OVER (ORDER BY used DESC, digest) AS total FROM answers"
            " WHERE model IN (SELECT id FROM models WHERE instr(name, :model)))"
            " WHERE total > :keep)"
        )
    values = {"model": model, "before": time.time() - unused_for, "keep": keep}
    with _opened(path) as connection:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            removed = connection.execute(f"DELETE FROM answers WHERE {which}", values).rowcount  # noqa: S608
            connection.execute("DELETE FROM models WHERE id NOT IN (SELECT model FROM answers)")
        connection.execute("VACUUM")
    return removed


class _Get(NamedTuple):
    digest: bytes
    found: asyncio.Future[bytes | None]


class _Put(NamedTuple):
    digest: bytes
    model: str
    answer: Answer


_Job = _Get | _Put


def _commit(
    connection: sqlite3.Connection,
    new: list[_Put],
    stale: list[tuple[float, bytes]],
    now: float,
) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("UPDATE answers SET used = ? WHERE digest = ?", stale)
        ids = {name: _model_id(connection, name) for name in {job.model for job in new}}
        rows = [(job.digest, ids[job.model], now, _body(job.answer)) for job in new]
        connection.executemany("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?)", rows)


def _model_id(connection: sqlite3.Connection, name: str) -> int:
    """The number of a model, looked up in each transaction: a prune may have taken it away."""
    connection.execute("INSERT OR IGNORE INTO models (name) VALUES (?)", (name,))
    query = "SELECT id FROM models WHERE name = ?"
    return int(connection.execute(query, (name,)).fetchone()[0])


def _settle(found: list[tuple[asyncio.Future[bytes | None], bytes | None]]) -> None:
    """Hand over what was found, on the event loop that asked; one wake-up for all."""

    def settle() -> None:
        for future, body in found:
            if not future.done():
                future.set_result(body)

    if found:
        try:
            found[0][0].get_loop().call_soon_threadsafe(settle)
        except RuntimeError:  # the run has ended, and nobody waits any more
            return


def _body(answer: Answer) -> bytes:
    return encode(from_answer(answer))


def _default_path() -> Path:
    return cache_folder() / "answers.db"


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(_connect(path)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise _unusable(path, error) from None


def _unusable(path: Path, error: Exception) -> EvalcoreError:
    return EvalcoreError(
        f"{path}: the cache cannot be used: {error}; remove the file, name another folder by "
        "the environment variable EVALCORE_CACHE, or run without `cache: true`"
    )


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(path, error) from None


def _connect(path: Path) -> sqlite3.Connection:
    """Open the cache, and make it where there is none."""
    _make_folder(path)
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE)
    except sqlite3.Error as error:
        raise _unusable(path, error) from None
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            version = _set_up(connection)
            break
        except sqlite3.Error as error:
            # Two that open a new file at once, or one that opens it while the last other one
            # closes it: SQLite then refuses at once, whatever its timeout says.
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise _unusable(path, error) from None
            time.sleep(random.uniform(0.001, 0.01))  # noqa: S311
    if version not in {0, _FORMAT}:
        raise EvalcoreError(
            f"{path}: found cache format {version}, expected {_FORMAT}; remove the file"
        )


def _set_up(connection: sqlite3.Connection) -> int:
    """Make the tables where there are none; returns the version of the format found."""
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL"):
        connection.execute(f"PRAGMA {pragma}").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_FORMAT}; COMMIT;"
        )
    return int(version)
