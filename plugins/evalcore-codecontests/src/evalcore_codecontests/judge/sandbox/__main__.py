"""Start of a sandbox: `python -s -S -P -B <this file> FD NAME`, where FD is the judge's socket.

A process that turns into something else (the supervisor into a program's template, the template
into the program) unwinds to this file first, so that a program's stack has little below it. That
little goes by the file name NAME, which tells nothing of this machine.
"""

from __future__ import annotations

import _imp
import os
import resource
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType

_STACK_BYTES = 1 << 30
_FOLDER = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
_PACKAGE = "sandbox"


class _OwnLoader(SourceFileLoader):
    """Loads a file as if its name were `shown`."""

    def __init__(self, name: str, path: str, shown: str) -> None:
        super().__init__(name, path)
        self._shown = shown

    def get_code(self, fullname: str) -> CodeType:
        """The module, compiled."""
        return compile(self.get_data(self.path), self._shown, "exec", dont_inherit=True)


class _OwnFinder:
    """Finds the modules of this folder, all of them to go by one file name."""

    def __init__(self, shown: str) -> None:
        self._shown = shown

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The spec of a module of ours, `None` for any other."""
        package, _, module = name.partition(".")
        if package != _PACKAGE:
            return None
        loader = _OwnLoader(name, f"{_FOLDER}/{module or '__init__'}.py", self._shown)
        return ModuleSpec(name, loader, origin=self._shown, is_package=not module)


def _reserve_stack() -> None:
    """Start again with room for a deep stack: the kernel lays out memory only at exec."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    wanted = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(_STACK_BYTES, hard)
    if soft != wanted:
        resource.setrlimit(resource.RLIMIT_STACK, (wanted, hard))
        os.execv(sys.executable, [sys.executable, "-s", "-S", "-P", "-B", *sys.argv])  # noqa: S606


def _main() -> None:
    _reserve_stack()
    finder = _OwnFinder(sys.argv[2])
    sys.meta_path.insert(0, finder)
    from sandbox.roles import NextRole  # type: ignore[import-not-found]
    from sandbox.supervisor import Supervisor  # type: ignore[import-not-found]

    sys.meta_path.remove(finder)
    role = Supervisor(int(sys.argv[1])).run
    while True:
        try:
            role()
            return
        except NextRole as next_role:
            role = next_role.run


if __name__ == "__main__":
    # This file runs under its path already, which nothing else can change.
    _imp._fix_co_filename(sys._getframe().f_code, sys.argv[2])  # type: ignore[attr-defined]
    _main()
