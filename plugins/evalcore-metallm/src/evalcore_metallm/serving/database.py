"""The SQLite file of a server: its tables, and who may have it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from evalcore.errors import EvalcoreError
from evalcore_metallm.state import RouterStateError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Lock", "files_of", "opened", "read_only", "reading"]

VERSION = 1
"""Of the tables."""


def files_of(path: Path) -> list[Path]:
    """A state's file, and those that a server has beside it."""
    beside = [Path(f"{path.resolve()}{end}") for end in ("-wal", "-shm", "-journal", ".lock")]
    return [path, *beside, Path(f"{path}.lock")]


class Lock:
    """While it is held, no other server has the state.

    Args:
        path: of the state.

    Raises:
        EvalcoreError: if another server has it, or the folder cannot be written to.
    """

    def __init__(self, path: Path) -> None:
        self._path = Path(f"{path}.lock")
        self._made = not self._path.exists()
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise EvalcoreError(f"{path}: cannot be made: {error.strerror}") from None
        if not self._taken():
            os.close(self._descriptor)
            raise EvalcoreError(
                f"{path} is held by another server; stop that one, or name another `state`"
            )

    def release(self) -> None:
        """Let another server have it, and leave no file that was not there before."""
        if self._made:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # who held it until now may have removed the file, and another may have made a new one
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except OSError:
            return False


def opened(path: Path, router: str, synchronous: str) -> sqlite3.Connection:
    """A connection that writes; the file is made if it is not there.

    Raises:
        EvalcoreError: if the file is something else, is damaged, or belongs to another router or
            version.
    """
    with reading(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path, router, synchronous)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """While a state is read; what is damaged is told as what is wrong with the file."""
    try:
        yield
    except (sqlite3.Error, RouterStateError) as error:
        raise EvalcoreError(
            f"{path}: cannot be used as the state of a server: {error}; restore a copy of it, or "
            "name another `state` to begin a new one"
        ) from None


@contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that reads, also while a server writes.

    Raises:
        EvalcoreError: if the file is no state of a server, is damaged, or of another version.
    """
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            _check_kind(connection, path)
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise EvalcoreError(
            f"{path}: cannot be read as the state of a server: {error}; name the file that one "
            "keeps, or restore a copy of it"
        ) from None


_APPLICATION = 0x65767274  # "evrt"
_SCHEMA = f"""
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {VERSION};
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE request (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    time REAL NOT NULL,
    status TEXT NOT NULL,
    chosen TEXT NOT NULL,
    asked TEXT NOT NULL,
    propensity REAL NOT NULL,
    allowed TEXT NOT NULL,
    price REAL NOT NULL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    dollars REAL,
    seconds REAL,
    query TEXT
);
CREATE INDEX unfinished ON request (number) WHERE status = 'open';
CREATE TABLE context (number INTEGER PRIMARY KEY, features BLOB NOT NULL);
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time REAL NOT NULL,
    number INTEGER UNIQUE,
    quality REAL,
    learned INTEGER NOT NULL DEFAULT 0,
    changed TEXT
);
CREATE INDEX changes ON event (id) WHERE changed IS NOT NULL;
CREATE TABLE snapshot (event INTEGER NOT NULL, content BLOB NOT NULL);
"""


def _prepare(connection: sqlite3.Connection, path: Path, router: str, synchronous: str) -> None:
    if not connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
        _create(connection, router)
    _check_kind(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA busy_timeout = 10000")
    (known,) = connection.execute("SELECT value FROM about WHERE name = 'router'").fetchone()
    if known != router:
        raise EvalcoreError(
            f"{path} goes on from a router with the digest {known[:12]}, and this one has "
            f"{router[:12]}; serve that one again, or name another `state`"
        )


def _create(connection: sqlite3.Connection, router: str) -> None:
    connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA}")
    connection.execute("INSERT INTO about VALUES ('router', ?)", (router,))
    connection.execute("COMMIT")


def _check_kind(connection: sqlite3.Connection, path: Path) -> None:
    (kind,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if kind != _APPLICATION:
        raise EvalcoreError(f"{path} is a database, but not the state of a server")
    if version != VERSION:
        raise EvalcoreError(
            f"{path} is a state of version {version}, expected {VERSION}; use the "
            "evalcore-metallm that wrote it, or name another `state`"
        )
