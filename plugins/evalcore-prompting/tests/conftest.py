from __future__ import annotations

import os
from pathlib import Path

import pytest
from doubling import STATEMENT, Doubling
from hypothesis import settings

from evalcore.testing import scripted

settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
settings.load_profile("no deadline")

_FOLDER = Path(__file__).parent / "golden"


@pytest.fixture
def golden():
    """Compares a text with a file of `golden/`; UPDATE_GOLDEN=1 writes the file instead."""

    def compare(name: str, text: str) -> None:
        file = _FOLDER / name
        if os.environ.get("UPDATE_GOLDEN"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def converse(evalcore_run, evalcore_offer):
    """Runs a strategy once against a model that gives these answers, and returns the record.

    Its `requests` are what the model was asked; `count` is how the model counts tokens.
    """

    def answer(request, answers):
        conversed.requests.append(request)
        return answers[request.call]

    def conversed(
        answers, strategy, *, statement=STATEMENT, task="offered:doubling", limit=1, count=None
    ):
        evalcore_offer("doubling", type("Doubling", (Doubling,), {"statement": statement}))
        model = scripted(lambda request: answer(request, answers))
        if count:
            model.count_tokens = lambda self, text: count(text)
        evalcore_offer("script", model)
        spec = {"task": task, "models": {"author": "offered:script"}, "strategy": strategy}
        (record,) = evalcore_run(spec, limit=limit).records
        assert record.failure is None, record.failure.traceback
        assert record.usage.calls == len(answers)
        return record

    conversed.requests = []
    return conversed
