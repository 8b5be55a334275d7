"""A Python program run with its basic blocks written down, and the values before and after each.

A basic block is a run of statements that are executed one after the other: it ends with a statement
that branches, of which it holds the first lines, and a loop's first lines are one by themselves.
The lines that begin a definition are in none. Of a block that an exception leaves, the statements
after the one that raised it are not shown. A program executes many more blocks than anybody reads:
the first and the last few are kept.
"""

from __future__ import annotations

import ast
import builtins
import json
import os
import reprlib
import sys
import textwrap
import threading
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from .calls import CallProgram, read_arguments
from .python_program import PythonProgram, execute, finish, read_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

# A program may replace functions that we need after it: keep our own.
__builtins__ = vars(builtins).copy()  # type: ignore[assignment]
_exit, _write = os._exit, os.write

_KEPT = 5
"""Blocks kept of the first ones, and as many of the last."""
_LINES = 15
"""Lines shown of the beginning of a block, and as many of its end."""
_VALUE = 100
"""Characters of a value; of a longer one half of them stand at its beginning, half at its end."""
_LARGE_INT_BITS = 1024


class TracedProgram:
    """A program that runs once, traced; without a function it is a script."""

    may_execute = False
    may_fork = False

    def __init__(self, path: Path, function: str) -> None:
        self._path = path
        self._program = CallProgram(path, function) if function else PythonProgram(path)

    def run(self, extra: list[int]) -> None:
        """Run the program, write its trace, and end this process."""
        report, arguments, result = extra
        os.close(report)
        args = read_arguments(arguments)
        tracer = Tracer(self._path.name)
        status = execute(lambda: self._run_traced(tracer, args))
        status = finish(status)
        if not tracer.broken:
            data = json.dumps(tracer.trace()).encode()
            while data:
                data = data[_write(result, data) :]
        _exit(status)

    def _run_traced(self, tracer: Tracer, args: tuple[Any, ...]) -> None:
        tracer.learn(read_program(self._path))
        tracer.watch(lambda: self._program.act(*args))


@dataclass(frozen=True)
class Block:
    """A basic block of a program's text.

    Attributes:
        first: number of its first line.
        last: number of its last line.
        names: the names that occur in it, in the order of the text.
        lines: its lines.
        ends: numbers of the last lines of its statements.
    """

    first: int
    last: int
    names: tuple[str, ...]
    lines: tuple[str, ...]
    ends: tuple[int, ...]

    def text(self, line: int) -> str:
        """Its lines up to the end of the statement with this line, shortened."""
        end = min((end for end in self.ends if end >= line), default=self.last)
        return _shortened(self.lines[: end - self.first + 1])


class Tracer:
    """Writes down the blocks that are executed in one file.

    Attributes:
        broken: whether tracing ended before the program, or never began.
    """

    def __init__(self, file: str) -> None:
        self.broken = True
        self._file = file
        self._block_at: dict[int, Block] = {}
        self._open: dict[FrameType, _Step] = {}
        self._first: list[_Step] = []
        self._last: deque[_Step] = deque(maxlen=_KEPT)
        self._count = 0

    def learn(self, text: str) -> None:
        """Find the blocks of the program's text."""
        for block in blocks(text):
            for line in range(block.first, block.last + 1):
                self._block_at.setdefault(line, block)

    def watch(self, action: Callable[[], Any]) -> None:
        """Run `action`, and the threads that it starts, and write down their blocks."""
        self.broken = False
        threading.settrace(self._enter)
        sys.settrace(self._enter)
        try:
            action()
        finally:
            if sys.gettrace() != self._enter:  # the interpreter drops a trace function that fails
                self.broken = True
            sys.settrace(None)

    def trace(self) -> dict[str, Any]:
        """The blocks that were kept, as JSON takes them, and how many were not."""
        kept = [*self._first, *self._last]
        shown = [{"code": s.code, "before": s.before, "after": s.after} for s in kept]
        return {"blocks": shown, "omitted": self._count - len(kept)}

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        inner = code.co_name.startswith("<") and code.co_name != "<module>"  # a lambda, and so on
        return None if inner or code.co_filename != self._file else self._step

    def _step(self, frame: FrameType, event: str, argument: Any) -> Any:
        try:
            if event == "line":
                self._reach(frame, frame.f_lineno)
            elif event == "exception":
                self._raise(frame)
            elif event == "return":
                self._leave(frame)
        except BaseException:
            self.broken = True
            return None
        return self._step

    def _reach(self, frame: FrameType, line: int) -> None:
        block, now = self._block_at.get(line), self._open.get(frame)
        if block is None:
            return
        # Within a statement of several lines the interpreter comes back to the first; a loop in
        # one line is come to again without another line between.
        if now and now.block is block and not (line == now.line == block.first):
            now.line, now.raised = line, False
            return
        self._leave(frame)
        step = _Step(block, line, _values(frame, block.names))
        self._open[frame] = step
        self._count += 1
        (self._last if len(self._first) == _KEPT else self._first).append(step)

    def _raise(self, frame: FrameType) -> None:
        step = self._open.get(frame)
        if step:
            step.raised = True  # until a line shows that the block goes on

    def _leave(self, frame: FrameType) -> None:
        step = self._open.pop(frame, None)
        if step:
            step.after = _values(frame, step.block.names)


class _Step:
    """One execution of a block, of which `line` was reached last, and perhaps raised something."""

    def __init__(self, block: Block, line: int, before: dict[str, str]) -> None:
        self.block, self.line, self.raised = block, line, False
        self.before = before
        self.after: dict[str, str] = {}

    @property
    def code(self) -> str:
        """The lines of the statements that were executed, at least in part."""
        return self.block.text(self.line if self.raised else self.block.last)


def blocks(text: str) -> Iterator[Block]:
    """The basic blocks of a program's text."""
    lines = text.split("\n")
    for run in _runs(ast.parse(text).body):
        first, ends = run[0].lineno, tuple(_last_line(statement) for statement in run)
        last = max(ends)
        yield Block(first, last, _names(run), tuple(lines[first - 1 : last]), ends)


_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_LOOPS = ast.For | ast.AsyncFor | ast.While


def _runs(statements: Sequence[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Statements that are executed one after the other; of compound ones the first lines."""
    run: list[ast.stmt] = []
    for statement in statements:
        inner = list(_inner(statement))
        defines = isinstance(statement, _DEFINITIONS)
        if run and (defines or isinstance(statement, _LOOPS)):
            yield run
            run = []
        if not defines:
            run.append(statement)
        if inner and run:
            yield run
            run = []
        for body in inner:
            yield from _runs(body)
    if run:
        yield run


def _inner(statement: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements within a compound one."""
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        part = getattr(statement, name, [])
        if name in {"handlers", "cases"}:
            for clause in part:
                yield clause.body
        elif part:
            yield part


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that are executed with its first lines."""
    if not any(_inner(statement)):
        yield statement
        return
    for part in ast.iter_child_nodes(statement):
        if isinstance(part, ast.expr | ast.withitem):
            yield part


def _last_line(statement: ast.stmt) -> int:
    ends = (
        getattr(node, "end_lineno", None) for part in _own(statement) for node in ast.walk(part)
    )
    return max((end for end in ends if end), default=statement.lineno)


def _names(run: Sequence[ast.stmt]) -> tuple[str, ...]:
    parts = (part for statement in run for part in _own(statement))
    nodes = [node for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)]
    nodes.sort(key=lambda node: (node.lineno, node.col_offset))
    return tuple(dict.fromkeys(node.id for node in nodes))


def _shortened(lines: Sequence[str]) -> str:
    if len(lines) > 2 * _LINES:
        lines = [*lines[:_LINES], "...", *lines[-_LINES:]]
    return textwrap.dedent("\n".join(_cut(line) for line in lines))


def _values(frame: FrameType, names: Sequence[str]) -> dict[str, str]:
    """What the names stand for, without functions, classes and modules."""
    local, shared = frame.f_locals, frame.f_globals
    found = {name: local.get(name, shared.get(name, sys)) for name in names}
    return {name: _text(value) for name, value in found.items() if _is_value(value)}


def _is_value(value: Any) -> bool:
    return not (callable(value) or isinstance(value, type(sys)))


def _text(value: Any) -> str:
    return _cut(_SHORT.repr(value))


def _cut(text: str) -> str:
    half = _VALUE // 2
    return text if len(text) <= _VALUE else f"{text[:half]}...{text[-half:]}"


class _Short(reprlib.Repr):
    """`repr` of bounded length and time, which calls none that the program defines."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = 20
        self.maxdict = 10
        self.maxstring = self.maxlong = _VALUE

    def repr1(self, x: Any, level: int) -> str:
        if x is None or type(x) in {bool, complex, range}:
            return repr(x)
        if isinstance(x, float):
            return float.__repr__(x)
        for kind in (int, str, bytes, list, tuple, dict, set, frozenset, deque):
            if isinstance(x, kind):
                shown: str = getattr(self, f"repr_{kind.__name__}")(x, level)
                return shown
        return f"<{type(x).__name__}>"

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        if level <= 0:
            return "{...}"
        shown = [
            f"{self.repr1(key, level - 1)}: {self.repr1(value, level - 1)}"
            for key, value in islice(dict.items(x), self.maxdict)
        ]
        return "{" + ", ".join(shown + ["..."] * (len(x) > self.maxdict)) + "}"

    def repr_int(self, x: int, level: int) -> str:
        size = int.bit_length(x)
        return int.__repr__(x) if size < _LARGE_INT_BITS else f"<int of {size} bits>"

    def repr_bytes(self, x: bytes, level: int) -> str:
        return repr(bytes(x[:_VALUE]))


_SHORT = _Short()
