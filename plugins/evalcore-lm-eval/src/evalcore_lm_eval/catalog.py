"""The names of lm-eval's tasks, kept on disk so that nothing has to read its 14,000 YAML files.

A catalog is of one folder, and is made anew when one of the YAML files in it changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from evalcore import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Listed", "bundled_folder", "catalog"]

_FORMAT = 1
_PASSED_OVER = frozenset({"__pycache__", ".ipynb_checkpoints"})


class Listed(NamedTuple):
    """A name that lm-eval knows.

    Attributes:
        kind: what it names: `task`, `py_task` (one written in Python), `group` or `tag`.
        path: its YAML file; `""` for a tag, which has none.
        tags: of a tag, the tasks that carry it; else the tags that it carries.
    """

    kind: str
    path: str
    tags: tuple[str, ...] = ()


def bundled_folder() -> Path:
    """The folder of the tasks that lm-eval brings; lm-eval itself is not imported."""
    spec = find_spec("lm_eval")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "tasks"


def catalog(folder: Path) -> dict[str, Listed]:
    """What the YAML files of a folder define, by name."""
    folder = folder.resolve()
    kept, state = _cache_path(folder), _state(folder)
    found = _read(kept, state)
    if found is None:
        found = _scan(folder)
        _write(kept, state, found)
    return found


def _scan(folder: Path) -> dict[str, Listed]:
    from lm_eval.tasks import TaskManager

    if len(list(_yaml_files(str(folder)))) > 1000:
        print(f"reading the tasks in {folder}, once until they change", file=sys.stderr)
    index = TaskManager(include_path=folder, include_defaults=False).task_index
    return {
        name: Listed(entry.kind.name.lower(), str(entry.yaml_path or ""), tuple(sorted(entry.tags)))
        for name, entry in sorted(index.items())
    }


def _state(folder: Path) -> str:
    """Digest of which YAML files there are, how long they are and when they were written."""
    digest = hashlib.blake2b(f"{_FORMAT} {folder}".encode(), digest_size=16)
    for entry in _yaml_files(str(folder)):
        status = entry.stat()
        digest.update(f"{entry.path}\0{status.st_mtime_ns}\0{status.st_size}\n".encode())
    return digest.hexdigest()


def _yaml_files(folder: str) -> Iterator[os.DirEntry[str]]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir():
            if entry.name not in _PASSED_OVER:
                yield from _yaml_files(entry.path)
        elif entry.name.endswith(".yaml"):
            yield entry


def _cache_path(folder: Path) -> Path:
    name = hashlib.blake2b(str(folder).encode(), digest_size=8).hexdigest()
    return cache_folder() / "lm-eval" / f"tasks-{name}.json"


def _read(path: Path, state: str) -> dict[str, Listed] | None:
    """The catalog as it was written; `None` if there is none, or the folder has changed."""
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        if content["state"] != state:
            return None
        return {
            name: Listed(kind, file, tuple(tags))
            for name, (kind, file, tags) in content["names"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(path: Path, state: str, names: dict[str, Listed]) -> None:
    """Replace the catalog in one step; a cache that cannot be written is done without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_text(json.dumps({"state": state, "names": names}), encoding="utf-8")
        draft.replace(path)
    except OSError:
        return
