"""What a model's folder holds, as a short text that changes when its answers can."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from evalcore.folders import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["fingerprint"]

_WEIGHTS = frozenset({".safetensors", ".bin"})
_OTHERS = frozenset({".json", ".jinja", ".model", ".py", ".tiktoken", ".txt"})
_LARGE = 2**26
"""Bytes from which on a file's digest is kept, until its size or its time changes."""


def fingerprint(folder: Path) -> str:
    """The first half of a SHA-256 over the names and the contents of the files that matter."""
    files = sorted(path for path in folder.iterdir() if path.suffix in _WEIGHTS | _OTHERS)
    if any(path.suffix == ".safetensors" for path in files):
        files = [path for path in files if path.suffix != ".bin"]
    store = cache_folder() / "transformers" / "digests.json"
    known = _read(store)
    with ThreadPoolExecutor() as pool:
        digests = list(pool.map(lambda path: _digest(path, known), files))
    large = {
        _key(path): digest
        for path, digest in zip(files, digests, strict=True)
        if path.stat().st_size >= _LARGE
    }
    if large.items() - known.items():
        _write(store, {**known, **large})
    lines = (f"{path.name} {digest}\n" for path, digest in zip(files, digests, strict=True))
    return f"sha256 {hashlib.sha256(''.join(lines).encode()).hexdigest()[:32]}"


def _digest(path: Path, known: Mapping[str, str]) -> str:
    if found := known.get(_key(path)):
        return found
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _key(path: Path) -> str:
    facts = path.stat()
    return f"{path.resolve()} {facts.st_size} {facts.st_mtime_ns}"


def _read(store: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(store.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _write(store: Path, digests: Mapping[str, str]) -> None:
    """Replace the file as a whole: another process may read it."""
    store.parent.mkdir(parents=True, exist_ok=True)
    new = store.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(digests), encoding="utf-8")
    new.replace(store)
