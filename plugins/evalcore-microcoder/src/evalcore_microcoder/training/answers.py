"""What the models learn to answer, computed from a problem: by prompt, words and programs."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from evalcore_microcoder.world.operation import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from evalcore_microcoder.world import Problem

__all__ = ["INSTRUCTED", "REASONED", "explained", "fenced", "plain", "reflected"]


def fenced(program: str) -> str:
    """A program in a code block."""
    return f"```python\n{program.rstrip()}\n```"


def plain(problem: Problem) -> str:
    """The reference, with nothing said about it."""
    return fenced(problem.program)


def _restated(problem: Problem) -> str:
    *_, (_, kind, _) = problem.variables
    return _points(
        f"Goal: {' '.join(problem.steps)}",
        f"Input: {problem.plan.source.name}.",
        f"Output: {kind}.",
        f"Limits: {problem.plan.source.limits}",
        f"Easy to miss: {_pitfall(problem)}",
    )


def _examples(problem: Problem) -> str:
    """The first example, with the value after each step."""
    given, expected = problem.public_tests[0]
    value = problem.plan.source.parse(given)
    lines = [f"The input is {_shown(value)}."]
    for step, words in zip(problem.plan.steps, problem.steps, strict=True):
        value = compiled(step.code)(value)
        lines.append(f"{words} That gives {_shown(value)}.")
    return _points(*lines, f"The output is {expected.strip()}, as in the statement.")


def _tagged(problem: Problem) -> str:
    return _points(*(f"{tag}: the statement asks for it." for tag in problem.tags))


def _rated(problem: Problem) -> str:
    steps = problem.difficulty
    level = ("easy", "easy", "medium", "hard")[min(steps, 3)]
    return f"This is {level}: it takes {_count(steps, 'step')}.\nEdge cases: {_pitfall(problem)}"


def _described(problem: Problem) -> str:
    return (
        f"{_numbered(_all_steps(problem))}\nThis is fast enough, so nothing is to be made better."
    )


def _several(problem: Problem) -> str:
    return _numbered(
        [
            f"A line for each step. {' '.join(problem.steps)} It takes linear time.",
            "A function for each step. It takes as long.",
        ]
    )


def _signatures(problem: Problem) -> str:
    return fenced(
        "\n".join(f'def {name}(a):\n    """{words}"""\n' for name, words in problem.helpers)
    )


def _variables(problem: Problem) -> str:
    return _points(*(f"{name}, {kind}: {holds}" for name, kind, holds in problem.variables))


REASONED: Mapping[str, Callable[[Problem], str]] = {
    "self-reflection": _restated,
    "explain-io": _examples,
    "problem-tags": _tagged,
    "difficulty": _rated,
    "natural-language-solution": _described,
    "multiple-solutions": _several,
    "helper-docstrings": _signatures,
    "intermediate-variables": _variables,
}
"""The answers to reasoning prompts, by the prompt's id."""


def _with_functions(problem: Problem) -> str:
    return fenced(problem.with_functions())


def _with_comments(problem: Problem) -> str:
    return fenced(problem.with_comments())


def _checked(problem: Problem) -> str:
    return (
        f"{plain(problem)}\nChecked: no module is needed, every variable has a value before it is "
        "used, and the limits are kept."
    )


def _twice(problem: Problem) -> str:
    return (
        f"A simple program; it is weak in that it is long.\n{_with_functions(problem)}\n"
        f"A better one.\n{plain(problem)}"
    )


def _step_by_step(problem: Problem) -> str:
    return f"{_numbered(_all_steps(problem))}\n{plain(problem)}"


INSTRUCTED: Mapping[str, Callable[[Problem], str]] = {
    "comment-lines": _with_comments,
    "docstrings": _with_functions,
    "double-check": _checked,
    "guidelines": _with_functions,
    "helper-functions": _with_functions,
    "step-by-step": _step_by_step,
    "two-solutions": _twice,
}
"""The answers that hold a program in the form asked for, by the id of the instruction."""


def explained(problem: Problem, wrong: str) -> str:
    """What is wrong with a program: its lines beside those of the reference."""
    is_, should = wrong.splitlines(), problem.program.splitlines()
    changes = [
        _changed(is_[a:b], should[c:d])
        for kind, a, b, c, d in SequenceMatcher(None, is_, should, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    return _points(*changes)


def reflected(problem: Problem, wrong: str) -> str:
    """What is wrong with a program, and what to do instead."""
    return f"{explained(problem, wrong)}\nNext time:\n{_numbered(_all_steps(problem))}"


def _changed(is_: Sequence[str], should: Sequence[str]) -> str:
    before, after = (f"`{'; '.join(lines)}`" for lines in (is_, should))
    if not is_:
        return f"{after} is missing."
    return f"{before} should be {after}." if should else f"{before} is too much."


def _all_steps(problem: Problem) -> list[str]:
    return [f"Read {problem.plan.source.name}.", *problem.steps, "Print the result."]


def _pitfall(problem: Problem) -> str:
    nothing = problem.plan.nothing
    return f"for an empty result print {nothing}." if nothing else "none."


def _points(*lines: str) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _numbered(lines: Iterable[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _shown(value: object) -> str:
    """A value as a program prints it, rows with commas between them."""
    if not isinstance(value, list):
        return str(value)
    rows = [" ".join(map(str, row)) if isinstance(row, tuple) else str(row) for row in value]
    return (", " if any(isinstance(row, tuple) for row in value) else " ").join(rows) or "nothing"
