"""Texts become ids and ids become texts without losing a character."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from opened_models import raw, said
from transformers import AutoTokenizer

from evalcore.data import Continuation
from evalcore_transformers.prompts import Prompts
from evalcore_transformers.spelling import Speller, first_stop
from evalcore_transformers.testing import PLAIN, QUESTIONS

SPECIAL = ("<|bos|>", "<|eos|>", "<|pad|>", "<|start|>", "<|end|>")
texts = st.text(max_size=60).filter(lambda text: not any(token in text for token in SPECIAL))


@pytest.fixture(scope="module")
def tokenizer(untrained):
    return AutoTokenizer.from_pretrained(untrained)


@given(prompt=texts, answer=texts)
@example(prompt="日", answer="本👋 ")
def test_answers_are_spelt_as_they_were(tokenizer, prompt, answer):
    speller = Speller(tokenizer)
    before, ids = (
        tokenizer(text, add_special_tokens=False)["input_ids"] for text in (prompt, answer)
    )
    assert speller.text(before, ids) == answer
    pieces = speller.pieces(before, ids)
    assert len(pieces) == len(ids)
    assert "".join(pieces) == answer


@given(answer=texts, stop=st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3))
def test_a_stop_text_is_seen_at_the_token_that_completes_it(tokenizer, answer, stop):
    speller = Speller(tokenizer)
    ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
    for end in range(1, len(ids) + 1):
        before, now = (
            any(text in speller.text([], ids[:place]) for text in stop) for place in (end - 1, end)
        )
        assert speller.may_have_stopped(ids[:end], stop) or before or not now


@given(texts, st.lists(st.text(min_size=1, max_size=3), max_size=3))
def test_the_first_stop_text_counts(text, stop):
    cut = first_stop(text, stop)
    if cut is None:
        assert not any(one in text for one in stop)
    else:
        assert any(text.startswith(one, cut) for one in stop)
        assert not any(one in text[: cut + len(one) - 1] for one in stop)


@given(context=texts.filter(str.strip), text=texts.filter(bool))
def test_a_text_and_its_context_are_all_there_is(tokenizer, context, text):
    before, after = Prompts(tokenizer, chat=None).split(Continuation(context, text))
    assert before
    assert after
    assert before[0] == tokenizer.bos_token_id
    assert before.count(tokenizer.bos_token_id) == 1
    assert tokenizer.decode(before + after, skip_special_tokens=True) == context + text


@given(text=texts.filter(bool))
def test_a_text_without_a_context_follows_the_bos(tokenizer, text):
    before, after = Prompts(tokenizer, chat=None).split(Continuation("", text))
    assert before == [tokenizer.bos_token_id]
    assert tokenizer.decode(after) == text


STOPS = [",", "h, ", " second", "ext c", "日", "本", "\n"]


@pytest.mark.parametrize("stop", STOPS)
def test_stop_texts_end_answers(opened, tiny, stop):
    """Within a token, over several, and in the midst of a character's bytes."""
    model = opened(tiny)
    questions = list(QUESTIONS)[::3]
    whole = model.ask(*map(said, questions))
    cut = model.ask(*(said(question, stop=(stop,)) for question in questions))
    for all_, part in zip(whole, cut, strict=True):
        assert part.text == all_.text.split(stop)[0]
        assert part.finish_reason == "stop"
        if stop in all_.text:
            assert part.completion_tokens < all_.completion_tokens
        else:
            assert part == all_


def test_settings_and_requests_join_their_stop_texts(opened, tiny):
    model = opened(tiny, stop=("e",))
    (answer,) = model.ask(said("Go on from one.", stop=("f",)))
    assert answer.text == "On: two thr"


def test_tokens_end_where_the_text_does(opened, tiny):
    question = "Which two follow Monday?"
    (answer,) = opened(tiny).ask(said(question, stop=("day, then",), logprobs=True))
    assert answer.text == "First Tues"
    assert "".join(token.text for token in answer.tokens) == answer.text
    assert all(-1 < token.logprob <= 0 for token in answer.tokens)


def test_limits_and_ends(opened, tiny):
    model = opened(tiny, max_tokens=3)
    settings, request = model.ask(
        said("Go on from one."),
        raw(PLAIN.format(question="Go on from one."), max_tokens=40),
    )
    assert (settings.finish_reason, settings.completion_tokens) == ("length", 3)
    assert (request.finish_reason, request.text) == ("stop", f" {QUESTIONS['Go on from one.']}")
    assert request.text.startswith(f" {settings.text}")
