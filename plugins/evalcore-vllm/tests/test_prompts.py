"""From requests to token ids."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from conftest import question

from evalcore.data import Continuation, Message, Request
from evalcore.errors import EvalcoreError
from evalcore_vllm.prompts import Prompts

WHAT = "What comes after Monday?"


@pytest.fixture
def tokenizer(tokenizer: Any) -> Any:
    """A copy, to be changed."""
    return copy.deepcopy(tokenizer)


def test_a_dialogue_goes_through_the_template_once(tokenizer):
    messages = (Message("system", "Be brief."), Message("user", WHAT))
    ids = Prompts(tokenizer, chat=None).of(Request(messages))
    assert (
        ids
        == tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.content} for message in messages],
            add_generation_prompt=True,
        )["input_ids"]
    )
    assert ids.count(tokenizer.bos_token_id) == 1


def test_half_a_surrogate_pair_is_refused(tokenizer):
    for raw in (True, False):
        with pytest.raises(EvalcoreError, match=r"half a surrogate pair, '\\ud83d' at character"):
            Prompts(tokenizer, chat=None).of(question("What \ud83d comes?", raw=raw))


def test_a_text_is_counted_without_what_stands_around_it(tokenizer):
    prompts = Prompts(tokenizer, chat=None)
    assert prompts.count(WHAT) == len(tokenizer(WHAT)["input_ids"]) - 1
    assert prompts.count("What \ud83d comes?") == prompts.count("What ? comes?")
    assert prompts.count("") == 0


def test_a_text_goes_as_the_tokenizer_has_it(tokenizer):
    ids = Prompts(tokenizer, chat=None).of(question(WHAT, raw=True))
    assert ids == tokenizer(WHAT)["input_ids"]
    assert ids[0] == tokenizer.bos_token_id


def test_a_model_without_a_template(tokenizer):
    tokenizer.chat_template = None
    messages = (Message("system", "Be brief."), Message("user", WHAT))
    ids = Prompts(tokenizer, chat=None).of(Request(messages))
    assert ids == tokenizer(f"Be brief.\n\n{WHAT}")["input_ids"]
    with pytest.raises(EvalcoreError, match="no chat template: write `chat: false`"):
        Prompts(tokenizer, chat=True)


def test_a_template_that_refuses(tokenizer):
    tokenizer.chat_template = "{{ raise_exception('only users speak') }}"
    with pytest.raises(EvalcoreError, match="a dialogue of system, user: only users speak"):
        Prompts(tokenizer, chat=None).of(
            Request((Message("system", "Be brief."), Message("user", WHAT)))
        )


def test_no_prompt_is_empty(tokenizer):
    tokenizer.chat_template = None
    assert Prompts(tokenizer, chat=None).of(question("")) == [tokenizer.bos_token_id]


@pytest.mark.parametrize(
    ("context", "text"),
    [
        ("Q: one", " two"),
        ("Q: one ", "two"),
        ("Q: one\n", "two"),
        ("Q: one", ""),
        ("", "one two"),
        ("<|bos|>Q: one", " two"),
        ("Q: o", "ne"),
        ("日", "本"),
    ],
)
def test_context_and_text_are_encoded_as_one(tokenizer, context, text):
    """Together they spell both; spaces between them belong to the text."""
    before, after = Prompts(tokenizer, chat=None).split(Continuation(context, text))
    assert before[0] == tokenizer.bos_token_id
    assert before.count(tokenizer.bos_token_id) == 1
    spelt = tokenizer.decode(before[1:]), tokenizer.decode(after)
    assert "".join(spelt) == f"{context.removeprefix('<|bos|>')}{text}"
    assert (not after) == (not text)
    assert spelt[0] == spelt[0].rstrip()


def test_a_text_that_melts_into_its_context_still_counts(tokenizer):
    """` Mon` and `day` are one token together."""
    whole = tokenizer(" Monday", add_special_tokens=False)["input_ids"]
    assert len(whole) == 1
    before, after = Prompts(tokenizer, chat=None).split(Continuation(" Mon", "day"))
    assert tokenizer.decode([*before[1:], *after]) == " Monday"
    assert after
