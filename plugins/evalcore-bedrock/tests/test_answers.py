"""What comes back."""

from __future__ import annotations

import pytest
from endpoint import CONVERSE, Reply, refused, spoken, whole
from hypothesis import given
from hypothesis import strategies as st

from evalcore.data import Message, Request
from evalcore.errors import EvalcoreError
from evalcore.model import TransientError
from evalcore_bedrock.converse import generated

REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "refusal",
    "content_filtered": "refusal",
}


def test_an_answer_has_its_text_and_its_tokens(ask, endpoint):
    endpoint.reply = lambda _: spoken("Four.", prompt=11, completion=2)
    answer = ask("2 + 2?")
    assert (answer.text, answer.finish_reason) == ("Four.", "stop")
    assert (answer.prompt_tokens, answer.completion_tokens) == (11, 2)


@pytest.mark.parametrize(("reason", "expected"), REASONS.items())
def test_why_an_answer_ended(ask, endpoint, reason, expected):
    endpoint.reply = lambda _: spoken("So", reason)
    assert ask().finish_reason == expected


@pytest.mark.parametrize(
    "reason", [r for r in CONVERSE.output_shape.members["stopReason"].enum if r not in REASONS]
)
def test_an_end_that_is_no_text_is_told(ask, endpoint, reason):
    endpoint.reply = lambda _: spoken("So", reason)
    with pytest.raises(EvalcoreError, match=f"stopReason '{reason}'.*end_turn"):
        ask()


def test_blocks_are_joined_and_reasoning_is_left_out(ask, endpoint):
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "x"}}}
    endpoint.reply = lambda _: whole([thought, {"text": "Fo"}, {"text": "ur."}])
    assert ask().text == "Four."


def test_an_answer_of_reasoning_alone_is_empty(ask, endpoint):
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm."}}}
    endpoint.reply = lambda _: whole([thought], "max_tokens")
    answer = ask()
    assert (answer.text, answer.finish_reason) == ("", "length")


def test_a_stop_text_that_a_model_leaves_in_is_cut(ask, endpoint):
    endpoint.reply = lambda _: spoken("one\n\ntwo END three", "stop_sequence")
    assert ask(stop=["END", "\n\n"]).text == "one"


@given(st.text("ab|", max_size=12), st.lists(st.text("ab|", min_size=1, max_size=3), max_size=3))
def test_no_stop_text_is_in_an_answer(text, stop):
    response = {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "stop_sequence",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
    }
    cut = generated(response, stop).text
    assert text.startswith(cut)
    assert not any(mark in cut for mark in stop)
    if not any(mark in text for mark in stop):
        assert cut == text


def test_several_answers_are_several_calls_with_their_tokens_added_up(ask, endpoint):
    numbers = iter(range(100))
    endpoint.reply = lambda _: spoken(f"draw {next(numbers)}", prompt=5, completion=2)
    answer = ask(Request((Message("user", "Draw"),), n=4))
    assert len(endpoint.asked) == 4
    texts = [answer.text, *(other.text for other in answer.others)]
    assert sorted(texts) == [f"draw {number}" for number in range(4)]
    assert (answer.prompt_tokens, answer.completion_tokens) == (20, 8)


def test_one_of_several_answers_that_fails_fails_the_request(ask, endpoint):
    numbers = iter(range(100))

    def reply(_):
        return refused("ThrottlingException", 429) if next(numbers) == 2 else spoken("So")

    endpoint.reply = reply
    with pytest.raises(TransientError, match="ThrottlingException"):
        ask(Request((Message("user", "Draw"),), n=4))
    assert len(endpoint.asked) == 4


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"text"',
        b'{"output": {}}',
        b'{"output": {"message": {"role": "assistant", "content": [{"te',
        b"<html>Bad gateway</html>",
        b'{"output": {"message": {"role": "assistant", "content": []}}, "stopReason": "end_turn"}',
        b'{"output": [], "stopReason": 3, "usage": {}}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_answer_of_converse_may_pass(ask, endpoint, body):
    endpoint.reply = lambda _: Reply(body)
    with pytest.raises(TransientError):
        ask()
