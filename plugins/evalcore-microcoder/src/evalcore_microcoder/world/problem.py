"""Problems of the world, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from evalcore_microcoder.world.chance import seeded
from evalcore_microcoder.world.mistakes import mistaken, without_a_step
from evalcore_microcoder.world.operations import OPERATIONS
from evalcore_microcoder.world.plan import VARIABLES, Plan, sentence
from evalcore_microcoder.world.source import SOURCES
from evalcore_microcoder.world.split import compositions
from evalcore_microcoder.world.statement import statement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from evalcore_microcoder.world.split import Composition, Split

__all__ = ["Problem", "drawn", "problems"]

Test = tuple[str, str]
"""An input and its output."""

_PUBLIC = 2
_HIDDEN = 6
_DEPTHS = (1, 2, 2, 2, 3, 3, 3, 3)
"""How many operations, each as often as it is here."""
_TRIES = 5
"""How often a composition is drawn before it is given up as one in which a step never shows."""
_NOTHING = ("none", "empty", "null")
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
        public_tests: pairs of an input and its output; the first is the statement's example.
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


def problems(split: Split, seed: int = 0) -> Iterator[Problem]:
    """The problems of a split without end; equal seeds give equal problems."""
    for number in count():
        name = f"{split}-{seed}-{number}"
        rng = seeded(name)
        while (problem := drawn(name, _composition(split, rng), rng)) is None:
            pass
        yield problem


def drawn(identity: str, composition: Composition, rng: Random) -> Problem | None:
    """A problem of a composition; `None` where, however drawn, some step makes no difference."""
    tries = (_tried(identity, composition, rng) for _ in range(_TRIES))
    return next(filter(None, tries), None)


def _composition(split: Split, rng: Random) -> Composition:
    """A composition of a split, drawn such that depths and operations are in balance."""
    chosen = _by_operation(split)
    while True:
        found = chosen.get((rng.choice(tuple(OPERATIONS)), rng.choice(_DEPTHS)))
        if found:
            return rng.choice(found)


@cache
def _by_operation(split: Split) -> dict[tuple[str, int], list[Composition]]:
    """The compositions of a split by each of their operations and by how many there are."""
    found: dict[tuple[str, int], list[Composition]] = {}
    for composition in compositions(split):
        names = composition[1:]
        for name in names:
            found.setdefault((name, len(names)), []).append(composition)
    return found


def _tried(identity: str, composition: Composition, rng: Random) -> Problem | None:
    """A problem of a composition; `None` where, as drawn, some step makes no difference."""
    steps = tuple(OPERATIONS[name].drawn(rng) for name in composition[1:])
    plan = Plan(SOURCES[steps[0].operation.takes], steps)
    if _may_be_empty(plan):
        plan = Plan(plan.source, steps, nothing=rng.choice(_NOTHING))
    inputs = _inputs(plan, rng)
    outputs = [plan.output(text) or "" for text in inputs]
    if not _varied(plan, inputs, outputs):
        return None
    tests = tuple(zip(inputs, outputs, strict=True))
    text = statement(plan, tests[0], rng)
    return Problem(identity, composition, text, plan, tests[:_PUBLIC], tests[_PUBLIC:])


def _may_be_empty(plan: Plan) -> bool:
    """Whether an empty word or list can come out."""
    empty = plan.source.type in {"numbers", "words", "table"}
    for step in plan.steps:
        emptiness = step.operation.emptiness
        empty = emptiness == "may" or (empty and emptiness == "from empty")
    return empty and plan.type != "number"


def _inputs(plan: Plan, rng: Random) -> list[str]:
    """Inputs without repetition: two to show, then hidden ones from the smallest size on."""
    sizes = (rng.randint(3, 5), rng.randint(2, 4), 0, 1, *(rng.randint(2, 8) for _ in range(4)))
    found: dict[str, None] = {}
    for size in sizes:
        text = plan.source.draw(rng, size)
        while text in found:
            text = plan.source.draw(rng, size)
        found[text] = None
    return list(found)


def _varied(plan: Plan, inputs: list[str], outputs: list[str]) -> bool:
    """Whether every step shows in some output, and the examples print something of their own."""
    shown = outputs[:_PUBLIC]
    if len(set(shown)) < _PUBLIC or f"{plan.nothing}\n" in shown:
        return False
    return all(
        [other.output(text) for text in inputs] != outputs
        for other in without_a_step(plan)
        if other.possible
    )
