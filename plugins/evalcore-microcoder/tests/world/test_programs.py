from __future__ import annotations

from itertools import islice
from random import Random

import pytest
from executed import executed

from evalcore_microcoder.world import problems
from evalcore_microcoder.world.mistakes import mistaken


@pytest.fixture(scope="module", params=["training", "validation", "contest"])
def some(request):
    return list(islice(problems(request.param, 3), 150))


def test_every_way_to_write_the_reference_passes_the_tests(some):
    for problem in some:
        for program in (problem.program, problem.with_comments(), problem.with_functions()):
            for given, expected in problem.public_tests + problem.hidden_tests:
                assert executed(program, given) == expected, (problem.id, program, given)


def test_a_plan_says_what_its_program_prints_right_or_wrong(some):
    for problem in some:
        for plan in mistaken(problem.plan, Random(0)):
            if plan.possible:
                for given, _ in problem.public_tests + problem.hidden_tests:
                    assert plan.output(given) == executed(plan.program(), given), plan.program()


def test_mistakes_are_different_programs_that_fail_a_test(some):
    for problem in some:
        programs = list(problem.mistakes(Random(0)))
        assert len(programs) >= 2
        assert len({problem.program, *programs}) == len(programs) + 1
        for program in programs:
            tests = problem.public_tests + problem.hidden_tests
            outputs = [(executed(program, given), expected) for given, expected in tests]
            assert any(out is None or out.split() != right.split() for out, right in outputs)
            assert 3 <= program.count("\n") <= 8 or problem.difficulty == 1


def test_references_are_short(some):
    for problem in some:
        assert 3 <= problem.program.count("\n") <= 8
        assert len(problem.statement.split()) <= 120


def test_variables_and_helpers_are_those_of_the_programs(some):
    for problem in some:
        names = [name for name, _, _ in problem.variables]
        assert names == list("abcd"[: problem.difficulty + 1])
        assert all(f"\n{name} = " in "\n" + problem.program for name in names)
        for name, purpose in problem.helpers:
            assert f'def {name}(a):\n    """{purpose}"""\n' in problem.with_functions()
