"""What a problem is, and what else can be said of its solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalcore_microcoder.world.mistakes import mistaken
from evalcore_microcoder.world.plan import VARIABLES, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from evalcore_microcoder.world.plan import Plan
    from evalcore_microcoder.world.split import Composition

__all__ = ["Problem", "Test"]

Test = tuple[str, str]
"""An input and its output."""

_MEANING = {
    "number": "integer",
    "numbers": "list of integers",
    "word": "string",
    "words": "list of strings",
    "table": "list of pairs of a string and an integer",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem with its solution.

    Attributes:
        id: the split, the seed and the number of the problem.
        composition: the type of the source, and the names of the operations.
        plan: what the reference does.
        public_tests: what a contestant sees; the first is the statement's example.
        hidden_tests: what only the judge sees.
    """

    id: str
    composition: Composition
    statement: str
    plan: Plan
    public_tests: tuple[Test, ...]
    hidden_tests: tuple[Test, ...]

    @property
    def program(self) -> str:
        """The reference in the plain style: read, a line for each step, print."""
        return self.plan.program()

    @property
    def steps(self) -> tuple[str, ...]:
        """What is to be done, a plain sentence for each operation."""
        return tuple(map(sentence, self.plan.steps))

    @property
    def tags(self) -> tuple[str, ...]:
        """What the problem is about, in the order of the alphabet."""
        return tuple(sorted({tag for step in self.plan.steps for tag in step.operation.tags}))

    @property
    def difficulty(self) -> int:
        """The number of operations."""
        return len(self.plan.steps)

    @property
    def variables(self) -> tuple[tuple[str, str, str], ...]:
        """The variables of the program in their order: name, type, and what they hold."""
        found = [("a", _MEANING[self.plan.source.type], "the input")]
        for before, name, step in zip(VARIABLES, VARIABLES[1:], self.plan.steps, strict=False):
            operation = step.operation
            found.append((name, _MEANING[operation.gives], step.text(operation.of[0], before)))
        return tuple(found)

    @property
    def helpers(self) -> tuple[tuple[str, str], ...]:
        """The functions of `with_functions` in their order: name, and what it does."""
        return tuple((step.operation.name, sentence(step)) for step in self.plan.steps)

    def with_comments(self) -> str:
        """The reference with a comment before each of its parts."""
        return self.plan.commented()

    def with_functions(self) -> str:
        """The reference with a function for each step, under a docstring."""
        return self.plan.with_functions()

    def mistakes(self, rng: Random) -> Iterator[str]:
        """Plausible programs that fail at least one test, each once, in an order of chance."""
        tests = self.public_tests + self.hidden_tests
        plans = [plan for plan in mistaken(self.plan, rng) if plan.possible]
        rng.shuffle(plans)
        seen = set()
        for plan in plans:
            program = plan.program()
            if program not in seen and not all(plan.passes(*test) for test in tests):
                yield program
            seen.add(program)
