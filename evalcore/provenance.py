"""What a run was made with, and what of that has changed since."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from evalcore.plugins import INTERFACE
from evalcore.settings import DataPath

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from evalcore.spec import Part, Spec

__all__ = ["circumstances", "differences", "fingerprint", "identity"]

_WHOLE = 64 * 2**20
"""Files up to this many bytes are hashed whole, larger ones by size, beginning and end."""
_END = 4 * 2**20
_DEFAULTS: dict[str, Any] = {"attempts": 1, "seed": 0, "strategy": "single"}
"""What a spec means that leaves these keys out: writing them changes nothing."""
_FREE = {"cache", "limits", "reports", "metrics", "plugins"}
"""Keys of a spec that may change between sessions of a run: they decide no attempt."""


def identity(spec: Spec) -> dict[str, Any]:
    """What must stay the same for a run to be gone on with: spec, data, plugins, components."""
    parts = {part.key: part for cell in spec.cells for part in cell.parts}.values()
    return {
        "spec": _decided(spec),
        "data": dict(sorted({item for part in parts for item in _fingerprints(part)})),
        "plugins": {p.found.plugin.distribution: p.found.plugin.version for p in parts},
        "components": {
            f"{p.found.kind} {p.found.qualified}": p.found.component.version for p in parts
        },
    }


def _decided(spec: Spec) -> dict[str, Any]:
    """The spec without what may change between sessions."""
    kept = {k: v for k, v in (_DEFAULTS | spec.resolved).items() if k not in _FREE}
    first = spec.cells[0]
    if isinstance(kept["task"], dict):
        kept["task"] = first.task.decided
    if isinstance(kept["strategy"], dict):
        kept["strategy"] = first.strategy.decided
    if "models" in kept:
        kept["models"] = {
            name: first.models[name].decided if isinstance(written, dict) else written
            for name, written in kept["models"].items()
        }
    return kept


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What differs between two identities, a line each."""
    old, new = dict(_leaves(before)), dict(_leaves(now))
    lines = []
    for path in sorted(old.keys() | new.keys()):
        was, now_is = old.get(path, "absent"), new.get(path, "absent")
        if was != now_is:
            lines.append(f"{path}: was {was}, is now {now_is}")
    return lines


def circumstances(folder: Path) -> dict[str, Any]:
    """The versions and the machine of this session."""
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "interface": ".".join(map(str, INTERFACE)),
        "command": sys.argv[1:],
        "git": _git_commit(folder),
        "distributions": _installed(),
    }


@cache
def _installed() -> dict[str, str]:
    from importlib.metadata import distributions

    found = {d.metadata["Name"]: d.version for d in distributions()}
    return dict(sorted((name, version) for name, version in found.items() if name))


def fingerprint(part: Part) -> str:
    """Of the data that a part's settings name; reads it."""
    return " ".join(digest for _, digest in sorted(_fingerprints(part)))


def _fingerprints(part: Part) -> Iterator[tuple[str, str]]:
    for name, value in _data_paths(part.settings):
        files = value.files()
        digest = hashlib.blake2b(digest_size=12)
        for file in files:
            digest.update(f"{file.name} {_file_digest(file)}\n".encode())
        count = f"{len(files)} file{'s' if len(files) > 1 else ''}"
        yield (
            f"{part.found.qualified} {name}={_written(part, name)}",
            f"{count} {digest.hexdigest()}",
        )


def _data_paths(settings: Any) -> Iterator[tuple[str, DataPath]]:
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        for item in value if isinstance(value, list | tuple) else [value]:
            if isinstance(item, DataPath):
                yield name, item


def _written(part: Part, name: str) -> str:
    return str(part.written.get(name, "default"))


@cache
def _file_digest(file: Path) -> str:
    size = file.stat().st_size
    with file.open("rb") as stream:
        if size <= _WHOLE:
            return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=12)).hexdigest()
        digest = hashlib.blake2b(f"{size}".encode() + stream.read(_END), digest_size=12)
        stream.seek(-_END, os.SEEK_END)
        digest.update(stream.read())
        return digest.hexdigest()


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for i, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{i}]")
    else:
        yield path, value


def _git_commit(folder: Path) -> str:
    """The commit of the folder's repository, marked where files differ from it; else empty."""
    git = ["git", "-C", str(folder)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()
        changed = subprocess.run(
            [*git, "status", "--porcelain", "-uno"], capture_output=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{head} with changes" if changed else head
