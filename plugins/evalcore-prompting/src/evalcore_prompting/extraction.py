"""Which program an answer holds.

The rule, for whatever a model writes:

1. What a model thinks is no part of its answer: what stands before `</think>`, or after a `<think>`
   that is not ended.
2. A block begins with a line of three or more backticks or tildes, indented or not, with or without
   a tag, and ends with the next such line without one. It may also begin at the end of a line of
   prose, with backticks and the tag of a language; or stand between lines `[PYTHON]` and
   `[/PYTHON]`, `[CODE]` and `[/CODE]`, `<code>` and `</code>`. Where it is not closed, it ends
   before the next line that begins a block with the tag of a language, or with the answer.
3. Of the blocks that are not blank, those tagged as a programming language come first, then those
   without a tag, then those tagged as something else, such as `text` or `bash`. Among equals,
   closed ones come first; of these the last is the program.
4. Without a block, the whole answer is the program if its first line that is no comment begins as a
   program does: with an import, a definition, an assignment, a call of `print`, a loop, `#include`.
5. Otherwise the answer holds no program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Code", "extract", "spoken"]

_LANGUAGE = re.compile(
    r"py|py[23]|pypy[23]?|python[23]?|c|cc|cpp|cxx|c\+\+|cs|csharp|c#|d|dart|f#|fortran|go|golang"
    r"|haskell|java|javascript|js|julia|kotlin|lua|nim|ocaml|pascal|perl|php|r|racket|rb|ruby|rust"
    r"|scala|swift|ts|typescript|zig"
)
_THOUGHT = re.compile(r"\A.*</think>|<think>.*\Z", re.DOTALL)
_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<marks>`{3,}|~{3,})(?P<info>[^`]*)")
_NAMED = re.compile(r"(?P<indent>[ \t]*)(?:\[(?P<square>PYTHON|CODE)\]|<(?P<angle>code)>)[ \t]*")
_TAG = re.compile(r"[ \t{.]*(?P<tag>[a-z]\w*[+#]*)")
_BEGINNING = re.compile(
    r"""
    \#!/ | \#\s*include\b | import\s+[\w.]+\s*(,|;|$|as\s+\w) | from\s+[\w.]+\s+import\s
    | (async\s+)?def\s+\w+\s*\( | class\s+\w+\s*[(:{] | @\w | print\s*\(
    | \w+(\s*[,.]\s*\w+|\[[^\]]*\])*\s*(:\s*[\w\[\], ]+)?=[^=]
    | for\s+[\w, ()]+\s+in\s | (while|if|with)\s.*:$ | try\s*:
    | using\s+namespace\b | int\s+main\s*\( | (public|final|abstract)\s+(final\s+)?class\s+\w
    | import\s+(static\s+)?[\w.]+(\.\*)?; | package\s+[\w.]+;
    """,
    re.VERBOSE,
)
_LINE = 300
"""Characters of a line that are looked at to tell whether it begins a program."""


@dataclass(frozen=True, slots=True)
class Code:
    """A program as an answer holds it.

    Attributes:
        text: the program.
        tag: what its block is tagged with, in lower case; empty where it has no tag.
    """

    text: str
    tag: str = ""

    def block(self) -> str:
        """The program in one fenced block, so that whoever reads it finds it and nothing else."""
        longest = max((len(run) for run in re.findall("`+", self.text)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"{fence}{self.tag}\n{self.text.removesuffix(chr(10))}\n{fence}"


def extract(answer: str) -> Code | None:
    """The program in an answer by the rule above, or `None` if it holds none."""
    lines = spoken(answer.replace("\r\n", "\n")).split("\n")
    blocks = [block for block in _blocks(lines) if block.code.text.strip()]
    if blocks:
        best = max(block.rank for block in blocks)
        return next(block.code for block in reversed(blocks) if block.rank == best)
    if _begins_as_a_program(lines):
        return Code("\n".join(lines))
    return None


def spoken(answer: str) -> str:
    """An answer without what the model thinks."""
    return _THOUGHT.sub("", answer)


@dataclass(frozen=True, slots=True)
class _Block:
    code: Code
    closed: bool

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        return _is_language(self.code.tag), not self.code.tag, self.closed


@dataclass(frozen=True, slots=True)
class _Opening:
    """The line that begins a block.

    Attributes:
        tag: what the block is tagged with.
        indent: the space before the line, which is none of the program's.
        end: what the line that closes the block holds; of marks it may hold more.
    """

    tag: str
    indent: str
    end: str

    def closed_by(self, line: str) -> bool:
        bare = line.strip()
        return bare.startswith(self.end) and not bare.removeprefix(self.end).strip(self.end[0])

    def code(self, lines: list[str]) -> Code:
        return Code("".join(f"{line.removeprefix(self.indent)}\n" for line in lines), self.tag)


def _blocks(lines: list[str]) -> Iterator[_Block]:
    opening, start = None, 0
    for number, line in enumerate(lines):
        new = _opening(line)
        if opening is None:
            opening, start = new, number + 1
        elif opening.closed_by(line):
            yield _Block(opening.code(lines[start:number]), closed=True)
            opening = None
        elif new and new.end == opening.end and _is_language(new.tag):
            yield _Block(opening.code(lines[start:number]), closed=False)
            opening, start = new, number + 1
    if opening:
        yield _Block(opening.code(lines[start:]), closed=False)


def _opening(line: str) -> _Opening | None:
    if fence := _FENCE.fullmatch(line):
        return _Opening(_tag(fence["info"]), fence["indent"], fence["marks"])
    if named := _NAMED.fullmatch(line):
        name = named["square"]
        end = f"[/{name}]" if name else f"</{named['angle']}>"
        return _Opening("python" if name == "PYTHON" else "", named["indent"], end)
    before, marks, info = line.rpartition("```")
    if before and _is_language(info.strip().lower()):
        return _Opening(_tag(info), "", marks)
    return None


def _tag(info: str) -> str:
    found = _TAG.match(info.lower())
    return found["tag"] if found else ""


def _is_language(tag: str) -> bool:
    return _LANGUAGE.fullmatch(tag) is not None


def _begins_as_a_program(lines: list[str]) -> bool:
    for line in lines:
        bare = line.strip()[:_LINE]
        if _BEGINNING.match(bare):
            return True
        if bare and not bare.startswith(("#", "//", "/*")):
            return False
    return False
