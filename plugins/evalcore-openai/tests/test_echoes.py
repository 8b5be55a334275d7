"""How likely a text is, by the tokens of an echoed prompt."""

from __future__ import annotations

import math

import pytest
from conftest import asked, model_at
from hypothesis import given
from hypothesis import strategies as st

from evalcore.data import Continuation, Likelihood, Message
from evalcore.errors import EvalcoreError
from evalcore_openai.echoes import read_echo
from evalcore_openai.errors import EndpointError, ShapeError


def echo(tokens, logprobs, *, tops=None, generated=0, **usage):
    """An answer in which every token is the likeliest, unless `tops` says otherwise."""
    likeliest = [{token: logprob} for token, logprob in zip(tokens, logprobs, strict=True)]
    found = {
        "tokens": tokens,
        "token_logprobs": logprobs,
        "top_logprobs": likeliest if tops is None else tops,
    }
    counts = {"prompt_tokens": len(tokens) - generated, "completion_tokens": generated}
    return {"choices": [{"text": "".join(tokens), "logprobs": found}], "usage": counts | usage}


@given(data=st.data())
def test_the_tokens_of_the_text_are_those_that_hold_its_characters(data):
    """Any prompt, cut into any tokens, with any boundary, and with a character over several."""
    pieces = data.draw(st.lists(st.text(max_size=4), min_size=1, max_size=12))
    prompt = "".join(pieces)
    boundary = data.draw(st.integers(0, len(prompt)))
    text = prompt[boundary:]
    if not text:
        return
    start = data.draw(st.sampled_from(["<s>", "<|begin|>"]))
    generated = data.draw(st.lists(st.text(max_size=3), max_size=2))
    tokens = [start, *pieces, *generated]
    logprobs = [None, *(-float(2**i) for i in range(len(tokens) - 1))]
    end, own = len(start), set()
    for i, piece in enumerate(pieces):
        end += len(piece)
        if end - len(start) > boundary:
            own.add(i)
    while min(own) and not pieces[min(own) - 1]:
        own.add(min(own) - 1)  # an empty token before is the beginning of the next one's character
    found = read_echo(echo(tokens, logprobs, generated=len(generated)), text)
    assert found.logprob == -sum(2.0**i for i in own)
    assert found.tokens == len(own)
    assert found.prompt_tokens == 1 + len(pieces)
    assert found.greedy


def test_a_token_across_the_boundary_is_the_texts():
    answer = echo(["Is", " it", "?", " yes", "."], [None, -1.0, -2.0, -4.0, -8.0], generated=1)
    assert read_echo(answer, "yes") == Likelihood(-4.0, True, 4, 1)
    assert read_echo(answer, " yes") == Likelihood(-4.0, True, 4, 1)
    assert read_echo(answer, "t? yes") == Likelihood(-7.0, True, 4, 3)


def test_an_endpoint_that_does_not_count_its_start_token_is_read_all_the_same():
    answer = echo(["a", " b", " c"], [-1.0, -2.0, -4.0], generated=1, prompt_tokens=3)
    assert read_echo(answer, "a b") == Likelihood(-3.0, True, 3, 2)


def test_greedy_is_a_text_whose_every_token_is_the_likeliest():
    tops = [None, {"b": -1.0, "x": -3.0}, {"c": -2.0, "y": -0.5}]
    answer = echo(["a", "b", "c"], [None, -1.0, -2.0], tops=tops)
    assert read_echo(answer, "bc") == Likelihood(-3.0, False, 3, 2)
    tied = echo(["a", "b"], [None, -1.0], tops=[None, {"x": -1.0}])
    assert read_echo(tied, "b").greedy


NO_ECHO = {
    "choices": [{"index": 0, "text": " four", "finish_reason": "length"}],
    "usage": {"prompt_tokens": 6, "completion_tokens": 1},
}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (NO_ECHO, "it does not echo the prompt"),
        (echo([" four"], [-1.0], generated=1, prompt_tokens=6), "it does not echo the prompt"),
        (echo(["a", " four"], [None, -1.0]) | {"usage": None}, "it counts no tokens"),
        (echo(["a", " four"], [None, -1.0], tops=()), "does not name the likeliest tokens"),
        (echo(["a", " fo\ufffd", "\ufffd"], [None, -1.0, -1.0]), "do not spell the text"),
        (echo(["r"], [None]), "do not spell the text"),
        (echo([" four"], [None], tops=[None, {}]), "the first token of a prompt"),
    ],
)
def test_an_endpoint_that_cannot_tell_is_an_error_and_never_a_number(serve, answer, why):
    endpoint = serve(answer=lambda call: answer)
    with pytest.raises(EndpointError, match=f"cannot tell how likely a given text is: .*{why}"):
        asked(model_at(endpoint.url), Continuation("", " four"))


@pytest.mark.parametrize(
    "logprobs",
    [
        {"tokens": ["a", " four"], "top_logprobs": [None, {"x": 1}]},
        {"tokens": ["a", " four"], "top_logprobs": [None, {}], "token_logprobs": [None, -1.0]},
        {"tokens": ["a", " four"], "top_logprobs": [None], "token_logprobs": [None, -1.0]},
        {"tokens": ["a", " four"], "top_logprobs": [None, {"x": 1}], "token_logprobs": [None]},
        {"tokens": [1, 2], "top_logprobs": [None, {"x": 1}], "token_logprobs": [None, -1.0]},
        {"tokens": ["a", " four"], "top_logprobs": [None, {"x": 1}], "token_logprobs": [0, "x"]},
    ],
)
def test_an_echo_of_another_shape_is_one_that_may_pass(logprobs):
    usage = {"prompt_tokens": 2, "completion_tokens": 0}
    with pytest.raises(ShapeError, match="expected an echo"):
        read_echo({"choices": [{"logprobs": logprobs}], "usage": usage}, " four")


def test_a_dialogue_cannot_be_the_context(serve):
    dialogue = Continuation((Message("user", "Why?"),), " four")
    with pytest.raises(EvalcoreError, match="not after a dialogue"):
        asked(model_at(serve().url), dialogue)


def test_no_text_is_certain_and_costs_nothing(serve):
    endpoint = serve()
    (found,) = asked(model_at(endpoint.url), Continuation("a", ""))
    assert math.exp(found.logprob) == 1.0
    assert found.greedy
    assert not endpoint.calls
