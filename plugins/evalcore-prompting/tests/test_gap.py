"""The gap between public and hidden tests: nothing that a strategy can reach holds a hidden one.

A strategy that keeps whatever it gets runs over the contest of evalcore-codecontests, with programs
that fail in every way, and the test follows each attribute, item and cause from there. It follows
no frames of the interpreter: from its own, a strategy gets anywhere in the process.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType, TracebackType
from typing import Any

import pytest

from evalcore.data import Attempt
from evalcore.settings import Settings
from evalcore.strategy import Strategy
from evalcore.testing import scripted

judge = pytest.importorskip(
    "evalcore_codecontests.judge", reason="evalcore-codecontests is not installed"
)
contests = pytest.importorskip("evalcore_codecontests.tasks")

WRONG = "```python\nimport sys\nprint(sys.stdin.read())\n```"
CRASHING = "```python\nimport sys\nraise KeyError(sys.stdin.read())\n```"
UNFINISHED = "```python\nprint(\n```"
WITHOUT_END = "```python\nwhile True: pass\n```"
SNOOPING = """\
```python
import os

for folder, _, files in os.walk("/"):
    for file in files:
        if file.startswith("problems"):
            print(open(os.path.join(folder, file)).read())
```
"""
ANSWERS = [WRONG, CRASHING, UNFINISHED, "```\n```", "No sé.", "\0", "", None, 5]
SLOW_ANSWERS = [WITHOUT_END, SNOOPING]
"""For the first problem alone."""

HALF_THE_TIME = {"time_factor": {"python": 0.5}}
CHANCE = 6
"""A hidden text of fewer characters may stand anywhere by chance."""


class Keeping(Strategy[Settings]):
    """Keeps all that it gets, in `kept` by the id of the sample."""

    kept: dict[str, list[Any]]

    async def attempt(self, sample, context):
        first = not self.kept
        mine = self.kept.setdefault(sample.id, [sample, context, context.models, context.model])
        for answer in ANSWERS + (SLOW_ANSWERS if first else []):
            try:
                mine.append(await context.feedback(answer))
            except Exception as error:
                mine.append(error)
        mine.append(await context.model.generate(sample.input))
        return Attempt(WRONG)


@pytest.fixture(scope="module")
def secrets():
    """The texts of each problem's hidden tests that stand nowhere in its public side, by its id."""
    task = contests.Contest(contests.ContestSettings())
    return {case.sample.id: _secrets(case) for case in task.cases()}


@pytest.fixture(scope="module", autouse=True)
def _isolation():
    """A program may only look for the tests where it can find none."""
    task = contests.Contest(contests.ContestSettings(workers=1))
    try:
        task.open()
    except judge.IsolationError as error:
        pytest.skip(str(error))
    task.close()


def _secrets(case):
    tests = case.sample.public.public_tests
    known = "\n".join([case.sample.input, *(text for test in tests for text in _texts(test))])
    hidden = {text for test in case.hidden.hidden_tests for text in _texts(test)}
    return {text for text in hidden if len(text) >= CHANCE and text not in known}


def _texts(test):
    return test.input.strip(), test.output.strip()


def test_nothing_that_a_strategy_gets_leads_to_a_hidden_test(
    evalcore_run, evalcore_offer, caplog, secrets
):
    caplog.set_level(logging.DEBUG)
    asked = []
    Keeping.kept = {}
    evalcore_offer("keeping", Keeping)
    evalcore_offer("author", scripted(lambda request: asked.append(request) or WRONG))
    run = evalcore_run(
        {
            "task": {"use": "contest", "workers": 1, "trace": True, **HALF_THE_TIME},
            "models": {"author": "offered:author"},
            "strategy": "offered:keeping",
        }
    )
    assert all(record.failure is None for record in run.records)
    assert Keeping.kept.keys() == secrets.keys()
    for id_, kept in Keeping.kept.items():
        requests = [request for request in asked if request.sample == id_]
        said = "\n".join(reached([*kept, requests]))
        assert all(test.input.strip() in said for test in kept[0].public.public_tests)
        assert not found(secrets[id_], said), id_
    logged = "\n".join(reached([vars(record) for record in caplog.records]))
    assert not any(found(texts, logged) for texts in secrets.values())


@pytest.mark.parametrize("grain", ["all-tests", "traced"])
def test_no_dialogue_holds_a_hidden_test(evalcore_run, evalcore_offer, secrets, grain):
    answers = [WRONG, CRASHING, UNFINISHED]
    evalcore_offer("author", scripted(lambda request: answers[request.call]))
    run = evalcore_run(
        {
            "task": {"use": "contest", "workers": 1, "trace": grain == "traced"},
            "models": {"author": "offered:author"},
            "strategy": {"use": "multi-turn", "feedback": grain, "feedback_tokens": 25_000},
        }
    )
    assert {record.sample for record in run.records} == secrets.keys()
    for record in run.records:
        said = "\n".join(reached([record.messages, record.details, record.answer]))
        assert not found(secrets[record.sample], said), record.sample


def test_what_looks_for_secrets_finds_them(secrets):
    task = contests.Contest(contests.ContestSettings())
    for case in task.cases():
        assert secrets[case.sample.id]
        error = ValueError("wrong")
        error.__cause__ = KeyError([{"test": (case.hidden,)}])
        assert found(secrets[case.sample.id], "\n".join(reached([error])))


def found(secrets, text):
    return [secret for secret in secrets if secret in text]


def reached(roots):
    """Every text that attributes, items and causes lead to."""
    met, waiting, texts = {}, list(roots), []
    while waiting:
        thing = waiting.pop()
        if id(thing) in met or isinstance(thing, _LEFT_OUT):
            continue
        met[id(thing)] = thing  # held, so that no other thing gets its id
        if isinstance(thing, str | bytes):
            texts.append(thing if isinstance(thing, str) else thing.decode("utf-8", "replace"))
        else:
            waiting += _parts(thing)
    return texts


_LEFT_OUT = (type, ModuleType, FunctionType, BuiltinFunctionType, TracebackType, int, float)


def _parts(thing):
    if isinstance(thing, Mapping):
        return [*thing.keys(), *thing.values()]
    if isinstance(thing, list | tuple | set | frozenset):
        return [*thing, *vars(thing).values()] if hasattr(thing, "__dict__") else list(thing)
    if isinstance(thing, MethodType):
        return [thing.__self__]
    if isinstance(thing, BaseException):
        told = "".join(traceback.format_exception(thing))
        return [told, repr(thing), thing.args, thing.__cause__, thing.__context__, vars(thing)]
    names = [name for name in dir(thing) if not name.startswith("__")]
    return [repr(thing), *(_value(thing, name) for name in names)]


def _value(thing, name):
    try:
        return getattr(thing, name)
    except Exception as error:
        return error
