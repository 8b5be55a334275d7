"""Statements: how the input looks, the task in one of several styles, the limits, an example."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from evalcore_microcoder.world.operation import Step
    from evalcore_microcoder.world.plan import Plan

__all__ = ["statement"]


def statement(plan: Plan, example: tuple[str, str], rng: Random) -> str:
    """A statement of the task that a plan solves, with an example of input and output."""
    task = rng.choice(_STYLES)(plan, rng)
    notes = [*dict.fromkeys(step.text(step.operation.note) for step in plan.steps)]
    if plan.nothing:
        notes.append(rng.choice(_NOTHING).format(plan.nothing))
    text = " ".join(
        (rng.choice(plan.source.shapes), task, *filter(None, notes), plan.source.limits)
    )
    given, expected = example
    return f"{text}\nExample input:\n{given}Example output:\n{expected}"


_NOTHING = (
    "If nothing is left, print {}.",
    "Print {} if nothing is left.",
    "For an empty result print {}.",
)
_PRINT = ("Print the result.", "Print what you get.", "Output the result.")


def _in_order(plan: Plan, rng: Random) -> str:
    first, *others = _requests(plan, rng)
    if not others:
        return f"{first[0].upper()}{first[1:]}. {rng.choice(_PRINT)}"
    return ", then ".join((f"First {first}", *others)) + f". {rng.choice(_PRINT)}"


def _in_sentences(plan: Plan, rng: Random) -> str:
    sentences = [f"{request[0].upper()}{request[1:]}." for request in _requests(plan, rng)]
    return " ".join((*sentences, rng.choice(_PRINT)))


def _nested(plan: Plan, rng: Random) -> str:
    return f"Print {_thing(plan.source.name, plan.steps, rng)}."


def _after(plan: Plan, rng: Random) -> str:
    if len(plan.steps) == 1:
        return _nested(plan, rng)
    *requests, _ = _requests(plan, rng)
    thing = _thing("what is there", plan.steps[-1:], rng)
    return f"Print {thing} after you {' and then '.join(requests)}."


def _before(plan: Plan, rng: Random) -> str:
    if len(plan.steps) == 1:
        return _in_order(plan, rng)
    *requests, last = _requests(plan, rng)
    return f"Before you {last}, {' and then '.join(requests)}. {rng.choice(_PRINT)}"


def _thing_first(plan: Plan, rng: Random) -> str:
    if len(plan.steps) == 1:
        return _nested(plan, rng)
    thing = _thing(plan.source.name, plan.steps[:-1], rng)
    *_, last = _requests(plan, rng)
    return f"Take {thing}, then {last}. {rng.choice(_PRINT)}"


_STYLES: tuple[Callable[[Plan, Random], str], ...] = (
    _in_order,
    _in_sentences,
    _nested,
    _after,
    _before,
    _thing_first,
)


def _requests(plan: Plan, rng: Random) -> list[str]:
    """What is to be done, step by step."""
    return [step.text(rng.choice(step.operation.do)) for step in plan.steps]


def _thing(a: str, steps: tuple[Step, ...], rng: Random) -> str:
    """The result of the steps on `a`, as one phrase."""
    for step in steps:
        a = step.text(rng.choice(step.operation.of), a)
    return a
