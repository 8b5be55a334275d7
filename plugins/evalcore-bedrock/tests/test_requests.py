"""What is sent."""

from __future__ import annotations

from itertools import pairwise

import pytest
from botocore.validate import ParamValidator
from endpoint import CONVERSE
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evalcore.data import Message, Request
from evalcore.errors import EvalcoreError
from evalcore_bedrock.converse import asked
from evalcore_bedrock.settings import BedrockSettings

MESSAGES = st.lists(
    st.builds(
        Message, st.sampled_from(["system", "user", "assistant"]), st.text(min_size=1, max_size=20)
    ),
    min_size=1,
    max_size=12,
).map(tuple)


def test_what_nobody_sets_is_not_sent(ask, endpoint):
    ask("Hello")
    (call,) = endpoint.asked
    assert call.body == {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}


@pytest.mark.parametrize(
    "model",
    [
        "anthropic.claude-3-haiku-20240307-v1:0",
        "us.anthropic.claude-3-haiku-20240307-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-v2",
    ],
)
def test_the_model_stands_in_the_path(ask, endpoint, model):
    ask(model=model)
    assert endpoint.asked[0].model == model


def test_a_request_comes_before_the_settings(ask, endpoint):
    request = Request(
        (Message("user", "Hello"),), temperature=0.0, top_p=0.5, max_tokens=5, stop=("b", "c")
    )
    ask(request, temperature=0.7, top_p=0.9, max_tokens=9, stop=["a", "b"])
    assert endpoint.asked[0].body["inferenceConfig"] == {
        "temperature": 0.0,
        "topP": 0.5,
        "maxTokens": 5,
        "stopSequences": ["a", "b", "c"],
    }


def test_settings_hold_where_a_request_leaves_them_open(ask, endpoint):
    ask(temperature=0.7, top_p=0.9, max_tokens=9, stop=["a"])
    assert endpoint.asked[0].body["inferenceConfig"] == {
        "temperature": 0.7,
        "topP": 0.9,
        "maxTokens": 9,
        "stopSequences": ["a"],
    }


def test_extra_parameters_are_sent_as_they_are(ask, endpoint):
    extra = {"top_k": 40, "thinking": {"type": "enabled", "budget": 1024, "weights": [0.5, None]}}
    ask(extra=extra)
    assert endpoint.asked[0].body["additionalModelRequestFields"] == extra


@given(MESSAGES)
def test_a_dialogue_loses_nothing_and_its_roles_alternate(messages):
    parameters = asked(BedrockSettings(model="test.model"), Request(messages))
    said = [
        (turn["role"], block["text"])
        for turn in parameters["messages"]
        for block in turn["content"]
    ]
    assert said == [(m.role, m.content) for m in messages if m.role != "system"]
    roles = [turn["role"] for turn in parameters["messages"]]
    assert all(role != following for role, following in pairwise(roles))
    system = [block["text"] for block in parameters.get("system", [])]
    assert system == [m.content for m in messages if m.role == "system"]
    found = ParamValidator().validate(parameters, CONVERSE.input_shape)
    assert not found.has_errors(), found.generate_report()


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request((Message("user", "Once"),), raw=True), "chat template"),
        (Request((Message("user", "Once"),), logprobs=True), "no log-probabilities"),
        (Request((Message("user", "Once"), Message("tool", "42"))), "role 'tool'"),
    ],
)
def test_what_converse_does_not_offer_is_refused_before_a_call(ask, endpoint, request_, words):
    with pytest.raises(EvalcoreError, match=words):
        ask(request_)
    assert endpoint.asked == []


def test_what_the_sdk_finds_wrong_is_told(ask, endpoint):
    with pytest.raises(EvalcoreError, match=r"system\[0\]\.text"):
        ask(Request((Message("system", ""), Message("user", "Hello"))))
    assert endpoint.asked == []


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": 1.5}, {"chat": False}, {"connections": 0}, {"model": ""}, {"stop": [""]}],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        BedrockSettings.model_validate({"model": "test.model", **wrong})
