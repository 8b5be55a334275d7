"""The basic blocks of a program's text.

A basic block is a run of statements that are executed one after the other: it ends with a statement
that branches, of which it holds the first lines, and a loop's first lines are one by themselves.
The lines that begin a definition are in none.
"""

from __future__ import annotations

import ast
import builtins
import textwrap
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from .values import LONGEST, cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A program may replace functions that we need after it: keep our own.
__builtins__ = vars(builtins).copy()  # type: ignore[assignment]

LINES = 15
"""Lines shown of the beginning of a block, and as many of its end."""
NAMES = 100
"""Variables shown of a block at most, the first ones in its text."""


@dataclass(frozen=True)
class Block:
    """A basic block of a program's text.

    Attributes:
        scope: number of the first line of the definition that it is in, 0 outside of any.
        first: number of its first line.
        last: number of its last line.
        names: the names that occur in it, in the order of the text.
        lines: its lines.
        statements: numbers of the first and the last line of each of its statements.
        guarded: if it ends with the first lines of a `with`, numbers of the lines within that.
    """

    scope: int
    first: int
    last: int
    names: tuple[str, ...]
    lines: tuple[str, ...]
    statements: tuple[tuple[int, int], ...]
    guarded: range

    def text(self, start: int, stop: int) -> str:
        """Its lines from the statement with line `start` to that with line `stop`, shortened."""
        begin = max(first for first, _ in self.statements if first <= start)
        end = min((last for _, last in self.statements if last >= stop), default=self.last)
        return _shortened(self.lines[begin - self.first : end - self.first + 1])


def blocks(text: str) -> Iterator[Block]:
    """The basic blocks of a program's text."""
    lines = text.split("\n")
    for scope, run in _runs(ast.parse(text).body, 0):
        statements = tuple((statement.lineno, _last_line(statement)) for statement in run)
        first, last = statements[0][0], max(last for _, last in statements)
        shown = tuple(lines[first - 1 : last])
        yield Block(scope, first, last, _names(run), shown, statements, _guarded(run[-1]))


_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_LOOPS = ast.For | ast.AsyncFor | ast.While


def _runs(statements: Sequence[ast.stmt], scope: int) -> Iterator[tuple[int, list[ast.stmt]]]:
    """Statements that are executed one after the other; of compound ones the first lines."""
    run: list[ast.stmt] = []
    for statement in statements:
        inner = list(_inner(statement))
        defines = isinstance(statement, _DEFINITIONS)
        if run and (defines or isinstance(statement, _LOOPS)):
            yield scope, run
            run = []
        if not defines:
            run.append(statement)
        if inner and run:
            yield scope, run
            run = []
        for body in inner:
            yield from _runs(body, _first_line(statement) if defines else scope)
    if run:
        yield scope, run


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


def _first_line(definition: ast.stmt) -> int:
    """Where the interpreter has it begin."""
    decorators: list[ast.expr] = getattr(definition, "decorator_list", [])
    return min([definition.lineno, *(decorator.lineno for decorator in decorators)])


def _guarded(statement: ast.stmt) -> range:
    if not isinstance(statement, ast.With | ast.AsyncWith):
        return range(0)
    return range(statement.body[0].lineno, (statement.end_lineno or 0) + 1)


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
