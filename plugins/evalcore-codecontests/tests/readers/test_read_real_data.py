"""Real problems, read whole."""

from __future__ import annotations

import gzip
import json

import pytest

from evalcore_codecontests.readers import read_problems


def rows(path):
    with gzip.open(path, "rt") as lines:
        yield from map(json.loads, lines)


@pytest.mark.parametrize("name", ["jury_exact", "jury_special_judge"])
def test_jury_packages_in_the_schema_of_codecontests(sets, name):
    path = sets / f"{name}.jsonl.gz"
    problems = list(read_problems(path))
    assert len({problem.id for problem in problems}) == len(problems) > 0
    for row, problem in zip(rows(path), problems, strict=True):
        assert problem.time_limit == row["time_limit"]["seconds"]
        assert problem.memory_limit == 2**30
        assert [test.input for test in problem.public_tests] == row["public_tests"]["input"]
        assert [test.output for test in problem.hidden_tests] == row["private_tests"]["output"]


def test_codecontests_problems_with_all_their_tests(sets, tmp_path):
    path = tmp_path / "codecontests.jsonl"
    stored = list(rows(sets / "codecontests20_tests.jsonl.gz"))
    path.write_text(
        "".join(json.dumps(row | {"private_tests": row["tests"]}) + "\n" for row in stored)
    )
    problems = list(read_problems(path))
    assert [problem.name for problem in problems] == [row["name"] for row in stored]
    assert [problem.difficulty for problem in problems] == [row["difficulty"] for row in stored]
    assert all(problem.source == "CODEFORCES" for problem in problems)
    for row, problem in zip(stored, problems, strict=True):
        assert [test.input for test in problem.hidden_tests] == row["tests"]["input"]


def test_apps_problems_that_read_and_that_are_called(sets):
    problems = list(read_problems(sets / "apps_train5_coderl.jsonl.gz"))
    called = {problem.id: problem for problem in problems if problem.fn_name}
    assert len(problems) == 5
    assert {problem.fn_name for problem in called.values()} == {"findKthPositive", "is_prime"}
    for problem in called.values():
        for test in problem.public_tests + problem.hidden_tests:
            assert isinstance(test.args, tuple)


def test_taco_statements_without_tests(sets, tmp_path):
    path = tmp_path / "taco.jsonl"
    stored = list(rows(sets / "taco_test1000.jsonl.gz"))
    path.write_text(
        "".join(
            json.dumps({"id": row["id"], "question": row["prompt"], "input_output": ""}) + "\n"
            for row in stored
        )
    )
    problems = list(read_problems(path))
    assert [problem.id for problem in problems] == [row["id"] for row in stored]
    assert not any(problem.public_tests or problem.hidden_tests for problem in problems)
