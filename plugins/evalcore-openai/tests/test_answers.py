"""What is made of what the endpoint answers."""

from __future__ import annotations

import logging

import pytest
from conftest import asked, model_at, question
from servers import answer_text, logprob, words

from evalcore.data import Generation, Token
from evalcore_openai.errors import EndpointError


def chat(content, finish_reason="stop", **message):
    message = {"role": "assistant", "content": content, **message}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}


def answered(serve, answer, request=None, **settings):
    endpoint = serve(answer=lambda call: answer)
    (generation,) = asked(model_at(endpoint.url, **settings), request or question())
    return generation


@pytest.mark.parametrize(
    ("answer", "text", "reason"),
    [
        (chat("Because."), "Because.", "stop"),
        (chat("Beca", "length"), "Beca", "length"),
        (chat("Beca", "MAX_TOKENS"), "Beca", "length"),
        (chat("", "content_filter"), "", "refusal"),
        (chat(None, refusal="I will not."), "I will not.", "refusal"),
        (chat("", refusal="I will not."), "I will not.", "refusal"),
        (chat("Sorry.", refusal="No."), "Sorry.", "refusal"),
        (chat(""), "", "stop"),
        (chat(None), "", "stop"),
        (chat(None, "length", reasoning_content="Hm, let me think"), "", "length"),
        (chat("42", reasoning="6 times 7"), "42", "stop"),
        (chat("Because.", None), "Because.", "stop"),
        (chat("Because.", "eos_token"), "Because.", "stop"),
        (chat("I call", "tool_calls", tool_calls=[{}]), "I call", "stop"),
    ],
)
def test_the_ends_of_answers_are_told_apart(serve, answer, text, reason):
    assert answered(serve, answer) == Generation(text, reason, 3, 2)


def test_a_tool_call_is_no_answer(serve):
    with pytest.raises(EndpointError, match="calls a tool instead of answering"):
        answered(serve, chat(None, "tool_calls", tool_calls=[{}]))


@pytest.mark.parametrize("chat_", [True, False])
def test_a_stop_text_that_is_left_in_an_answer_is_cut_off(serve, chat_):
    answer = chat("One.\nTwo. END Three", "length")
    answer["choices"][0]["text"] = "One.\nTwo. END Three"
    wish = question(stop=("Four", "Two"))
    assert answered(serve, answer, wish, chat=chat_, stop=["END"]) == Generation(
        "One.\n", "stop", 3, 2
    )
    assert answered(serve, answer, chat=chat_, stop=["END"]).text == "One.\nTwo. "


def test_no_token_is_left_of_what_was_cut_off(serve):
    pieces = ["One", " T", "wo EN", "D", " Three"]
    tokens = [{"token": piece, "logprob": -0.5} for piece in pieces]
    answer = chat("".join(pieces))
    answer["choices"][0]["logprobs"] = {"content": tokens}
    found = answered(serve, answer, question(logprobs=True), stop=["END"])
    assert (found.text, [token.text for token in found.tokens]) == ("One Two ", pieces[:3])


@pytest.mark.parametrize("chat_", [True, False])
def test_several_answers_are_counted_together_and_in_their_order(serve, chat_):
    endpoint = serve()
    (first,) = asked(model_at(endpoint.url, chat=chat_), question(n=3))
    texts = [answer_text(endpoint.calls[0], number) for number in range(3)]
    assert [first.text, *(other.text for other in first.others)] == texts
    assert first.completion_tokens == sum(len(words(text)) for text in texts)
    assert [(other.prompt_tokens, other.completion_tokens) for other in first.others] == [
        (0, 0)
    ] * 2


def test_answers_out_of_order_are_put_in_order(serve):
    answer = chat("a")
    choices = [{"index": i, "message": {"content": str(i)}} for i in (2, 0, 1)]
    first = answered(serve, {**answer, "choices": choices}, question(n=3))
    assert [first.text, *(other.text for other in first.others)] == ["0", "1", "2"]


def test_fewer_answers_than_asked_for_are_an_error(serve):
    with pytest.raises(EndpointError, match="found 1 answers where 2 were asked for"):
        answered(serve, chat("alone"), question(n=2))


@pytest.mark.parametrize("chat_", [True, False])
def test_tokens_come_with_their_log_probabilities(serve, chat_):
    endpoint = serve()
    (found,) = asked(model_at(endpoint.url, chat=chat_), question(logprobs=True))
    expected = tuple(Token(word, logprob(word)) for word in words(found.text))
    assert found.tokens == expected
    assert len(expected) > 1


@pytest.mark.parametrize("chat_", [True, False])
def test_an_endpoint_that_ignores_the_wish_for_tokens_is_told(serve, chat_):
    answer = chat("Because.")
    answer["choices"][0]["text"] = "Because."
    with pytest.raises(EndpointError, match="gives no log-probabilities"):
        answered(serve, answer, question(logprobs=True), chat=chat_)


def test_an_empty_answer_needs_no_tokens(serve):
    assert answered(serve, chat("", "length"), question(logprobs=True)).tokens == ()


@pytest.mark.parametrize(
    "usage",
    [None, {}, {"prompt_tokens": None}, {"prompt_tokens": -1}, {"prompt_tokens": "3"}, [3, 2]],
)
def test_an_endpoint_that_counts_no_tokens_is_told_once(serve, usage, caplog):
    endpoint = serve(answer=lambda call: {**chat("Because."), "usage": usage})
    with caplog.at_level(logging.WARNING, "evalcore_openai"):
        found = asked(model_at(endpoint.url), question("a"), question("b"))
    assert [(answer.prompt_tokens, answer.completion_tokens) for answer in found] == [(0, 0)] * 2
    assert [record.getMessage() for record in caplog.records] == [
        f"m at {endpoint.url} counts no tokens: they are recorded as none"
    ]
