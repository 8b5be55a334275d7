"""The judge accepts every reference of the contest, and rejects every wrong program listed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import evalcore_microcoder.contest
from evalcore_codecontests import checkers
from evalcore_codecontests.judge import IsolationError, Judge, Program
from evalcore_codecontests.readers import read_problems

FILE = Path(evalcore_microcoder.contest.__file__).with_name("problems.jsonl")
ROWS = {row["name"]: row for row in map(json.loads, FILE.read_text("utf-8").splitlines())}


@pytest.fixture(scope="module")
def verdicts():
    try:
        judge = Judge(workers=2)
    except IsolationError as error:
        pytest.skip(str(error))
    tokens = checkers.get("tokens")
    problems = {problem.id: problem for problem in read_problems(FILE, format="codecontests")}

    def verdict(pair):
        name, code = pair
        return judge.judge(problems[name], Program("python", code), checker=tokens).verdict.value

    with judge, ThreadPoolExecutor(2) as threads:
        yield lambda pairs: list(threads.map(verdict, pairs))


def programs(kind):
    return [(name, code) for name, row in ROWS.items() for code in row[kind]["solution"]]


def test_every_reference_is_accepted(verdicts):
    references = programs("solutions")
    assert len(references) == len(ROWS)
    assert set(verdicts(references)) == {"accepted"}


def test_every_wrong_program_is_rejected(verdicts):
    wrong = programs("incorrect_solutions")
    assert len(wrong) >= 2 * len(ROWS)
    assert set(verdicts(wrong)) <= {"wrong-answer", "runtime-error"}
