"""A program that stands in an answer without a fence around it.

The rule:

1. An answer that parses as Python, as a whole, and does something is the program.
2. A program in C++ or Java begins at the first line that includes, imports with a semicolon, names
   a namespace or a package, or begins `main` or a class in braces. It ends with the last line that
   ends with `;` or `}`.
3. Otherwise the lines of prose before and after are left off: blank ones, comments and headings,
   and those that do not parse as Python or name things without doing anything, as `Done.` and
   `Time: O(n)`. What is left is the program, right or wrong, if no more than half of its lines are
   such, and one imports, defines, reads with `input` or prints.

What is longer than 65,536 characters holds no program without a fence.
"""

from __future__ import annotations

import ast
import re
import warnings

__all__ = ["unfenced"]

_LONGEST = 1 << 16
_MARK = re.compile(
    r"""
    \#\s*include\s*[<"].* | using\s+namespace\s+\w+\s*; | package\s+[\w.]+\s*;
    | import\s+(static\s+)?[\w.]+(\.\*)?\s*; | int\s+main\s*\(.*
    | ((public|final|abstract)\s+)+class\s+\w.* | class\s+\w+[\w\s,<>]*\{.*
    """,
    re.VERBOSE,
)
"""The lines that a program in C++ or Java may begin with."""
_END_OF = {"(": ")", "[": "]", "{": "}"}
_BEGINNING_OF = {")": "f(", "]": "[", "}": "{"}
_CONTINUED = re.compile(r"(elif|else|except|finally)\b.*:")
_UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What the parser raises: for other languages, for half characters, and for too much nesting."""


def unfenced(answer: str) -> str | None:
    """The program in an answer that has no block, by the rule above, or `None`."""
    if len(answer) > _LONGEST:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the model's program are no business of the user
        statements = _parsed(answer)
        if statements and _acts(statements[0], or_says=True) and any(map(_acts, statements)):
            return answer
        lines = answer.split("\n")
        return _with_marks(lines) or _without_prose(lines)


def _with_marks(lines: list[str]) -> str | None:
    """The program in C++ or Java."""
    first = next((n for n, line in enumerate(lines) if _MARK.fullmatch(line.strip())), None)
    if first is None:
        return None
    ends = [n for n in range(first, len(lines)) if lines[n].rstrip().endswith((";", "}"))]
    return "\n".join(lines[first : (ends or [first])[-1] + 1])


def _without_prose(lines: list[str]) -> str | None:
    """The program in Python, which may have mistakes."""
    first, last = 0, len(lines)
    while first < last and _is_prose(lines[first].strip()):
        first += 1
    while last > first and _is_prose(lines[last - 1].strip()):
        last -= 1
    bare = [line.strip() for line in lines[first:last]]
    told = [line for line in bare if line and not line.startswith("#")]
    if 2 * sum(map(_is_prose, told)) > len(told) or not any(map(_stands_alone, told)):
        return None
    return "\n".join(lines[first:last])


def _is_prose(line: str) -> bool:
    """Whether a line is none of a program's, as far as can be told of it alone."""
    if not line:
        return True
    if line.startswith("@") or '"""' in line or "'''" in line or _CONTINUED.fullmatch(line):
        return False
    return not any(map(_acts, _parsed_alone(line)))


def _stands_alone(line: str) -> bool:
    """Whether a line is more than the formulas that prose has, too."""
    nodes = [node for statement in _parsed_alone(line) for node in ast.walk(statement)]
    return any(
        isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
        or (isinstance(node, ast.Name) and node.id in {"input", "print"})
        for node in nodes
    )


def _parsed_alone(line: str) -> list[ast.stmt]:
    """The statements of a line, or those that it begins or ends."""
    closed = _closed(line)
    wholes = [line, f"{line} pass"]
    if closed != line:
        wholes += [closed, f"{closed} pass", f"{closed}: pass"]
    return next(filter(None, map(_parsed, wholes)), [])


def _closed(line: str) -> str:
    """A line with the brackets before and after it that it lacks."""
    before, after = "", ""
    for char in line:
        if char in _END_OF:
            after = _END_OF[char] + after
        elif char in _BEGINNING_OF:
            before, after = (before, after[1:]) if after else (_BEGINNING_OF[char] + before, after)
    return f"f({before}{line}{after})" if before else line + after


def _parsed(text: str) -> list[ast.stmt]:
    """The statements of a text; none if it is no Python."""
    try:
        return ast.parse(text).body
    except _UNPARSABLE:
        return []


def _acts(statement: ast.stmt, *, or_says: bool = False) -> bool:
    """Whether a statement does something, as no name, number or comparison does.

    Args:
        statement: in question.
        or_says: whether a text alone, such as a docstring, is enough.
    """
    if isinstance(statement, ast.AnnAssign):
        return statement.value is not None
    if isinstance(statement, ast.With):  # not so `with this in mind:`
        return not any(isinstance(item.context_expr, ast.Compare) for item in statement.items)
    if not isinstance(statement, ast.Expr):
        return True
    if isinstance(statement.value, ast.Constant):
        return or_says and isinstance(statement.value.value, str)
    doing = ast.Call | ast.Await | ast.Yield | ast.YieldFrom
    return any(isinstance(node, doing) for node in ast.walk(statement.value))
