"""Which program an answer holds.

The rule, for whatever a model writes:

1. What a model thinks is no part of its answer: what stands between `<think>`, which begins a line,
   and `</think>`, or after a `<think>` that is not ended. Where only the end is there, and begins
   or ends a line, all before it is thought. `<thinking>` is the same, and so are capitals.
2. A block begins with a line of three or more backticks or tildes, indented or quoted by `>` or
   not, with or without a tag. It ends with the next such line without one, which prose may follow,
   or with a line of code that ends with the marks. It may also begin at the end of a line of prose,
   with backticks and the tag of a language; or stand between lines `[PYTHON]` and `[/PYTHON]`,
   `[CODE]` and `[/CODE]`, `<code>` and `</code>`. Where it is not closed, it ends before the next
   line that begins a block with the tag of a language, or with the answer. Of a block tagged
   `markdown` or `md` the blocks in it count.
3. Of the blocks that are not blank, those tagged as a programming language come first, then those
   without a tag, then those tagged as something else, such as `text` or `bash`. Among equals,
   closed ones come first; of these the last is the program.
4. Without a block, the program is what `evalcore_prompting.unfenced` finds.
5. Otherwise the answer holds no program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from textwrap import dedent
from typing import TYPE_CHECKING

from evalcore_prompting.unfenced import unfenced

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Code", "extract", "spoken"]

_LANGUAGE = re.compile(
    r"""
    (c|i)?python-?[\d.]* | py(py)?[\d.]*
    | (c|clang|g|gnu)(\+\+|pp)\w* | c(\d\d)? | cc | cxx\d* | java[\d.]*
    | c\# | cs | csharp | d | dart | f\# | fortran | go | golang | haskell
    | javascript | js | julia | kotlin | lua | nim | node | ocaml | pascal | perl | php | r | racket
    | rb | ruby | rust | scala | swift | ts | typescript | zig
    """,
    re.VERBOSE,
)
"""The tags of programming languages, with their versions."""
_MARKDOWN = {"markdown", "md"}
_THOUGHT = re.compile(
    r"(?P<begins>^[ \t]*)?<(?P<end>/?)think(?:ing)?>(?P<ends>[ \t]*$)?",
    re.IGNORECASE | re.MULTILINE,
)
_FENCE = re.compile(
    r"(?P<quotes>( {0,3}>){0,9})(?P<indent>[ \t]*)"
    r"(?P<marks>`{3,}(?=[^`]*\Z)|~{3,}(?=[^~^]*\Z))(?P<info>.*)"
)
"""Not the lines of tildes with a `^` that a traceback points with."""
_NAMED = re.compile(r"(?P<indent>[ \t]*)(?:\[(?P<square>PYTHON|CODE)\]|<(?P<angle>code)>)[ \t]*")
_TAG = re.compile(r"[ \t{.]*(?P<tag>[a-z][\w-]*(?:[+#]+\w*)?(?:\.\d+)*)")


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
    told = spoken(answer.replace("\r\n", "\n"))
    blocks = [part for block in _blocks(told.split("\n")) for part in block.parts()]
    if blocks:
        best = max(block.rank for block in blocks)
        return next(block.code for block in reversed(blocks) if block.rank == best)
    program = unfenced(told)
    return None if program is None else Code(program)


def spoken(answer: str) -> str:
    """An answer without what the model thinks."""
    kept: list[str] = []
    start, thinking = 0, False
    for tag in _THOUGHT.finditer(answer):
        if tag["end"] and thinking:
            start, thinking = tag.end(), False
        elif tag["end"] and (tag["begins"] is not None or tag["ends"] is not None):
            kept.clear()
            start = tag.end()
        elif not tag["end"] and not thinking and tag["begins"] is not None:
            kept.append(answer[start : tag.start()])
            thinking = True
    return "".join(kept) + ("" if thinking else answer[start:])


@dataclass(frozen=True, slots=True)
class _Block:
    code: Code
    closed: bool

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        return _is_language(self.code.tag), not self.code.tag, self.closed

    def parts(self) -> list[_Block]:
        """The blocks in a block of Markdown, or the block itself where it is or has none."""
        if self.code.tag not in _MARKDOWN:
            return [self]
        return list(_blocks(self.code.text.split("\n"))) or [self]


@dataclass(frozen=True, slots=True)
class _Opening:
    """The line that begins a block.

    Attributes:
        tag: what the block is tagged with.
        indent: the space before the line, which is none of the program's; `None` where prose stands
            there, so that the program alone tells how far it is indented.
        end: what the line that closes the block holds; of marks it may hold more.
        quotes: how many `>` stand before each line.
    """

    tag: str
    indent: str | None
    end: str
    quotes: int = 0

    def unquoted(self, line: str) -> str:
        if not self.quotes:
            return line
        return re.sub(rf"^( {{0,3}}>){{0,{self.quotes}}}", "", line)

    def code_before_end(self, line: str) -> str | None:
        """What of the program stands before the end of the block; `None` where it does not end."""
        if self.end not in line:
            return None
        code, _, rest = line.partition(self.end)
        rest = rest.lstrip(self.end[0])
        ends = not rest.strip() if code.strip() else _is_no_tag(rest)
        return code if ends else None

    def block(self, lines: list[str], *, closed: bool) -> Iterator[_Block]:
        """The block with these lines, unless they are blank."""
        if not any(map(str.strip, lines)):
            return
        if self.indent is None:
            text = dedent("".join(f"{line}\n" for line in lines))
        else:
            text = "".join(f"{line.removeprefix(self.indent)}\n" for line in lines)
        yield _Block(Code(text, self.tag), closed)


def _blocks(lines: list[str]) -> Iterator[_Block]:
    """The blocks that are not blank."""
    opening: _Opening | None = None
    code: list[str] = []
    for quoted in lines:
        if opening is None:
            opening, code = _opening(quoted), []
            continue
        line = opening.unquoted(quoted)
        if (last := opening.code_before_end(line)) is not None:
            yield from opening.block([*code, last] if last.strip() else code, closed=True)
            opening = None
        elif (new := _opening(quoted)) and new.end == opening.end and _is_language(new.tag):
            yield from opening.block(code, closed=False)
            opening, code = new, []
        else:
            code.append(line)
    if opening:
        yield from opening.block(code, closed=False)


@lru_cache(maxsize=64)  # endless answers repeat themselves
def _opening(line: str) -> _Opening | None:
    if "```" in line or "~~~" in line:
        if fence := _FENCE.fullmatch(line):
            quotes = fence["quotes"].count(">")
            return _Opening(_tag(fence["info"]), fence["indent"], fence["marks"], quotes)
        before, marks, info = line.rpartition("```")
        if before and _is_language(info.strip().lower()):
            return _Opening(_tag(info), None, marks)
    elif named := _NAMED.fullmatch(line):
        name = named["square"]
        end = f"[/{name}]" if name else f"</{named['angle']}>"
        return _Opening("python" if name == "PYTHON" else "", named["indent"], end)
    return None


def _tag(info: str) -> str:
    found = _TAG.match(info.lower())
    return found["tag"] if found else ""


def _is_language(tag: str) -> bool:
    return _LANGUAGE.fullmatch(tag) is not None


def _is_no_tag(rest: str) -> bool:
    """Whether what follows marks is prose or nothing, so that they end a block."""
    return not re.match(r"[\w{./-]", rest) and not _is_language(rest.strip().lower())
