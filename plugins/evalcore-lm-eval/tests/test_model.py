"""lm-eval's models as models of evalcore."""

from __future__ import annotations

import asyncio
import threading
from typing import ClassVar

import pytest
from lm_eval.api.model import LM
from lm_eval.api.registry import model_registry

from evalcore.data import Continuation, Generation, Likelihood, Message, Request
from evalcore.errors import EvalcoreError
from evalcore.model import TransientError
from evalcore.testing import ModelContract
from evalcore_lm_eval.model import LmEvalModel, LmEvalModelSettings
from evalcore_lm_eval.requests import WholeText


class Noting(LM):
    """Notes what it is asked, and on which threads; its tokens are words."""

    last: Noting
    free = threading.Event()
    max_length = 8

    def __init__(self, **arguments):
        super().__init__()
        Noting.last = self
        self.arguments = arguments
        self.batches = []
        self.threads = {threading.get_ident()}

    def _answers(self, requests, answer):
        self.free.wait(10)
        self.threads.add(threading.get_ident())
        arguments = [request.args for request in requests]
        self.batches.append(arguments)
        for args in arguments:
            if args[0] in ERRORS:
                raise ERRORS[args[0]]
        return [answer(i, *args) for i, args in enumerate(arguments)]

    def generate_until(self, requests):
        return self._answers(requests, lambda i, prompt, how: f"{prompt} {i}")

    def loglikelihood(self, requests, disable_tqdm=False):
        assert disable_tqdm
        return self._answers(requests, lambda i, before, text: (-1.5, True))

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        return self._answers(requests, lambda i, text: -2.5)

    def tok_encode(self, text, add_special_tokens=None):
        return list(range(len(text.split())))


class Templated(Noting):
    def apply_chat_template(self, chat_history, add_generation_prompt=True):
        turns = "".join(f"<{turn['role']}>{turn['content']}" for turn in chat_history)
        return turns + ("<assistant>" if add_generation_prompt else "")


class StatusError(Exception):
    def __init__(self, status):
        super().__init__(f"status {status}")
        self.status = status


class ClientConnectionError(Exception):
    pass


ERRORS = {
    "poison": ValueError("poisoned"),
    "busy": StatusError(429),
    "broken": StatusError(503),
    "wrong": StatusError(400),
    "away": ClientConnectionError("refused"),
    "late": TimeoutError("late"),
}


@pytest.fixture(scope="module", autouse=True)
def _registered():
    import lm_eval.models  # noqa: F401 - else lm-eval would take ours for all that there are

    model_registry.register("noting")(Noting)
    model_registry.register("templated")(Templated)
    Noting.free.set()
    yield
    for name in ("noting", "templated"):
        model_registry._objs.pop(name)


def within(work, model="noting", **settings):
    """What `work` makes of an open model."""

    async def run():
        given = {"model": model, **settings}
        opened = LmEvalModel(LmEvalModelSettings.model_validate(given))
        await opened.open()
        try:
            return await work(opened)
        finally:
            await opened.close()

    return asyncio.run(run())


def asked(text="hello you", **more):
    return Request((Message("user", text),), **more)


def arguments_of(request, **settings):
    """With what lm-eval's model was asked for a text."""
    within(lambda model: model.generate(request), **settings)
    ((arguments,),) = Noting.last.batches
    return arguments


class TestDummyContract(ModelContract):
    component = "lm-eval"
    settings: ClassVar = {"model": "dummy"}


def test_requests_that_wait_go_together_on_one_thread():
    async def work(model):
        Noting.free.clear()
        first = asyncio.ensure_future(model.generate(asked("first")))
        await asyncio.sleep(0.05)  # it is on its way, and the others gather
        rest = [model.generate(asked(f"then {i}")) for i in range(20)]
        rest += [model.loglikelihood(Continuation("before", f"text {i}")) for i in range(9)]
        waiting = asyncio.gather(first, *rest)
        await asyncio.sleep(0.05)
        Noting.free.set()
        return await waiting

    found = within(work)
    assert found[5].text == "then 4 4"
    assert found[-1] == Likelihood(-1.5, True, 3, 2)
    assert sorted(map(len, Noting.last.batches)) == [1, 9, 20]
    assert len(Noting.last.threads) == 1


def test_what_is_cancelled_before_its_turn_is_not_asked():
    async def work(model):
        Noting.free.clear()
        first = asyncio.ensure_future(model.generate(asked("first")))
        await asyncio.sleep(0.05)
        second = asyncio.ensure_future(model.generate(asked("second")))
        await asyncio.sleep(0.01)
        second.cancel()
        third = asyncio.ensure_future(model.generate(asked("third")))
        await asyncio.sleep(0.01)
        Noting.free.set()
        await asyncio.gather(first, third)

    within(work)
    prompts = [args[0] for batch in Noting.last.batches for args in batch]
    assert prompts == ["first", "third"]


def test_tokens_are_counted():
    found = within(lambda model: model.generate(asked("one two three", temperature=1.0, n=2)))
    other = Generation("one two three 1")
    assert found == Generation("one two three 0", "stop", 3, 8, others=(other,))


def test_without_sampling_one_answer_stands_for_all():
    found = within(lambda model: model.generate(asked("go", n=3)))
    assert [found.text, *(other.text for other in found.others)] == ["go 0"] * 3
    assert [len(batch) for batch in Noting.last.batches] == [1]


@pytest.mark.parametrize(
    ("request_", "settings", "expected"),
    [
        ({}, {}, {"do_sample": False, "temperature": 0.0, "until": []}),
        (
            {"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "stop": ("a",)},
            {"temperature": 0.1, "max_tokens": 1, "stop": ["b"]},
            {"do_sample": True, "temperature": 0.5, "top_p": 0.9, "max_gen_toks": 7,
             "until": ["a", "b"]},
        ),
        (
            {},
            {"temperature": 0.1, "top_p": 0.5, "max_tokens": 1},
            {"do_sample": True, "temperature": 0.1, "top_p": 0.5, "max_gen_toks": 1, "until": []},
        ),
        (
            {"temperature": 0.0, "top_p": 0.9},
            {"temperature": 1.0},
            {"do_sample": False, "temperature": 0.0, "until": []},
        ),
    ],
)  # fmt: skip
def test_arguments_are_those_of_the_request_then_of_the_settings(request_, settings, expected):
    _, arguments = arguments_of(asked(**request_), **settings)
    assert arguments == expected


@pytest.mark.parametrize(
    ("model", "chat", "raw", "expected"),
    [
        ("noting", None, False, "be brief\n\nhello"),
        ("templated", None, False, "<system>be brief<user>hello<assistant>"),
        ("templated", False, False, "be brief\n\nhello"),
        ("templated", None, True, "be brief\n\nhello"),
    ],
)
def test_dialogues_go_through_the_template_where_there_is_one(model, chat, raw, expected):
    dialogue = (Message("system", "be brief"), Message("user", "hello"))
    prompt, _ = arguments_of(Request(dialogue, raw=raw), model=model, chat=chat)
    assert prompt == expected


def test_an_answer_that_was_begun_is_gone_on_with():
    dialogue = (Message("user", "hello"), Message("assistant", "Well,"))
    prompt, _ = arguments_of(Request(dialogue), model="templated")
    assert prompt == "<user>hello<assistant>Well,"


@pytest.mark.parametrize(
    ("context", "text", "expected", "likelihood"),
    [
        ("before", "after", ("before", "after"), Likelihood(-1.5, True, 2, 1)),
        ((Message("user", "a b"),), "c", ("<user>a b<assistant>", "c"),
         Likelihood(-1.5, True, 3, 1)),
        ("", "short", ("", "short"), Likelihood(-1.5, True, 1, 1)),
        ("", "longer " * 9, ("longer " * 9,), Likelihood(-2.5, False, 9, 9)),
        (WholeText(), "short", ("short",), Likelihood(-2.5, False, 1, 1)),
    ],
)  # fmt: skip
def test_how_likely_a_text_is(context, text, expected, likelihood):
    request = Continuation(context, text)
    found = within(lambda model: model.loglikelihood(request), model="templated")
    assert found == likelihood
    assert Noting.last.batches == [[expected]]


def test_one_request_that_fails_fails_alone():
    async def work(model):
        prompts = ["a", "poison", "b"]
        requests = [model.generate(asked(prompt)) for prompt in prompts]
        return await asyncio.gather(*requests, return_exceptions=True)

    first, failed, last = within(work)
    assert (first.text, last.text) == ("a 0", "b 0")
    assert repr(failed) == "ValueError('poisoned')"


@pytest.mark.parametrize(
    ("prompt", "wait"), [("busy", 0.0), ("broken", None), ("away", None), ("late", None)]
)
def test_what_may_pass_may_be_tried_again_by_all(prompt, wait):
    async def work(model):
        requests = [model.generate(asked(text)) for text in ("a", prompt, "b")]
        return await asyncio.gather(*requests, return_exceptions=True)

    failed = within(work)
    assert {type(error) for error in failed} == {TransientError}
    assert failed[0].retry_after == wait
    assert len(Noting.last.batches) == 1


def test_what_will_not_pass_is_told():
    with pytest.raises(StatusError, match="400"):
        within(lambda model: model.generate(asked("wrong")))


def test_log_probabilities_of_tokens_are_not_to_be_had():
    with pytest.raises(EvalcoreError, match="gives no log-probabilities"):
        within(lambda model: model.generate(asked(logprobs=True)))


def test_lm_eval_gets_its_arguments():
    settings = {"model_args": {"made": "so"}, "batch_size": 4, "device": "cpu"}
    within(lambda model: model.generate(asked()), **settings)
    assert Noting.last.arguments == {"made": "so", "batch_size": 4, "device": "cpu"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "no-such"}, "cannot make its model 'no-such': ValueError: .*no model for this"),
        ({"model": "hf", "model_args": {"pretrained": "/no/such"}}, "cannot make its model 'hf'"),
    ],
)
def test_a_model_that_cannot_be_made_is_told(settings, message):
    with pytest.raises(EvalcoreError, match=message):
        within(lambda model: model.generate(asked()), **settings)


def test_secrets_are_named(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    monkeypatch.setenv("HF_TOKEN", "")
    arguments = {"auth_token": "t-1", "header": {"Authorization": "Bearer b-2"}, "model": "m",
                 "max_tokens": "5"}  # fmt: skip
    settings = LmEvalModelSettings(model="noting", model_args=arguments)
    assert {"t-1", "b-2", "sk-environment"} <= set(LmEvalModel(settings).secrets())
    assert not {"m", "5", ""} & set(LmEvalModel(settings).secrets())


def test_what_answers_is_part_of_the_identity(tiny):
    settings = {"model": "hf", "model_args": {"pretrained": str(tiny)}, "device": "cpu"}

    async def identity(model):
        return model.identity()

    found = within(identity, **settings)
    assert found.startswith("lm-eval 0.")
    assert '"model_dtype": "torch.float32"' in found
