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
from .worker import CompileFailed, memory_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalcore_codecontests.problem import Problem

    from .worker import Run, Worker

_CPU_SECONDS = 5.0
_MOST_BLOCKS = 10
_MOST_CHARACTERS = 10_000


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
        written = json.loads(run.result)
        found = written["blocks"][:_MOST_BLOCKS]
        blocks = tuple(
            Block(_cut(block["code"]), _values(block["before"]), _values(block["after"]))
            for block in found
        )
        return Trace(blocks, int(written["omitted"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UntraceableError("tracing it broke off") from None


def _values(written: dict[str, Any]) -> dict[str, str]:
    return {_cut(name): _cut(value) for name, value in written.items()}


def _cut(text: Any) -> str:
    return str(text)[:_MOST_CHARACTERS]
