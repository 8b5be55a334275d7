"""Answers, in process and from the server: the same settings, the same record."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from conftest import CONTEXT, ENDLESS, SMALL, Elsewhere, answers, needs_vllm, question, running

from evalcore.data import Generation, Message, Request, Token
from evalcore.errors import EvalcoreError
from evalcore_vllm.model import Vllm
from evalcore_vllm.settings import VllmSettings

pytestmark = needs_vllm

WHAT = "What comes after Monday?"
NEXT = "Next comes Tuesday."
UNKNOWN = "?!"
"""A text that the model knows nothing of."""


@pytest.fixture
def drawn(ask):
    """Answers that hang on the seed, by a high temperature."""

    def drawn(*seeds: int, n: int = 1, **settings) -> list[Generation]:
        calls = [
            question(UNKNOWN, raw=True, temperature=2.0, max_tokens=12, seed=seed, n=n)
            for seed in seeds
        ]
        return ask(*calls, **settings)

    return drawn


@pytest.fixture(scope="session")
def asked(tokenizer) -> int:
    """Tokens of the question in its dialogue."""
    turns = [{"role": "user", "content": WHAT}]
    return len(tokenizer.apply_chat_template(turns, add_generation_prompt=True)["input_ids"])


@pytest.fixture(scope="session")
def answered(tokenizer) -> list[str]:
    """The tokens of the answer, without the one that ends it."""
    return [tokenizer.decode([token]) for token in tokenizer(NEXT)["input_ids"][1:]]


def test_an_answer(ask, asked, answered):
    (answer,) = ask(question(WHAT))
    assert answer == Generation(NEXT, "stop", asked, len(answered) + 1)


def test_a_text_is_continued_as_it_stands(ask):
    (answer,) = ask(question(f"Q: {WHAT}\nA:", raw=True))
    assert answer.text == f" {NEXT}"
    assert answer.finish_reason == "stop"


def test_without_a_template_the_messages_are_one_text(ask):
    messages = (Message("system", "Q: Go on from one."), Message("user", "A:"))
    plain, joined = ask(
        Request(messages, max_tokens=8),
        question("Q: Go on from one.\n\nA:", raw=True, max_tokens=8),
        chat=False,
    )
    assert plain == joined


def test_a_bos_stands_once(ask):
    """The tokenizer puts one before texts; the template brings its own."""
    text = f"Q: {WHAT}\nA:"
    bare, with_bos = ask(question(text, raw=True), question(f"<|bos|>{text}", raw=True))
    assert bare == with_bos
    template = f"<|bos|><|start|>user\n{WHAT}<|end|>\n<|start|>assistant\n"
    dialogue, spelt = ask(question(WHAT), question(template, raw=True))
    assert dialogue == spelt


@pytest.mark.parametrize("setting", [True, False], ids=["setting", "request"])
def test_the_limit_ends_an_answer(ask, asked, answered, setting):
    limit = {"max_tokens": 2}
    call = question(WHAT) if setting else question(WHAT, **limit)
    (answer,) = ask(call, **(limit if setting else {}))
    assert answer == Generation("".join(answered[:2]), "length", asked, 2)


def test_a_request_s_limit_comes_before_the_setting_s(ask):
    (answer,) = ask(question(WHAT, max_tokens=3), max_tokens=1)
    assert answer.completion_tokens == 3


def test_no_answer_outgrows_the_context(ask):
    (answer,) = ask(question(ENDLESS, raw=True, max_tokens=2 * CONTEXT))
    assert answer.finish_reason == "length"
    assert answer.prompt_tokens + answer.completion_tokens == CONTEXT


def test_a_prompt_that_fills_the_context_is_an_error(ask):
    with pytest.raises(EvalcoreError, match=rf"tokens and leaves no room .* at most {CONTEXT}"):
        ask(question("one two three " * CONTEXT))


def test_stop_texts_of_the_request_and_of_the_settings(ask, asked):
    """Whichever comes first ends the answer, and is not in it; it may lie within a token."""
    both, one = ask(question(WHAT, stop=("ues",)), question(WHAT), stop=("Tuesday", "comes"))
    assert both == one == Generation("Next ", "stop", asked, one.completion_tokens)
    (within,) = ask(question(WHAT, stop=("ues",), logprobs=True))
    assert (within.text, within.finish_reason) == ("Next comes T", "stop")
    assert "".join(token.text for token in within.tokens) == within.text


def test_the_tokens_of_an_answer(ask, answered):
    """Those of its text, each with what the model itself thinks of it, whatever the sampling."""
    greedy, warm = ask(
        question(WHAT, logprobs=True),
        question(WHAT, logprobs=True, temperature=0.5, seed=1),
    )
    assert [token.text for token in greedy.tokens] == answered
    assert all(isinstance(token, Token) and -0.1 < token.logprob <= 0 for token in greedy.tokens)
    assert warm.text == greedy.text
    for token, other in zip(greedy.tokens, warm.tokens, strict=True):
        assert token.logprob == pytest.approx(other.logprob, abs=1e-4)


def test_letters_that_take_several_tokens(ask):
    (answer,) = ask(question("Greet in Japanese.", logprobs=True))
    assert answer.text == "日本"
    assert answer.completion_tokens > len(answer.text)
    assert "".join(token.text for token in answer.tokens) == "日本"


def test_the_same_seed_alone_and_in_a_batch(drawn):
    seeds = range(31)
    crowd = drawn(77, *seeds)
    (alone,) = drawn(77)
    assert crowd[0] == alone
    assert len({answer.text for answer in crowd}) > len(crowd) // 2


def test_several_answers(drawn):
    """Each has a seed of its own, the first the request's; the prompt is counted once."""
    several, first = drawn(5, n=3)[0], drawn(5)[0]
    texts = [several.text, *(other.text for other in several.others)]
    assert len(set(texts)) == 3
    assert several.text == first.text
    assert several.prompt_tokens == first.prompt_tokens
    assert several.completion_tokens > first.completion_tokens
    assert [other.completion_tokens for other in several.others] == [0, 0]


def test_several_greedy_answers_are_the_same(ask, answered):
    (answer,) = ask(question(WHAT, n=2))
    assert [answer.text, answer.others[0].text] == [NEXT, NEXT]
    assert answer.completion_tokens == 2 * (len(answered) + 1)


def test_the_generation_config_decides_what_nobody_sets(ask, tiny: Path, tmp_path: Path):
    """As transformers reads it: without `do_sample` a temperature in it does not sample."""

    def model(**config) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        shutil.copytree(tiny, folder)
        file = folder / "generation_config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | config))
        return str(folder)

    calls = [question(UNKNOWN, raw=True, max_tokens=12, seed=seed) for seed in range(4)]

    def different(**settings) -> int:
        return len({answer.text for answer in ask(*calls, **settings)})

    assert different() == 1
    assert different(model=model(temperature=2.0)) == 1
    sampling = model(do_sample=True, temperature=2.0)
    assert different(model=sampling) > 1
    assert different(model=sampling, temperature=0) == 1
    assert different(model=model(do_sample=True, temperature=2.0, top_k=1)) == 1
    assert different(model=sampling, top_p=1e-6) == 1


def test_what_is_given_up_makes_room(backend: Elsewhere, tiny: Path):
    """Calls that are cancelled are dropped by the engine, and others are answered."""
    long = question(ENDLESS, raw=True, max_tokens=CONTEXT)

    async def run() -> None:
        model = Vllm(VllmSettings(model=str(tiny), **SMALL))
        await model.open()
        calls = [asyncio.create_task(model.generate(long)) for _ in range(64)]
        while not await running(backend):
            pass
        for call in calls:
            call.cancel()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert any(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        assert (await model.generate(question(WHAT))).text == NEXT
        assert await running(backend) == 0

    asyncio.run(run())


def test_both_ways_give_the_same(engine: Elsewhere, server: Elsewhere, tiny: Path, monkeypatch):
    """To the token and to the last bit of a log-probability that JSON carries."""
    calls = [
        *(question(f"Which two follow {word}?", logprobs=True) for word in ("one", "Earth")),
        question(
            UNKNOWN, raw=True, max_tokens=40, temperature=1.5, top_p=0.9, seed=3, logprobs=True
        ),
        question(UNKNOWN, raw=True, max_tokens=40, temperature=1.5, n=3, seed=4),
        question("Go on from Mars.", stop=("an",), logprobs=True),
    ]
    found = []
    for backend in (engine, server):
        monkeypatch.setattr("evalcore_vllm.model._backend", lambda _, it=backend: it)
        found.append(answers(Vllm(VllmSettings(model=str(tiny), **SMALL)), *calls))
    assert found[0] == found[1]
