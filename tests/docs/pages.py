"""Pages as instructions: their blocks of code are written and run, in order.

A block with a caption is the file of that name; one whose caption ends in `(excerpt)` must stand
in that file as it is. Of a `console` block, every line after `$ ` is run by the shell, and the
lines below it are what it must print: `...` alone stands for any lines, and within a line for any
text. A command that is to fail ends in `  # exits with 2`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["follow"]

_FENCE = re.compile(r"^(`{3,})([^\n]*)\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
_CAPTION = re.compile(r":caption: (.*)")
_EXCERPT = " (excerpt)"


@dataclass
class Block:
    """A fenced block of a page."""

    line: int
    language: str
    caption: str
    text: str


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    for match in _FENCE.finditer(page):
        line = page.count("\n", 0, match.start()) + 1
        language, text, caption = match[2].strip(), match[3], ""
        while found := re.match(r":([a-z-]+):.*\n", text):
            if caption_found := _CAPTION.match(found[0]):
                caption = caption_found[1].strip()
            text = text[found.end() :].removeprefix("\n")
        yield Block(line, language, caption, text)


def follow(page: Path, folder: Path, environment) -> int:
    """Do in a folder what a page says, and return the number of commands that were run."""
    where, count = folder, 0
    for block in blocks(page.read_text(encoding="utf-8")):
        place = f"{page.name}:{block.line}"
        if block.caption.endswith(_EXCERPT):
            file = where / block.caption.removesuffix(_EXCERPT)
            whole = file.read_text(encoding="utf-8")
            assert block.text.strip("\n") in whole, f"{place}: this is not in {file.name}"
        elif block.caption:
            file = where / block.caption
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command, expected in _commands(block.text):
                where = _run(command, expected, where, place, environment)
                count += 1
    return count


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what it must print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def _run(command: str, expected: str, where: Path, place: str, environment) -> Path:
    """Run a command and return the folder that the next one starts in."""
    if command.startswith("cd "):
        return (where / command.removeprefix("cd ")).resolve()
    wanted, _, code = command.partition("  # exits with ")
    done = environment.run(wanted, where)
    assert done.returncode == int(code or 0), f"{place}: {wanted}\n{done.stdout}"
    if expected.strip():
        assert _prints(expected, done.stdout), (
            f"{place}: {wanted}\nexpected:\n{expected}\nfound:\n{done.stdout}"
        )
    return where


def _prints(expected: str, found: str) -> bool:
    """Whether the output is as expected; how many blanks or blank lines there are is no matter."""
    pattern = ""
    for line in filter(str.strip, expected.splitlines()):
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            words = [re.escape(word).replace(r"\.\.\.", ".*") for word in line.split()]
            pattern += "[ ]*" + "[ ]+".join(words) + "[ ]*\n"
    lines = [line + "\n" for line in found.splitlines() if line.strip()]
    return re.fullmatch(pattern, "".join(lines)) is not None
