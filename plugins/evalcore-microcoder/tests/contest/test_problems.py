"""The file of the contest is what its script writes, and holds what the contest promises."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import evalcore_microcoder.contest
from evalcore_codecontests.readers import read_problems
from evalcore_microcoder.contest.build import HIDDEN, contest, written, wrong_plans
from evalcore_microcoder.world.chance import seeded
from evalcore_microcoder.world.split import split_of

FILE = Path(evalcore_microcoder.contest.__file__).with_name("problems.jsonl")


@pytest.fixture(scope="module")
def made():
    return list(contest())


def test_the_script_writes_the_file_again(made):
    assert written(made) == FILE.read_text("utf-8")


def test_the_file_is_in_the_fields_of_codecontests(made):
    read = list(read_problems(FILE, format="codecontests"))
    assert [problem.id for problem in read] == [problem.id for problem in made]
    for problem, source in zip(read, made, strict=True):
        assert problem.statement == source.statement
        assert len(problem.public_tests) == 2
        assert len(problem.hidden_tests) in HIDDEN
        assert problem.time_limit == 2
        assert problem.tags == source.tags


def test_sources_and_depths_are_in_balance(made):
    assert len(made) == 240
    assert set(Counter(problem.plan.source.type for problem in made).values()) == {48}
    assert 80 < sum(problem.difficulty == 2 for problem in made) < 160
    first = made[:50]
    assert set(Counter(problem.plan.source.type for problem in first).values()) == {10}
    assert 10 < sum(problem.difficulty == 2 for problem in first) < 40


def test_no_problem_is_of_a_composition_to_train_on(made):
    assert {split_of(problem.composition) for problem in made} == {"contest"}
    assert len({problem.composition for problem in made}) == len(made)


def test_hidden_tests_find_mistakes(made):
    """Of the wrong programs that 200 more inputs find, the tests find 99 in 100."""
    found = missed = 0
    for problem in made:
        rng = seeded("more inputs", problem.id)
        inputs = [problem.plan.source.draw(rng, rng.randint(0, 8)) for _ in range(200)]
        more = [(given, problem.plan.output(given)) for given in inputs]
        for wrong in wrong_plans(problem):
            if fails(wrong, problem.public_tests + problem.hidden_tests):
                found += 1
            elif fails(wrong, more):
                missed += 1
    assert found > 3_000
    assert found / (found + missed) > 0.99


def fails(plan, tests):
    return not all(plan.passes(*test) for test in tests)
