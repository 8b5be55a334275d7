"""Compiled programs, kept in memory while there is room."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from .worker import CompileFailed

if TYPE_CHECKING:
    from collections.abc import Callable

_CAPACITY_BYTES = 256 << 20
_FAILURE_BYTES = 1024


class Builds:
    """A cache of what compilers made or said, least recently used out first; thread-safe."""

    def __init__(self) -> None:
        self._entries: OrderedDict[bytes, bytes | CompileFailed] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: str | None, build: Callable[[], bytes]) -> bytes:
        """The build under `key`, made by `build` where it is new; `None` is never kept.

        Raises:
            CompileFailed: as `build` raised it, now or before.
        """
        if key is None:
            return build()
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            entry = self._entries.get(digest)
            if entry is not None:
                self._entries.move_to_end(digest)
        if entry is None:
            entry = self._build(build)
            self._keep(digest, entry)
        if isinstance(entry, CompileFailed):
            raise CompileFailed(*entry.args)
        return entry

    @staticmethod
    def _build(build: Callable[[], bytes]) -> bytes | CompileFailed:
        try:
            return build()
        except CompileFailed as failure:
            return failure

    def _keep(self, digest: bytes, entry: bytes | CompileFailed) -> None:
        with self._lock:
            if digest in self._entries:
                return
            self._entries[digest] = entry
            self._size += _weight(entry)
            while self._size > _CAPACITY_BYTES:
                _, dropped = self._entries.popitem(last=False)
                self._size -= _weight(dropped)


def _weight(entry: bytes | CompileFailed) -> int:
    return _FAILURE_BYTES if isinstance(entry, CompileFailed) else len(entry)
