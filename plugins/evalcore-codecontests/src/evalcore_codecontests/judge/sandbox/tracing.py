"""A Python program run with its basic blocks written down, and the values before and after each.

Of a block that an exception leaves, the statements after the one that raised it are not shown; of
one that a generator or coroutine is left in, those after the one that did so are shown when it goes
on. A program executes many more blocks than anybody reads: the first and the last few are kept.
"""

from __future__ import annotations

import builtins
import json
import os
import sys
import threading
from collections import deque
from types import CodeType
from typing import TYPE_CHECKING, Any

from .blocks import blocks
from .calls import CallProgram, read_arguments
from .python_program import PythonProgram, execute, finish, read_program
from .values import is_value, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    from .blocks import Block

# A program may replace functions that we need after it: keep our own.
__builtins__ = vars(builtins).copy()  # type: ignore[assignment]
_dumps, _exit, _write = json.dumps, os._exit, os.write

ENDS = 5
"""Blocks kept of the first ones, and as many of the last."""
_OPTIMIZED = 0x1
"""The flag of functions' code, the variables of which are in no namespace of the program."""
_SUSPENDING = 0x20 | 0x80 | 0x200
"""The flags of generators, of coroutines, and of generators that are both."""


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
        tracer = Tracer()
        status = execute(lambda: self._run_traced(tracer, args))
        status = finish(status)
        if not tracer.broken:
            data = _dumps(tracer.trace()).encode()
            while data:
                data = data[_write(result, data) :]
        _exit(status)

    def _run_traced(self, tracer: Tracer, args: tuple[Any, ...]) -> None:
        tracer.learn(read_program(self._path), self._program.code)
        tracer.watch(lambda: self._program.act(*args))


class Tracer:
    """Writes down the blocks of one program that are executed.

    Attributes:
        broken: whether tracing ended before the program, or never began.
    """

    def __init__(self) -> None:
        self.broken = True
        self._blocks_of: dict[int, dict[int, Block]] = {}
        self._first: list[_Step] = []
        self._last: deque[_Step] = deque(maxlen=ENDS)
        self._count = 0

    def learn(self, text: str, code: CodeType) -> None:
        """Find the blocks of a program's text in its code, which must live as long as this."""
        blocks_of: dict[int, dict[int, Block]] = {}
        for block in blocks(text):
            at = blocks_of.setdefault(block.scope, {})
            for line in range(block.first, block.last + 1):
                at.setdefault(line, block)
        for scope, part in _scopes(code):
            self._blocks_of[id(part)] = blocks_of.get(scope, {})

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

    def record(self, step: _Step) -> None:
        """Write down a step, which may still be going on."""
        self._count += 1
        (self._last if len(self._first) == ENDS else self._first).append(step)

    def trace(self) -> dict[str, Any]:
        """The blocks that were kept, as JSON takes them, and how many were not."""
        kept = [*self._first, *self._last]
        shown = [{"code": s.code, "before": s.before, "after": s.after} for s in kept]
        return {"blocks": shown, "omitted": self._count - len(kept)}

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        at = self._blocks_of.get(id(frame.f_code))
        return None if at is None else _Stay(self, frame, at).follow


class _Stay:
    """A stay in a frame: from a call to the return, or to and from a `yield` or `await`."""

    def __init__(self, tracer: Tracer, frame: FrameType, at: dict[int, Block]) -> None:
        code, line = frame.f_code, frame.f_lineno
        self._tracer = tracer
        self._at = at
        self._line = line
        self._resumed = 0 if line == code.co_firstlineno else line
        self._suspends = bool(code.co_flags & _SUSPENDING)
        self._step: _Step | None = None

    def follow(self, frame: FrameType, event: str, argument: Any) -> Any:
        """The trace function of the frame."""
        try:
            if event == "line":
                self._reach(frame, frame.f_lineno)
            elif event == "exception":
                self._stop()
            elif event == "return":
                if self._suspends:
                    self._stop()
                self._leave(frame)
        except BaseException:
            self._tracer.broken = True
            return None
        return self.follow

    def _reach(self, frame: FrameType, line: int) -> None:
        block, step = self._at.get(line), self._step
        # The interpreter comes back to the first lines of a `with` to leave it.
        if block and self._line in block.guarded:
            return
        self._line = line
        if block is None:
            return
        # Within a statement of several lines the interpreter comes back to the first; a loop in
        # one line is come to again without another line between.
        if step and step.block is block and not (line == step.line == block.first):
            step.line, step.stopped = line, False
            return
        self._leave(frame)
        start = line if block.first <= self._resumed <= line else block.first
        self._resumed = 0
        self._step = _Step(block, start, line, _values(frame, block.names))
        self._tracer.record(self._step)

    def _stop(self) -> None:
        if self._step:
            self._step.stopped = True  # until a line shows that the block goes on

    def _leave(self, frame: FrameType) -> None:
        step, self._step = self._step, None
        if step:
            step.after = _values(frame, step.block.names)


class _Step:
    """One execution of a block, from the line `start` on.

    Attributes:
        line: the line that was reached last.
        stopped: whether the block perhaps ended with that.
    """

    def __init__(self, block: Block, start: int, line: int, before: dict[str, str]) -> None:
        self.block, self.line, self.stopped = block, line, False
        self.before = before
        self.after: dict[str, str] = {}
        self._start = start

    @property
    def code(self) -> str:
        """The lines of the statements that were executed, at least in part."""
        return self.block.text(self._start, self.line if self.stopped else self.block.last)


def _scopes(code: CodeType) -> Iterator[tuple[int, CodeType]]:
    """The code of a program and of its definitions, with the scopes of their blocks.

    That of expressions, such as a lambda, is in none.
    """
    if code.co_name == "<module>":
        yield 0, code
    elif not code.co_name.startswith("<"):
        yield code.co_firstlineno, code
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _scopes(part)


def _values(frame: FrameType, names: Sequence[str]) -> dict[str, str]:
    """What the names stand for, without functions, classes and modules."""
    local, shared = frame.f_locals, frame.f_globals
    if frame.f_code.co_flags & _OPTIMIZED:
        get = type(local).get
    else:  # the namespace of a class body is of whatever type its metaclass says
        local, get = (local if issubclass(type(local), dict) else {}), dict.get
    found = {name: get(local, name, dict.get(shared, name, sys)) for name in names}
    return {name: shown(value) for name, value in found.items() if is_value(value)}
