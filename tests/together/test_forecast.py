"""No dialogue reads more than was forecast, however much the task has to tell."""

from __future__ import annotations

import json

import pytest

from evalcore.data import Case, Feedback, Generation, Sample, Score
from evalcore.forecast import forecast
from evalcore.model import LanguageModel
from evalcore.settings import Settings
from evalcore.spec import load_spec
from evalcore.task import Task

LONG = "what a program prints when it never stops to print " * 300
ANSWER = "```python\nprint(" + " ".join(["0"] * 40) + ")\n```"
TEST = {"verdict": "wrong-answer", "input": LONG, "expected": LONG, "got": LONG, "stderr": LONG}
BLOCK = {"code": "print(0)", "before": {"a": LONG[:60]}, "after": {"b": LONG[:60]}}


class Talkative(Task[Settings]):
    """Fails every program, and tells all that there is to tell."""

    def cases(self):
        return (Case(Sample(f"s{i}", f"Print the number {i}.", ())) for i in range(2))

    def score(self, case, attempt):
        return Score(0.0)

    def feedback(self, case, answer):
        trace = {"blocks": [BLOCK] * 80, "omitted": 900}
        return Feedback(False, LONG, {"tests": [TEST] * 40, "trace": trace})


class Words(LanguageModel[Settings]):
    """Counts words."""

    async def generate(self, request):
        read = sum(self.count_tokens(message.content) for message in request.messages)
        return Generation(ANSWER, "stop", read, self.count_tokens(ANSWER))

    def count_tokens(self, text):
        return len(text.split())


@pytest.mark.parametrize("use", ["multi-turn", "cot-retry", "self-repair", "reflexion"])
@pytest.mark.parametrize("feedback", ["binary", "failed-tests", "all-tests", "traced"])
def test_no_dialogue_reads_more_than_was_forecast(
    tmp_path, evalcore_offer, evalcore_run, use, feedback
):
    evalcore_offer("talkative", Talkative)
    evalcore_offer("words", Words)
    limit = len(ANSWER.split())
    strategy = {"use": use, "feedback": feedback, "max_turns": 4, "max_tokens": limit}
    spec = {"evalcore": 1, "name": "t", "task": "offered:talkative", "strategy": strategy}
    spec["models"] = {"m": "offered:words"}
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(spec))
    told = forecast(load_spec(file)).total
    records = evalcore_run(spec).records
    assert [record.failure for record in records] == [None, None]
    assert sum(record.usage.calls for record in records) == told.calls
    read = sum(record.usage.prompt_tokens for record in records)
    assert read / 1.01 <= told.prompt_tokens <= 2 * read  # what is shown are whole blocks
