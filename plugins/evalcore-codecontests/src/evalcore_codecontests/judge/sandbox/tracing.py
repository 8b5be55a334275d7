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
import sys
import textwrap
import threading
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from .calls import CallProgram, read_arguments
from .python_program import PythonProgram, execute, finish, read_program
from .values import LONGEST, cut, is_value, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

# A program may replace functions that we need after it: keep our own.
__builtins__ = vars(builtins).copy()  # type: ignore[assignment]
_dumps, _exit, _write = json.dumps, os._exit, os.write

ENDS = 5
"""Blocks kept of the first ones, and as many of the last."""
LINES = 15
"""Lines shown of the beginning of a block, and as many of its end."""
NAMES = 100
"""Variables shown of a block at most, the first ones in its text."""
_OPTIMIZED = 1
"""The flag of functions' code, the variables of which are in no namespace of the program."""


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
            data = _dumps(tracer.trace()).encode()
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
        self._last: deque[_Step] = deque(maxlen=ENDS)
        self._count = 0

    def learn(self, text: str) -> None:
        """Find the blocks of the program's text."""
        for block in blocks(text):
            for line in range(block.first, block.last + 1):
                self._block_at.setdefault(line, block)

    def watch(self, action: Callable[[], Any]) -> None:
        """Run `action`, and the threads that it starts, and write down their blocks."""
        self.broken = False
        enter = self._enter
        threading.settrace(enter)
        sys.settrace(enter)
        try:
            action()
        finally:
            if sys.gettrace() is not enter:  # the interpreter drops a trace function that fails
                self.broken = True
            sys.settrace(None)

    def trace(self) -> dict[str, Any]:
        """The blocks that were kept, as JSON takes them, and how many were not."""
        kept = [*self._first, *self._last]
        blocks = [{"code": s.code, "before": s.before, "after": s.after} for s in kept]
        return {"blocks": blocks, "omitted": self._count - len(kept)}

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
        (self._last if len(self._first) == ENDS else self._first).append(step)

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
    names = dict.fromkeys(node.id for node in nodes if len(node.id) <= LONGEST)
    return tuple(islice(names, NAMES))


def _shortened(lines: Sequence[str]) -> str:
    if len(lines) > 2 * LINES:
        lines = [*lines[:LINES], "...", *lines[-LINES:]]
    return textwrap.dedent("\n".join(cut(line) for line in lines))


def _values(frame: FrameType, names: Sequence[str]) -> dict[str, str]:
    """What the names stand for, without functions, classes and modules."""
    local, shared = frame.f_locals, frame.f_globals
    if frame.f_code.co_flags & _OPTIMIZED:
        get = type(local).get
    else:  # the namespace of a class body is of whatever type its metaclass says
        local, get = (local if issubclass(type(local), dict) else {}), dict.get
    found = {name: get(local, name, dict.get(shared, name, sys)) for name in names}
    return {name: shown(value) for name, value in found.items() if is_value(value)}
