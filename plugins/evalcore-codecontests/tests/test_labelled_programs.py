"""The judge against verdicts that others recorded, on real programs.

Every set is judged in part, chosen so that all of it takes minutes; `benchmarks/agreement.py`
judges the whole.
"""

from __future__ import annotations

import shutil

import pytest
from labelled_programs import KNOWN, SETS, judged

from evalcore_codecontests.judge import IsolationError, Judge

TOOLS = {"cpp": "g++", "java": "javac", "python": "python3"}
EVERY = {"apps128": 5, "humaneval": 12}  # of these sets, every so-manieth program
CHEAP = 0.3  # of jury submissions, those that take less CPU seconds for one test


@pytest.fixture(scope="module")
def judge():
    try:
        judge = Judge(workers=2)
    except IsolationError as error:
        pytest.skip(str(error))
    with judge:
        yield judge


def _sample(name, sets):
    cases = list(SETS[name](sets))[:: EVERY.get(name, 1)]
    return [
        case for case in cases if case.cost < CHEAP and shutil.which(TOOLS[case.program.language])
    ]


@pytest.mark.parametrize("name", SETS)
def test_verdicts_agree_except_where_it_is_known_why(name, sets, judge):
    cases = _sample(name, sets)
    differing = {
        (name, case.problem.id, case.name): judgement.verdict
        for case, judgement in judged(judge, cases)
        if judgement.verdict not in case.agrees
    }
    print(f"{name}: {len(cases) - len(differing)} of {len(cases)} verdicts agree")
    sampled = {(name, case.problem.id, case.name) for case in cases}
    expected = {
        key: known.verdict
        for key, known in KNOWN.items()
        if key in sampled and (known.always or key in differing)
    }
    assert len(cases) > 0
    assert differing == expected
