"""What an operation is, and a step: an operation whose parameters have values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from random import Random

__all__ = ["Operation", "Step", "Type", "compiled"]

Type = Literal["number", "numbers", "word", "words", "table"]
"""What flows between steps; a table is a list of rows, each a name and a number."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a program can do to a value.

    In `code`, `wrong`, `do`, `of` and `note`, `{k}` stands for the value of the parameter `k`.

    Attributes:
        takes: the type of what it works on.
        gives: the type of what comes out.
        code: the Python expression for the result, where `{a}` is the variable to work on.
        do: phrasings as a request, such as "add {k} to the number"; the first is the plainest.
        of: phrasings as a thing, such as "{k} more than {a}", where `{a}` is what it is of; it
            comes last, so that things of things can be read in one way only.
        wrong: expressions that one could write instead of `code` and be wrong.
        parameters: by name, the values that a parameter may have.
        note: a sentence that settles ties or what becomes of nothing; empty where none is needed.
        emptiness: whether an empty word or list can come out: `from empty` only if one went in.
    """

    name: str
    takes: Type
    gives: Type
    code: str
    do: tuple[str, ...]
    of: tuple[str, ...]
    tags: tuple[str, ...]
    wrong: tuple[str, ...] = ()
    parameters: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    note: str = ""
    emptiness: Literal["from empty", "may", "never"] = "from empty"

    def drawn(self, rng: Random) -> Step:
        """The operation with values drawn for its parameters."""
        drawn = {name: rng.choice(values) for name, values in self.parameters.items()}
        return Step(self, tuple(drawn.items()), self.code.format(a="{a}", **drawn))


@dataclass(frozen=True, slots=True)
class Step:
    """An operation whose parameters have values.

    Attributes:
        values: the parameters, by name.
        code: the expression, with `{a}` for the variable; a mistaken step has a wrong one.
    """

    operation: Operation
    values: tuple[tuple[str, Any], ...]
    code: str

    def text(self, template: str, a: str = "") -> str:
        """A phrasing with the parameters' values in it, and `a` for what it is of."""
        return template.format(a=a, **dict(self.values))

    def mistaken(self) -> Iterable[Step]:
        """The step done wrong: with wrong code, or with a parameter off by one."""
        values = dict(self.values)
        for template in self.operation.wrong:
            yield Step(self.operation, self.values, template.format(a="{a}", **values))
        for name, value in self.values:
            for other in _beside(value):
                code = self.operation.code.format(a="{a}", **values | {name: other})
                yield Step(self.operation, self.values, code)


def _beside(value: object) -> tuple[object, ...]:
    """What a parameter is mistaken for."""
    if isinstance(value, int):
        # A count below 1 would be no slip of the pen: a slice means something else there.
        return (value - 1, value + 1) if value > 1 else (value + 1,)
    letter = str(value)
    return (chr(ord(letter) + 1) if letter < "z" else "y",)


@cache
def compiled(code: str) -> Callable[[Any], Any]:
    """The function from `a` to what the expression makes of it."""
    function: Callable[[Any], Any] = eval("lambda a: " + code.format(a="a"))  # noqa: S307
    return function
