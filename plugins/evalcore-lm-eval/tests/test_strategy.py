"""The strategy: the requests of a document become calls of the model."""

from __future__ import annotations

import asyncio

import pytest
from conftest import TASKS

from evalcore.data import Generation, Likelihood, Message, Sample
from evalcore.errors import EvalcoreError
from evalcore.settings import Settings
from evalcore.testing import StrategyContract
from evalcore_lm_eval.requests import (
    Completion,
    Likeliness,
    Requests,
    WholeText,
    WholeTextLikeliness,
)
from evalcore_lm_eval.strategy import LmEval


class TestContract(StrategyContract):
    component = "lm-eval"
    public = Requests((Completion("go on", ("\n",), 9, 0.7, 0.9), Completion("on", (), 9, 0, None)))


class Model:
    """Notes what it is asked."""

    def __init__(self, fails=""):
        self.asked = []
        self.finished = []
        self.fails = fails

    async def generate(self, messages, **options):
        self.asked.append((messages, options))
        others = tuple(Generation(f"text {i}") for i in range(1, options["n"]))
        return Generation("text 0", others=others)

    async def loglikelihood(self, context, text):
        self.asked.append((context, text))
        if text == self.fails:
            raise ValueError(text)
        await asyncio.sleep(0.01)
        self.finished.append(text)
        return Likelihood(-float(len(text)), greedy=True)


def attempt(model, *requests, repeats=1):
    class Context:
        def __init__(self):
            self.model = model

    sample = Sample("a", "input", Requests(requests, repeats))
    return asyncio.run(LmEval(Settings()).attempt(sample, Context()))


@pytest.mark.parametrize(("temperature", "n"), [(0.0, 1), (0.7, 3)])
def test_repeats_are_sampled_in_one_call_or_not_at_all(temperature, n):
    model = Model()
    done = attempt(model, Completion("p", (".",), 5, temperature, 0.9), repeats=3)
    texts = ["text 0", "text 1", "text 2"] if n == 3 else ["text 0"] * 3
    assert done.answer == [texts]
    assert done.messages == (Message("user", "p"), Message("assistant", "text 0"))
    options = {"temperature": temperature, "top_p": 0.9, "max_tokens": 5, "stop": (".",)}
    assert model.asked == [("p", {**options, "n": n, "raw": True})]


def test_a_dialogue_is_not_raw():
    model = Model()
    dialogue = (Message("user", "hello"),)
    attempt(model, Completion(dialogue, (), 5, 0.0, None))
    assert model.asked[0][0] == dialogue
    assert model.asked[0][1]["raw"] is False


def test_likelihoods_come_in_the_order_of_the_requests():
    model = Model()
    done = attempt(model, *(Likeliness("p", "x" * n) for n in (3, 1, 2)), repeats=2)
    assert done.answer == [[[-float(n), True]] * 2 for n in (3, 1, 2)]


def test_blanks_at_the_end_move_to_what_follows():
    model = Model()
    requests = [Likeliness("p \n", "x"), Likeliness(" ", "x"), Likeliness("", "x")]
    attempt(model, *requests)
    assert model.asked == [("p", " \nx"), (" ", "x"), ("", "x")]


def test_a_whole_text_has_a_context_of_its_own():
    model = Model()
    done = attempt(model, WholeTextLikeliness("all of it"), repeats=2)
    assert done.answer == [[-9.0, -9.0]]
    ((context, _),) = model.asked
    assert isinstance(context, WholeText)


def test_the_rest_is_given_up_where_one_fails():
    model = Model(fails="b")
    with pytest.raises(ValueError, match="b"):
        attempt(model, *(Likeliness("p", text) for text in "abc"))
    assert len(model.asked) == 3
    assert model.finished == []


def test_samples_of_other_tasks_are_refused(evalcore_run, evalcore_offer, tmp_path):
    (tmp_path / "q.jsonl").write_text('{"question": "a", "answer": "b"}\n')
    (tmp_path / "a.jsonl").write_text('{"sample": "0", "answer": "b"}\n')
    spec = {"task": {"use": "jsonl", "path": "q.jsonl"}, "strategy": "lm-eval"}
    run = evalcore_run(spec)
    (item,) = run.records
    assert item.failure.kind == "strategy"
    assert "makes the requests of the task `lm-eval`" in item.failure.message


def test_a_plain_strategy_may_answer_for_it(evalcore_run, evalcore_offer):
    from evalcore.testing import scripted

    evalcore_offer("parrot", scripted(lambda request: "it comes Tuesday."))
    task = {"use": "lm-eval", "task": "gen", "include_path": str(TASKS)}
    spec = {"task": task, "models": {"m": "offered:parrot"}, "strategy": "single",
            "metrics": ["lm-eval"]}  # fmt: skip
    run = evalcore_run(spec)
    assert run.value("lm-eval/exact_match,strict") == 0.1


def test_the_error_of_the_context_is_not_hidden():
    with pytest.raises(EvalcoreError, match="makes the requests"):
        asyncio.run(LmEval(Settings()).attempt(Sample("a", "input"), None))
