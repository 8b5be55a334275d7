"""Problems drawn from a seed: compositions in balance, tests in which every step shows."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import TYPE_CHECKING, get_args

from evalcore_microcoder.world.chance import seeded
from evalcore_microcoder.world.mistakes import without_a_step
from evalcore_microcoder.world.operations import OPERATIONS
from evalcore_microcoder.world.plan import Plan
from evalcore_microcoder.world.problem import Problem
from evalcore_microcoder.world.source import SOURCES
from evalcore_microcoder.world.split import Split, compositions
from evalcore_microcoder.world.statement import statement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from evalcore_microcoder.world.split import Composition

__all__ = ["drawn", "problems"]

_PUBLIC = 2
"""Public tests of a problem."""
_DEPTHS = (1, 2, 2, 2, 3, 3, 3, 3)
"""How many operations, each as often as it is here."""
_TRIES = 5
"""How often a composition is drawn before it is given up as one in which a step never shows."""
_NOTHING = ("none", "empty", "null")
"""The words that stand for an empty word or list."""


def problems(split: Split, seed: int = 0) -> Iterator[Problem]:
    """The problems of a split without end; equal seeds give equal problems.

    Raises:
        ValueError: if there is no such split.
    """
    if split not in get_args(Split):
        raise ValueError(f"found split {split!r}, expected one of: {', '.join(get_args(Split))}")
    return _without_end(split, seed)


def _without_end(split: Split, seed: int) -> Iterator[Problem]:
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
