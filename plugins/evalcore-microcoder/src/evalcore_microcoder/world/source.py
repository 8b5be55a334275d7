"""Sources: what a program reads, how it reads it, and how inputs are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from random import Random

    from evalcore_microcoder.world.operation import Type

__all__ = ["SOURCES", "Source"]

_LETTERS = "abceilmnorstu"
_TEXT = (
    "a add ant apple arm bag banana bat bee bell bird book bottle box boy bus cab cake cat coffee"
    " cow cup dad day deer desk dog door duck ear egg eye fan fig fish foot fox gas go goat hall"
    " hat hen hill i ice ink jam jar key kid kite lamp leaf lemon level lip map milk mom moon net"
    " noon nut oil onion owl pan pepper pie pig queen radio rain red ring river rose sea see ship"
    " six sky snow sun tea ten tomato tree up van wave wolf yes zebra zoo"
)
_WORDS = tuple(_TEXT.split())


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of input.

    Attributes:
        name: what it is, in short.
        shapes: phrasings of how the input looks.
        limits: the line that states the limits.
        read: the lines of Python that read it into `a`.
        parse: the value that those lines give.
        draw: an input drawn at random; a list or a table has as many elements as are asked for.
    """

    type: Type
    name: str
    shapes: tuple[str, ...]
    limits: str
    read: str
    parse: Callable[[str], Any]
    draw: Callable[[Random, int], str]


def _number(rng: Random) -> int:
    """A number from -99 to 99, mostly a small one."""
    return rng.randint(-12, 12) if rng.random() < 0.7 else rng.randint(-99, 99)


def _word(rng: Random) -> str:
    """A word of 1 to 6 letters, mostly one that exists."""
    if rng.random() < 0.7:
        return rng.choice(_WORDS)
    some = rng.sample(_LETTERS, 3)
    return "".join(rng.choice(some) for _ in range(rng.randint(1, 6)))


def _repeating(draw: Callable[[Random], Any], rng: Random, size: int) -> list[Any]:
    """Several, some of them equal."""
    drawn: list[Any] = []
    for _ in range(size):
        again = drawn and rng.random() < 0.2
        drawn.append(rng.choice(drawn) if again else draw(rng))
    return drawn


def _line(values: Iterable[object]) -> str:
    return " ".join(map(str, values)) + "\n"


def _rows(rng: Random, size: int) -> str:
    names = _repeating(_word, rng, size)
    numbers = _repeating(_number, rng, size)
    rows = "".join(f"{x} {y}\n" for x, y in zip(names, numbers, strict=True))
    return f"{size}\n{rows}"


def _table(text: str) -> list[tuple[str, int]]:
    pairs = (line.split() for line in text.splitlines()[1:])
    return [(x, int(y)) for x, y in pairs]


SOURCES: dict[Type, Source] = {
    source.type: source
    for source in (
        Source(
            "number",
            "the number",
            ("The input is one number.", "You read a number.", "One line has a single number."),
            "The number is from -99 to 99.",
            "a = int(input())",
            int,
            lambda rng, _: _line([_number(rng)]),
        ),
        Source(
            "numbers",
            "the list",
            (
                "The input is a line of numbers.",
                "You read a list of numbers from one line.",
                "One line has some numbers.",
            ),
            "There are 0 to 8 numbers from -99 to 99.",
            "a = list(map(int, input().split()))",
            lambda text: [int(x) for x in text.split()],
            lambda rng, size: _line(_repeating(_number, rng, size)),
        ),
        Source(
            "word",
            "the word",
            ("The input is one word.", "You read a word.", "One line has a single word."),
            "The word has 1 to 6 letters from a to z.",
            "a = input()",
            str.strip,
            lambda rng, _: _line([_word(rng)]),
        ),
        Source(
            "words",
            "the list",
            (
                "The input is a line of words.",
                "You read a list of words from one line.",
                "One line has some words.",
            ),
            "There are 0 to 8 words of 1 to 6 letters from a to z.",
            "a = input().split()",
            str.split,
            lambda rng, size: _line(_repeating(_word, rng, size)),
        ),
        Source(
            "table",
            "the table",
            (
                "The first line has n. Then come n rows with a name and a number.",
                "You read n, then a table of n rows, each a name and a number.",
                "The input is n and n rows. A row has a name and a number.",
            ),
            "n is from 0 to 8, numbers are from -99 to 99, names have 1 to 6 letters.",
            "a = []\n"
            "for i in range(int(input())):\n"
            "    x, y = input().split()\n"
            "    a.append((x, int(y)))",
            _table,
            _rows,
        ),
    )
}
"""The sources by the type of what is read."""
