"""Plausible wrong programs: plans in which one thing is done as one might do it wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evalcore_microcoder.world.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from evalcore_microcoder.world.operation import Operation, Step
    from evalcore_microcoder.world.plan import Plan

__all__ = ["mistaken", "without_a_step"]


def mistaken(plan: Plan, rng: Random) -> Iterator[Plan]:
    """The plan with one mistake, of every kind; some of them may do what is right.

    Kinds: a step's code wrong or a parameter off by one, steps dropped or swapped, another
    operation of the same type, an empty result or the form of a list forgotten.
    """
    for place, step in enumerate(plan.steps):
        for wrong in step.mistaken():
            yield _with(plan, place, wrong)
        others = _others(step)
        if others:
            yield _with(plan, place, rng.choice(others).drawn(rng))
    yield from without_a_step(plan)
    for place in range(len(plan.steps) - 1):
        first, second = plan.steps[place : place + 2]
        yield _with(plan, place, second, first)
    if plan.nothing:
        yield replace(plan, nothing="")
    if plan.type in {"numbers", "words"}:
        yield replace(plan, bare=True, nothing="")


def without_a_step(plan: Plan) -> Iterator[Plan]:
    """The plan without one of its steps."""
    for place in range(len(plan.steps)):
        yield replace(plan, steps=plan.steps[:place] + plan.steps[place + 1 :])


def _with(plan: Plan, place: int, *steps: Step) -> Plan:
    """The plan with other steps from a place on."""
    return replace(plan, steps=plan.steps[:place] + steps + plan.steps[place + len(steps) :])


def _others(step: Step) -> list[Operation]:
    """The operations that take and give the same types as the one of a step."""
    own = step.operation
    return [
        other
        for other in OPERATIONS.values()
        if other is not own and (other.takes, other.gives) == (own.takes, own.gives)
    ]
