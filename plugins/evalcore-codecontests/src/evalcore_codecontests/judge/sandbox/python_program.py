"""A Python program run in a forked child just as `python prog.py` would run it."""

from __future__ import annotations

import _sitebuiltins
import atexit
import builtins
import gc
import importlib
import io
import os
import resource
import signal
import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# A program may replace functions that we need after it: keep our own.
__builtins__ = vars(builtins).copy()  # type: ignore[assignment]
_exit, _collect, _get_objects = os._exit, gc.collect, gc.get_objects

_COMPILE_CPU_SECONDS = 10
_COMPILE_MEMORY_BYTES = 4 << 30
_EXIT_FLUSH_FAILED = 120
_EXIT_INTERRUPTED = 128 + signal.SIGINT

# Modules that, once imported by the program's text, are imported before its tests are forked.
_PRELOADED = frozenset({
    "abc", "array", "bisect", "cmath", "collections", "copy", "dataclasses", "datetime", "decimal",
    "enum", "fractions", "functools", "heapq", "io", "itertools", "json", "math", "numbers",
    "operator", "os", "queue", "random", "re", "statistics", "string", "struct", "sys", "threading",
    "time", "types", "typing",
})  # fmt: skip


class CompileError(Exception):
    """The program's text is no Python program; the message is the interpreter's own."""


class PythonProgram:
    """A program compiled once, to be run in any number of forked children.

    Attributes:
        code: the program, compiled.
    """

    may_execute = False
    may_fork = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self.code = compile_program(path)
        for name in _PRELOADED & _names(self.code):
            importlib.import_module(name)
        become_python(path)

    def run(self, extra: list[int]) -> None:
        """Run the program and end this process with its exit status."""
        os.close(extra[0])
        _exit(finish(execute(self.act)))

    def act(self) -> None:
        """Run the program and come back, unless it ends the process."""
        main = fresh_module("__main__", self._path)
        exec(self.code, main.__dict__)  # noqa: S102 - the very purpose


def read_program(path: Path) -> str:
    """The text of a source file."""
    return path.read_text("utf-8", "surrogatepass").removeprefix("\ufeff")


def compile_program(path: Path) -> types.CodeType:
    """Compile a source file, within limits of its own.

    Raises:
        CompileError: it is not Python, or the compiler gave up on it.
    """
    text = read_program(path)
    limits = {
        resource.RLIMIT_CPU: _COMPILE_CPU_SECONDS,
        resource.RLIMIT_AS: _COMPILE_MEMORY_BYTES,
    }
    before = {name: resource.getrlimit(name) for name in limits}
    for name, soft in limits.items():
        resource.setrlimit(name, (soft, before[name][1]))
    try:
        code = compile(text, path.name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
        raise CompileError(_describe(error)) from None
    finally:
        for name, pair in before.items():
            resource.setrlimit(name, pair)
    return code


def become_python(path: Path) -> None:
    """Make this interpreter look as one that was started with `path` as its script."""
    for name in [name for name in sys.modules if name.split(".")[0] == "sandbox"]:
        del sys.modules[name]
    sys.argv[:] = [path.name]
    sys.orig_argv[:] = ["python", path.name]
    sys.path.insert(0, str(path.parent))
    sys.path_importer_cache.clear()
    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    builtins.help = _sitebuiltins._Helper()
    _open_streams()
    gc.collect()
    gc.freeze()


def fresh_module(name: str, path: Path) -> types.ModuleType:
    """A new module under `name`, for the program's text to run in."""
    module = types.ModuleType(name)
    module.__dict__.update(__builtins__=builtins, __file__=str(path), __annotations__={})
    sys.modules[name] = module
    return module


def execute(action: Callable[[], Any]) -> int:
    """Run `action` as the interpreter runs a script: the exit status it earns."""
    try:
        action()
    except SystemExit as error:
        return _exit_status(error.code)
    except KeyboardInterrupt as error:
        _report(error)
        return _EXIT_INTERRUPTED
    except BaseException as error:
        _report(error)
        return 1
    return 0


def finish(status: int) -> int:
    """What the interpreter does at its end: threads, exit functions, objects, files, status."""
    threading = sys.modules.get("threading")
    if threading is not None:
        execute(threading._shutdown)
    execute(atexit._run_exitfuncs)
    flushed = _flush(sys.stdout) and _flush(sys.stderr)
    sys.modules.pop("__main__", None)  # with the last references go finalizers and open files
    _collect()
    for stream in [thing for thing in _get_objects() if isinstance(thing, io.IOBase)]:
        _flush(stream)
    flushed = _flush(sys.stdout) and flushed
    _flush(sys.__stdout__)
    return status if flushed else _EXIT_FLUSH_FAILED


def _names(code: types.CodeType) -> set[str]:
    """The names that a program's text looks up, imports among them."""
    nested = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return set(code.co_names).union(*map(_names, nested))


def _describe(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception_only(error))


def _open_streams() -> None:
    """Streams over descriptors 0 to 2, which each run replaces before it reads or writes."""
    empty = os.memfd_create("empty")
    for fd in range(3):
        os.dup2(empty, fd)
    os.close(empty)
    sys.stdin = sys.__stdin__ = _stream(0, "r", "surrogateescape")  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _stream(1, "w", "surrogateescape")  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _stream(2, "w", "backslashreplace")  # type: ignore[misc]
    sys.stderr.reconfigure(line_buffering=True)


def _stream(fd: int, mode: str, errors: str) -> io.TextIOWrapper:
    raw = io.FileIO(fd, mode, closefd=False)
    name = ("<stdin>", "<stdout>", "<stderr>")[fd]
    raw.name = name
    buffer = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    stream = io.TextIOWrapper(buffer, "utf-8", errors, "\n")
    stream.mode = mode  # type: ignore[misc]
    return stream


def _exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _report(error: BaseException) -> None:
    """Print the traceback from the program's first frame on."""
    trace, own = error.__traceback__, _report.__code__.co_filename
    while trace is not None and trace.tb_frame.f_code.co_filename == own:
        trace = trace.tb_next
    error.__traceback__ = trace
    try:
        sys.excepthook(type(error), error, trace)
    except BaseException:
        sys.__excepthook__(type(error), error, trace)


def _flush(stream: Any) -> bool:
    """Whether a stream holds nothing back now; none at all, or a closed one, holds nothing."""
    try:
        if stream is not None and not getattr(stream, "closed", False):
            stream.flush()
    except BaseException:
        return False
    return True
