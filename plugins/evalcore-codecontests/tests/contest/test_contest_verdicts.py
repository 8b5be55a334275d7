"""The judge gives every program of the contest the verdict that it earns.

Python programs are judged for all problems, the others, which have to be compiled, for every third;
EVALCORE_ALL_PROGRAMS=1 judges them all.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from contest_sources import build, sources

from evalcore_codecontests import checkers
from evalcore_codecontests.judge import IsolationError, Judge, Program
from evalcore_codecontests.readers import read_problems

ALL = os.environ.get("EVALCORE_ALL_PROGRAMS") == "1"
NAMES = sources.names()
PROGRAMS = build.read(build.DATA / "programs.jsonl")
TOOLS = {"cpp": "g++", "java": "javac"}


@pytest.fixture(scope="module")
def problems():
    return {problem.id: problem for problem in read_problems(build.DATA / "problems.jsonl")}


@pytest.fixture(scope="module")
def judge():
    try:
        judge = Judge(workers=2)
    except IsolationError as error:
        pytest.skip(str(error))
    with judge:
        yield judge


@pytest.mark.parametrize(
    ("name", "language"),
    [(name, "python") for name in NAMES]
    + [(name, language) for language in TOOLS for name in (NAMES if ALL else NAMES[::3])],
)
def test_programs_earn_their_verdicts(judge, problems, name, language):
    tool = TOOLS.get(language)
    if tool and shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    own = [p for p in PROGRAMS if (p["problem"], p["language"]) == (name, language)]

    def verdict(program):
        judgement = judge.judge(
            problems[name], Program(language, program["code"]), checker=checkers.get("tokens")
        )
        return judgement.verdict.value

    with ThreadPoolExecutor(2) as threads:
        earned = dict(zip((p["program"] for p in own), threads.map(verdict, own), strict=True))
    assert earned == {p["program"]: p["expected"] for p in own}
