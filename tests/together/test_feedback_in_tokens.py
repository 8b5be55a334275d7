"""Feedback is cut by the tokens of the model that reads it, as its own tokenizer counts them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalcore import Attempt, Case, Feedback, Generation, Sample, Score, Settings, Task
from evalcore_prompting import library
from evalcore_prompting.feedback import FeedbackText
from evalcore_prompting.lengths import tokens_of
from evalcore_transformers.model import Transformers
from evalcore_transformers.settings import TransformersSettings
from evalcore_transformers.testing import tiny_model

GREETING = "日本 안녕 👋🌍 Ça va, "
"""Of many tokens a character, which a guess by characters takes for few."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny", trained=False)


@pytest.fixture(scope="module")
def model(folder):
    return Transformers(TransformersSettings(model=str(folder)))


TEXTS = st.text("日본👋ab 1\n", max_size=200)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), each=st.integers(10, 60))
def test_nothing_is_longer_than_allowed(model, texts, each):
    test = dict(zip(("input", "expected", "got", "stderr"), texts, strict=True))
    failed = Feedback(passed=False, details={"tests": [{"verdict": "wrong-answer", **test}] * 3})
    told = FeedbackText(library(), "failed-tests", each, 80)(failed, tokens_of(model))
    assert 0 < model.count_tokens(told) <= 80


class Greetings(Task[Settings]):
    """One problem whose only test is a long greeting, and which no program solves."""

    def cases(self):
        yield Case(Sample("greet", "Greet everyone."))

    def feedback(self, case, answer):
        test = {"verdict": "wrong-answer", "input": GREETING * 50, "expected": "1", "got": "2"}
        return Feedback(passed=False, details={"tests": [test]})

    def score(self, case, attempt: Attempt):
        return Score(0.0)


def test_a_dialogue_measures_with_the_model_at_hand(evalcore_run, evalcore_offer, folder):
    class Writer(Transformers):
        """The tiny model, but for its answers."""

        async def generate(self, request):
            return Generation("```python\nprint(2)\n```")

    evalcore_offer("greetings", Greetings)
    evalcore_offer("writer", Writer, settings=TransformersSettings)
    spec = {
        "task": "offered:greetings",
        "models": {"writer": {"use": "offered:writer", "model": str(folder)}},
        "strategy": {"use": "multi-turn", "max_turns": 2, "test_tokens": 100},
        "metrics": ["mean"],
    }
    (record,) = evalcore_run(spec).records
    shown = record.messages[2].content.partition("Input:\n")[2].partition("\nExpected")[0]
    writer = Transformers(TransformersSettings(model=str(folder)))
    assert 96 <= writer.count_tokens(shown) <= 98
    assert shown.startswith(GREETING)
    assert shown.endswith("...")
