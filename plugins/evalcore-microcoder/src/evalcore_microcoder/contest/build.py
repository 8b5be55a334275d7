"""Makes the contest: compositions in balance, tests that find the mistakes, the schema's fields."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from evalcore_microcoder.world.chance import seeded
from evalcore_microcoder.world.drawing import drawn
from evalcore_microcoder.world.mistakes import mistaken
from evalcore_microcoder.world.source import SOURCES
from evalcore_microcoder.world.split import compositions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from evalcore_microcoder.world.operation import Type
    from evalcore_microcoder.world.plan import Plan
    from evalcore_microcoder.world.problem import Problem, Test

__all__ = ["HIDDEN", "contest", "record", "written", "wrong_plans"]

SEED = "microcontest"
PER_SOURCE = 48
"""Problems of each source; half of two operations, where the split has as many, half of three."""
HIDDEN = range(8, 16)
"""How many hidden tests a problem may have."""
WRONG = 2
"""Wrong programs that a problem lists."""
CANDIDATES = 160
"""Inputs that hidden tests are chosen from."""

_PYTHON = 3
"""Python 3 in the schema's numbering of languages."""


def contest() -> Iterator[Problem]:
    """The problems of the contest, each of a composition of its own.

    The sources take turns, so that the first problems are a contest in balance as well.
    """
    for problems in zip(*map(_of_source, SOURCES), strict=True):
        yield from map(_with_telling_tests, problems)


def written(problems: Iterable[Problem]) -> str:
    """The text of a file of problems, one on a line."""
    return "".join(json.dumps(record(problem)) + "\n" for problem in problems)


def record(problem: Problem) -> dict[str, Any]:
    """A problem in the CodeContests schema."""
    wrong = [plan.program() for plan in _near_misses(problem)[:WRONG]]
    return {
        "name": problem.id,
        "description": problem.statement,
        "public_tests": _columns(problem.public_tests),
        "private_tests": _columns(problem.hidden_tests),
        "generated_tests": _columns(()),
        "source": 0,
        "difficulty": problem.difficulty,
        "solutions": _solutions([problem.program]),
        "incorrect_solutions": _solutions(wrong),
        "cf_contest_id": 0,
        "cf_index": "",
        "cf_points": 0.0,
        "cf_rating": 0,
        "cf_tags": list(problem.tags),
        "is_description_translated": False,
        "untranslated_description": "",
        "time_limit": {"seconds": 2, "nanos": 0},
        "memory_limit_bytes": 256 * 2**20,
        "input_file": "",
        "output_file": "",
    }


def wrong_plans(problem: Problem) -> list[Plan]:
    """Plans with one mistake, of all kinds; some may be right after all."""
    plans = [plan for draw in range(3) for plan in mistaken(problem.plan, seeded(SEED, draw))]
    return [*{plan.program(): plan for plan in plans if plan.possible}.values()]


def _of_source(source: Type) -> list[Problem]:
    """The problems of a source, in an order of chance."""
    pairs = list(islice(_of_depth(source, 2), PER_SOURCE // 2))
    chosen = [*pairs, *islice(_of_depth(source, 3), PER_SOURCE - len(pairs))]
    seeded(SEED, source).shuffle(chosen)
    return chosen


def _of_depth(source: Type, depth: int) -> Iterator[Problem]:
    """One problem for each composition in which every step shows, in an order of chance."""
    chosen = [
        composition
        for composition in compositions("contest")
        if (composition[0], len(composition[1:])) == (source, depth)
    ]
    seeded(SEED, source, depth).shuffle(chosen)
    for composition in chosen:
        name = "-".join(composition)
        problem = drawn(name, composition, seeded(SEED, name))
        if problem:
            yield problem


def _with_telling_tests(problem: Problem) -> Problem:
    """The problem with hidden tests that find as many mistakes as they can.

    The smallest inputs come first; then always the input that finds the most mistakes of those
    that are left.
    """
    plan = problem.plan
    rng = seeded(SEED, "tests", problem.id)
    sizes = (0, 1, *(rng.randint(2, 8) for _ in range(CANDIDATES)))
    inputs = dict.fromkeys(plan.source.draw(rng, size) for size in sizes)
    for given, _ in problem.public_tests:
        inputs.pop(given, None)
    tests = [(given, plan.output(given) or "") for given in inputs]
    wrong = wrong_plans(problem)
    found = [
        {place for place, other in enumerate(wrong) if not other.passes(*test)} for test in tests
    ]
    return replace(problem, hidden_tests=tuple(tests[place] for place in _covering(found)))


def _covering(found: list[set[int]]) -> list[int]:
    """The places of few sets that hold what all hold: the first two, then greedily."""
    chosen = [0, 1]
    left = set[int]().union(*found[2:]) - found[0] - found[1]
    while len(chosen) < max(HIDDEN) and (left or len(chosen) < min(HIDDEN)):
        others = (place for place in range(len(found)) if place not in chosen)
        best = max(others, key=lambda place: len(found[place] & left))
        chosen.append(best)
        left -= found[best]
    return chosen


def _near_misses(problem: Problem) -> list[Plan]:
    """The wrong plans that the tests find, those that pass the most tests first."""
    tests = problem.public_tests + problem.hidden_tests

    def passed(plan: Plan) -> int:
        return sum(plan.passes(*test) for test in tests)

    wrong = [plan for plan in wrong_plans(problem) if passed(plan) < len(tests)]
    return sorted(wrong, key=passed, reverse=True)


def _columns(tests: tuple[Test, ...]) -> dict[str, list[str]]:
    return {"input": [given for given, _ in tests], "output": [expected for _, expected in tests]}


def _solutions(programs: list[str]) -> dict[str, list[Any]]:
    return {"language": [_PYTHON] * len(programs), "solution": programs}
