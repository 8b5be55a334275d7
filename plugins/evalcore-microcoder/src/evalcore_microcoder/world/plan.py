"""A plan: a source, the steps in their order, and what is printed; it runs and can be written."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from evalcore_microcoder.world.operation import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalcore_microcoder.world.operation import Step, Type
    from evalcore_microcoder.world.source import Source

__all__ = ["VARIABLES", "Plan", "sentence"]

VARIABLES = "abcd"
"""The variables of a program: the input, and the result of each step."""

_LISTS = {"numbers", "words"}
"""The types that are printed with blanks between the elements."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a program does.

    Attributes:
        source: what is read.
        steps: what is done to it, in order.
        nothing: the word that is printed for an empty word or list, empty if none can come out.
        bare: print a list as Python writes it, which is a mistake.
    """

    source: Source
    steps: tuple[Step, ...]
    nothing: str = ""
    bare: bool = False

    @property
    def type(self) -> Type:
        """The type of the result."""
        return self.steps[-1].operation.gives if self.steps else self.source.type

    @property
    def possible(self) -> bool:
        """Whether each step takes what is there, and the result can be printed."""
        flow = (self.source.type, *(step.operation.gives for step in self.steps))
        takes = (step.operation.takes for step in self.steps)
        return all(a == b for a, b in zip(flow, takes, strict=False)) and self.type != "table"

    def output(self, text: str) -> str | None:
        """What the program prints for an input; `None` if it fails."""
        value = self.source.parse(text)
        try:
            for step in self.steps:
                value = compiled(step.code)(value)
            return self._printed(value)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return None

    def passes(self, given: str, expected: str) -> bool:
        """Whether the program prints what is expected, blanks and line ends aside."""
        output = self.output(given)
        return output is not None and output.split() == expected.split()

    def _printed(self, value: Any) -> str:
        """What the ending prints of a value, which in a mistaken program may be of any type."""
        listed = self.type in _LISTS
        if self.nothing:
            value = value or ([self.nothing] if listed else self.nothing)
        return " ".join(map(str, value)) + "\n" if listed and not self.bare else f"{value}\n"

    def lines(self) -> Iterator[str]:
        """The lines of each step, in the plain style."""
        for (a, b), step in zip(pairwise(VARIABLES), self.steps, strict=False):
            yield f"{b} = {step.code.format(a=a)}"

    def ending(self) -> str:
        """The line that prints the result."""
        listed = self.type in _LISTS
        form = "*" * (listed and not self.bare) + VARIABLES[len(self.steps)]
        if self.nothing:
            form += f' or ["{self.nothing}"]' if listed else f' or "{self.nothing}"'
        return f"print({form})"

    def program(self) -> str:
        """The program in the plain style: read, a line for each step, print."""
        return "\n".join((self.source.read, *self.lines(), self.ending())) + "\n"

    def commented(self) -> str:
        """The program with a comment before each of its parts."""
        parts = [f"# Read {self.source.name}.\n{self.source.read}"]
        for step, line in zip(self.steps, self.lines(), strict=True):
            parts.append(f"# {sentence(step)}\n{line}")
        return "\n".join((*parts, f"# Print the result.\n{self.ending()}\n"))

    def with_functions(self) -> str:
        """The program with a function for each step, under a docstring."""
        functions = "\n\n".join(
            f'def {step.operation.name}(a):\n    """{sentence(step)}"""\n'
            f"    return {step.code.format(a='a')}\n"
            for step in self.steps
        )
        calls = "\n".join(
            f"{b} = {step.operation.name}({a})"
            for (a, b), step in zip(pairwise(VARIABLES), self.steps, strict=False)
        )
        return f"{functions}\n\n{self.source.read}\n{calls}\n{self.ending()}\n"


def sentence(step: Step) -> str:
    """The step in its plainest words, as a sentence."""
    text = step.text(step.operation.do[0])
    return f"{text[0].upper()}{text[1:]}."
