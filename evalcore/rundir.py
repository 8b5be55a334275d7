"""The directory of a run: made, found again, compared with the spec, and written at the end.

spec.yaml         the spec as written
resolved.json     the spec with its overrides
provenance.json   what the run was made with, session by session
run.db            the run store
results.json      the results, and report.html and what other reporters write
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalcore.errors import RunError
from evalcore.provenance import circumstances, differences, identity
from evalcore.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalcore.spec import Spec

__all__ = ["RunDirectory", "open_store", "read_resolved"]

_DATABASE = "run.db"
_PROVENANCE = "provenance.json"
_RESOLVED = "resolved.json"


class RunDirectory:
    """The directory of one run, held by one process at a time.

    Args:
        path: where the run is, or is to be.
        spec: what is to be run there.
        fresh: begin anew; what was there is kept under another name.
        accept_change: go on although something differs from what the run was begun with.

    Raises:
        RunError: if the directory holds something else, another spec's run, or a run that
            another process is at.
    """

    def __init__(
        self, path: Path, spec: Spec, *, fresh: bool = False, accept_change: bool = False
    ) -> None:
        self.path = path
        self.kept: Path | None = None
        try:
            if fresh and path.exists():
                self.kept = _set_aside(path)
            _refuse_other_folder(path)
            path.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(path)
        except OSError as error:
            raise RunError(_unusable(path, error)) from None
        try:
            self.provenance = self._begin(spec, accept_change)
            self.store = self._open_store(spec)
        except (OSError, sqlite3.OperationalError) as error:
            os.close(self._lock)
            raise RunError(_unusable(path, error)) from None
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def identities(self) -> dict[str, str]:
        """What each model said it is when it was first opened."""
        found: dict[str, str] = self.provenance["models"]
        return found

    def save(self) -> None:
        """Write down what was added to the identities."""
        self._write(_PROVENANCE, self.provenance)

    def finish(self, status: str, figures: Mapping[str, Any]) -> None:
        """Note how this session ended."""
        self.provenance["sessions"][-1].update(status=status, **figures)
        self._write(_PROVENANCE, self.provenance)

    def write_results(self, results: list[dict[str, Any]]) -> None:
        """Write the results beside the store."""
        self._write("results.json", results)

    def close(self) -> None:
        """Let other processes at the run."""
        self.store.close()
        os.close(self._lock)

    def _begin(self, spec: Spec, accept_change: bool) -> dict[str, Any]:
        now = identity(spec)
        session = circumstances(self.path)
        before = self._read_provenance()
        if before is None:
            provenance = {"identity": now, "models": {}, "sessions": [session]}
        else:
            changed = differences(before["identity"], now)
            if changed and not accept_change:
                listing = "".join(f"\n  {line}" for line in changed)
                raise RunError(
                    f"{self.path} holds a run that was begun with something else:{listing}\n"
                    "go on nevertheless with --accept-change, begin anew with --fresh, "
                    "or choose another directory with --out"
                )
            session["accepted"] = changed
            models = {} if accept_change else before["models"]
            sessions = [*before["sessions"], session]
            provenance = {"identity": now, "models": models, "sessions": sessions}
        suffix = Path(spec.document.source).suffix or ".yaml"
        _replace(self.path / f"spec{suffix}", spec.document.text)
        self._write(_RESOLVED, spec.resolved)
        self._write(_PROVENANCE, provenance)
        return provenance

    def _read_provenance(self) -> dict[str, Any] | None:
        """What an earlier session wrote; `None` if there was none, or it never got to its store."""
        if not (self.path / _DATABASE).exists() or self._is_empty():
            return None
        try:
            found: dict[str, Any] = json.loads((self.path / _PROVENANCE).read_bytes())
            _ = found["identity"], found["models"], found["sessions"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(
                f"{self.path / _PROVENANCE} cannot be read ({error}); begin anew with --fresh"
            ) from None
        return found

    def _is_empty(self) -> bool:
        """Whether no session got to an answer; its store is removed then, to be made anew."""
        store = Store(self.path / _DATABASE)
        empty = store.is_empty()
        store.close()
        if empty:
            for file in self.path.glob(f"{_DATABASE}*"):
                file.unlink()
        return empty

    def _open_store(self, spec: Spec) -> Store:
        path = self.path / _DATABASE
        cells = [(cell.name, cell.hash, cell.changes) for cell in spec.cells]
        store = Store(path) if path.exists() else Store.create(path)
        store.set_cells(cells)
        return store

    def _write(self, name: str, content: Any) -> None:
        text = json.dumps(content, indent=2, default=str)
        _replace(self.path / name, text + "\n")


def read_resolved(path: Path) -> dict[str, Any]:
    """The spec of the run in a directory, for reading its results.

    Raises:
        RunError: if there is no run.
    """
    try:
        found: dict[str, Any] = json.loads((path / _RESOLVED).read_bytes())
    except (OSError, ValueError):
        raise RunError(f"{path}: no run here ({_RESOLVED} cannot be read)") from None
    return found


def open_store(path: Path) -> Store:
    """The store of the run in a directory, for reading.

    Raises:
        RunError: if there is no run.
    """
    if not (path / _DATABASE).is_file():
        raise RunError(f"{path}: no run here ({_DATABASE} is missing)")
    return Store(path / _DATABASE, readonly=True)


def _unusable(path: Path, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{path}: the run's directory cannot be used: {reason}; choose another with --out"


def _replace(path: Path, text: str) -> None:
    """Write a file in one step: a reader sees the old or the new, never a part."""
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)


def _refuse_other_folder(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise RunError(f"{path} is a file, expected a directory; choose another with --out")
    known = {_DATABASE, _PROVENANCE, "run.lock"}
    names = {item.name for item in path.iterdir()} if path.is_dir() else set()
    if names and not names & known:
        raise RunError(f"{path} is not empty and holds no run; choose another with --out")


def _set_aside(path: Path) -> Path:
    _refuse_other_folder(path)
    os.close(_lock(path))
    number = 1
    while (kept := path.with_name(f"{path.name}.{number}")).exists():
        number += 1
    return path.rename(kept)


def _lock(path: Path) -> int:
    descriptor = os.open(path / "run.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise RunError(
            f"{path}: another evalcore is at this run; wait for it, or use --out"
        ) from None
    return descriptor
