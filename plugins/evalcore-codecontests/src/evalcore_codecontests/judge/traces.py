"""Traces of Python programs: what a traced run in a sandbox wrote, read with distrust."""

from __future__ import annotations

import json
import marshal
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalcore_codecontests.checkers.text import to_bytes
from evalcore_codecontests.problem import CallTest, Test

from .errors import UntraceableError
from .languages import LANGUAGES
from .limits import Limits
from .sandbox.blocks import LINES, NAMES
from .sandbox.tracing import ENDS
from .sandbox.values import LONGEST
from .worker import CompileFailed, memory_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalcore_codecontests.problem import Problem

    from .worker import Run, Worker

_CPU_SECONDS = 5.0
_MOST_BYTES = 8 << 20
_MOST_OMITTED = 1 << 63
_DOTS = 3


@dataclass(frozen=True, slots=True)
class Block:
    """One execution of a basic block.

    Attributes:
        code: its lines.
        before: what its variables held before it, by their names, as `repr` has it but cut.
        after: the same after it.
    """

    code: str
    before: Mapping[str, str]
    after: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Trace:
    """The blocks that a program executed.

    Attributes:
        blocks: the first and the last ones, in the order of their beginnings.
        omitted: how many there were between.
    """

    blocks: tuple[Block, ...]
    omitted: int

    def as_dict(self) -> dict[str, Any]:
        """The trace as JSON takes it."""
        blocks = [
            {"code": block.code, "before": dict(block.before), "after": dict(block.after)}
            for block in self.blocks
        ]
        return {"blocks": blocks, "omitted": self.omitted}


def trace(
    worker: Worker, problem: Problem, code: str, test: Test | CallTest, *, isolate: bool
) -> Trace:
    """Run a Python program on one test, traced.

    Raises:
        UntraceableError: it does not compile, or came to no end within the limits, of which that
            of time is five seconds.
        SandboxError: the sandbox failed.
    """
    limits = replace(Limits.of(problem), cpu_seconds=_CPU_SECONDS)
    python = LANGUAGES["python"]
    spec = replace(python.box(code, b"", problem.fn_name, limits), kind="trace")
    stdin = memory_file(to_bytes(test.input) if isinstance(test, Test) else b"")
    try:
        with worker.open(spec, limits) as box:
            run = box.run(
                stdin,
                address_space=python.address_space(limits),
                arguments=marshal.dumps(test.args if isinstance(test, CallTest) else ()),
                files=problem.files,
                processes=limits.processes if isolate else None,
            )
    except CompileFailed:
        raise UntraceableError("it does not compile") from None
    finally:
        os.close(stdin)
    return _read(run)


def _read(run: Run) -> Trace:
    if run.killed:
        raise UntraceableError("it took too long")
    try:
        return _trace(run.result)
    except (ValueError, RecursionError):
        raise UntraceableError("tracing it broke off") from None


def _trace(written: bytes) -> Trace:
    """The trace, if it is one that the tracer can have written.

    Raises:
        ValueError: it is not.
    """
    if len(written) <= _MOST_BYTES:
        match json.loads(written):
            case {"blocks": list(blocks), "omitted": int(omitted), **others}:
                whole = len(blocks) == 2 * ENDS if omitted else len(blocks) <= 2 * ENDS
                if whole and 0 <= omitted < _MOST_OMITTED and not others:
                    return Trace(tuple(map(_block, blocks)), int(omitted))
    raise ValueError("not a trace")


def _block(written: Any) -> Block:
    match written:
        case {"code": str(code), "before": dict(before), "after": dict(after), **others}:
            code.encode()  # raises for half of a character
            lines = code.split("\n")
            shown = len(lines) <= 2 * LINES + 1 and all(map(_is_short, lines))
            if shown and _are_values(before) and _are_values(after) and not others:
                return Block(code, before, after)
    raise ValueError("not a block")


def _are_values(written: dict[str, Any]) -> bool:
    names = all(name.isidentifier() and len(name) <= LONGEST for name in written)
    return len(written) <= NAMES and names and all(map(_is_value, written.values()))


def _is_value(text: Any) -> bool:
    return isinstance(text, str) and _is_short(text) and text.isprintable()


def _is_short(text: str) -> bool:
    return len(text) <= LONGEST + _DOTS
