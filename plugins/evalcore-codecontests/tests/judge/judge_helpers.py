from __future__ import annotations

from typing import Any

from evalcore_codecontests.problem import Problem, Test


def stdio_problem(tests: Any, **fields: Any) -> Problem:
    pairs = tuple(Test(*pair) for pair in tests)
    return Problem("p", "p", "", hidden_tests=pairs, **fields)
