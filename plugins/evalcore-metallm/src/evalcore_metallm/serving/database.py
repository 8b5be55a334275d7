"""The SQLite file of a server: its tables, and who may have it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

from evalcore.errors import EvalcoreError

__all__ = ["files_of", "locked", "opened", "read_only"]

VERSION = 1
"""Of the tables."""


def files_of(path: Path) -> list[Path]:
    """A state's file, and those that a server has beside it."""
    beside = [Path(f"{path.resolve()}{end}") for end in ("-wal", "-shm", "-journal", ".lock")]
    return [path, *beside, Path(f"{path}.lock")]


def locked(path: Path) -> int:
    """A descriptor; while it is open, no other server has the file.

    Raises:
        EvalcoreError: if one has it, or the folder cannot be written to.
    """
    try:
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise EvalcoreError(f"{path}: cannot be made: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise EvalcoreError(
            f"{path} is held by another server; stop that one, or name another `state`"
        ) from None
    return descriptor


def opened(path: Path, router: str, synchronous: str) -> sqlite3.Connection:
    """A connection that writes; the file is made if it is not there.

    Raises:
        EvalcoreError: if the file is something else, or belongs to another router or version.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        if not connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
            _create(connection, router)
        _check_kind(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA busy_timeout = 10000")
    except sqlite3.Error as error:
        raise EvalcoreError(f"{path}: cannot be used as the state of a server: {error}") from None
    (known,) = connection.execute("SELECT value FROM about WHERE name = 'router'").fetchone()
    if known != router:
        connection.close()
        raise EvalcoreError(
            f"{path} goes on from a router with the digest {known[:12]}, and this one has "
            f"{router[:12]}; serve that one again, or name another `state`"
        )
    return connection


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that reads, also while a server writes.

    Raises:
        EvalcoreError: if the file is no state of a server, or of another version.
    """
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        _check_kind(connection, path)
    except sqlite3.Error as error:
        raise EvalcoreError(f"{path}: cannot be read as the state of a server: {error}") from None
    return connection


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
