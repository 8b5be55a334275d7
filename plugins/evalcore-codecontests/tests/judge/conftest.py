from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from judge_helpers import stdio_problem

from evalcore_codecontests import checkers
from evalcore_codecontests.judge import IsolationError, Judge, Judgement, Program
from evalcore_codecontests.problem import CallTest, Problem

TOOLS = {"cpp": "g++", "java": "javac"}


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    try:
        judge = Judge(workers=2)
    except IsolationError as error:
        pytest.skip(str(error))
    with judge:
        yield judge


@pytest.fixture
def ask(judge: Judge) -> Callable[..., Judgement]:
    """`ask(code, [(input, output), ...])`: a judgement of a program."""

    def ask(code: str, tests: Any = (("", ""),), language: str = "python", **how: Any) -> Judgement:
        tool = TOOLS.get(language)
        if tool and shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
        return judge.judge(
            stdio_problem(tests), Program(language, code), checker=checkers.get("tokens"), **how
        )

    return ask


@pytest.fixture
def ask_call(judge: Judge) -> Callable[..., Judgement]:
    """`ask_call(code, [(args, output), ...])`: a judgement of a function `f`."""

    def ask(code: str, tests: Any, **how: Any) -> Judgement:
        pairs = tuple(CallTest(args, output) for args, output in tests)
        problem = Problem("p", "p", "", hidden_tests=pairs, fn_name="f")
        program = Program("python", code)
        return judge.judge(problem, program, checker=checkers.get("tokens"), **how)

    return ask
