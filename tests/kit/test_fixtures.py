"""The fixtures that pytest finds wherever evalcore is installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evalcore import Generation, LanguageModel, Settings, SpecError
from evalcore.plugins import registry
from evalcore.testing import Offer, record, scores_of, scripted


@pytest.fixture
def questions(tmp_path):
    (tmp_path / "questions.jsonl").write_text(
        '{"id": "a", "question": "2 + 3", "answer": "5"}\n'
        '{"id": "b", "question": "2 + 4", "answer": "6"}\n',
        encoding="utf-8",
    )
    return {"use": "jsonl", "path": "questions.jsonl"}


def test_run_gives_records_and_results(evalcore_run, evalcore_offer, questions):
    evalcore_offer("script", scripted(lambda request: {"a": "5"}.get(request.sample, "?")))
    run = evalcore_run({"task": questions, "models": {"m": "script"}})
    assert run.outcome.code == 0
    assert [(item.sample, item.score.value) for item in run.records] == [("a", 1.0), ("b", 0.0)]
    assert run.value("mean") == 0.5
    assert [result.metric for result in run.results] == ["mean"]
    assert [item.usage.prompt_tokens for item in run.records] == [3, 3]


def test_run_takes_text_and_a_limit(evalcore_run, evalcore_offer, questions):
    evalcore_offer("script", scripted(lambda request: "5"))
    spec = (
        "evalcore: 1\nname: written\ntask: {use: jsonl, path: questions.jsonl}\n"
        "models: {m: script}\nreports: []\n"
    )
    assert evalcore_run(spec, limit=1).value("mean") == 1.0
    assert evalcore_run(spec).value("mean") == 0.5


def test_unknown_value_names_what_there_is(evalcore_run, evalcore_offer, questions):
    evalcore_offer("script", scripted(lambda request: "5"))
    run = evalcore_run({"task": questions, "models": {"m": "script"}})
    with pytest.raises(KeyError, match=r"no 'meen' of cell 'base'; there are .*'mean'"):
        run.value("meen")


def test_what_a_script_raises_fails_the_attempt(evalcore_run, evalcore_offer, questions):
    def reply(request):
        raise ValueError("out of answers")

    evalcore_offer("script", scripted(reply))
    run = evalcore_run({"task": questions, "models": {"m": "script"}})
    assert [item.failure.kind for item in run.records] == ["model", "model"]
    assert "out of answers" in run.records[0].failure.message
    assert run.outcome.code == 1


class Shout(LanguageModel["ShoutSettings"]):
    async def generate(self, request):
        return Generation(self.settings.word.upper())


class ShoutSettings(Settings):
    word: str
    """What is shouted."""


def test_offered_component_has_its_settings_checked(evalcore_run, evalcore_offer, questions):
    evalcore_offer("shout", Shout, settings=ShoutSettings)
    run = evalcore_run({"task": questions, "models": {"m": {"use": "shout", "word": "five"}}})
    assert {item.answer for item in run.records} == {"FIVE"}
    with pytest.raises(SpecError, match="did you mean 'word'"):
        evalcore_run({"task": questions, "models": {"m": {"use": "shout", "wird": "x"}}})


def test_offer_ends_with_its_test():
    def models():
        return {found.component.name for found in registry().components("model")}

    before = models()
    with Offer() as offer:
        offer("one", scripted(str))
        offer("two", scripted(str))
        assert models() == before | {"one", "two"}
    assert models() == before
    assert "evalcore_offered" not in sys.modules


def test_offer_refuses_what_is_no_component(evalcore_offer):
    with pytest.raises(TypeError, match="found dict, expected a class derived from Task or"):
        evalcore_offer("x", dict)


def test_scores_are_those_of_a_run(tmp_path):
    records = [
        record("b", 0.5, label="half", details={"k": {"deep": 1}}, strategy={"turns": 2}),
        record("a", None, attempt=1),
        record("a", 1.0, label="full", answer="x"),
    ]
    with scores_of(records, tmp_path / "run.db") as scores:
        assert scores.failed.tolist() == [False, True, False]
        assert scores.sample.tolist() == [0, 0, 1]
        assert scores.attempt.tolist() == [0, 1, 0]
        assert scores.column("value")[[0, 2]].tolist() == [1.0, 0.5]
        codes, labels = scores.labels()
        assert ([int(code) for code in codes], labels) == ([0, -1, 1], ["full", "half"])
        assert [item.answer for item in scores.records()] == ["x", "", ""]
        assert scores.details("score.k.deep") == [None, None, 1]
        assert scores.details("details.turns") == [None, None, 2]
        assert scores.details("metadata.source.x") == [None] * 3
        paths = ("details.turns", "score.k", "metadata.x")
        assert scores.details(*paths) == ([None, None, 2], [None, None, {"deep": 1}], [None] * 3)
        for path in ("score", "body.answer", ""):
            with pytest.raises(ValueError, match=f"found path '{path}', expected `score.NAME`"):
                scores.details(path)


def test_pytest_plugin_imports_nothing_of_the_core():
    script = (
        "import sys, evalcore.testing.pytest_plugin;"
        "print(*(name for name in sys.modules if name.partition('.')[0] == 'evalcore'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == {
        "evalcore",
        "evalcore.testing",
        "evalcore.testing.pytest_plugin",
    }
