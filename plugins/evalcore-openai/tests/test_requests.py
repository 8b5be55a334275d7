"""What the endpoint is sent."""

from __future__ import annotations

import asyncio

import pytest
from conftest import asked, model_at, question

from evalcore.data import Continuation, Message, Request
from evalcore_openai.bodies import chat_body
from evalcore_openai.settings import PUBLIC_URL, OpenAISettings

DIALOGUE = Request((Message("system", "Be brief."), Message("user", "Why?")), seed=5)


def sent(serve, request, **settings):
    endpoint = serve()
    asked(model_at(endpoint.url, **settings), request)
    (call,) = endpoint.calls
    return call


def test_a_dialogue_goes_to_the_chat_endpoint_and_says_nothing_that_was_not_asked_for(serve):
    call = sent(serve, DIALOGUE)
    assert call.path == "/v1/chat/completions"
    assert call.body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Why?"},
        ],
        "seed": 5,
    }


@pytest.mark.parametrize(
    ("request_", "settings"),
    [
        (DIALOGUE, {"chat": False}),
        (Request(DIALOGUE.messages, raw=True, seed=5), {"chat": True}),
        (Request(DIALOGUE.messages, raw=True, seed=5), {}),
    ],
)
def test_plain_contents_are_joined_by_a_blank_line_and_continued(serve, request_, settings):
    call = sent(serve, request_, **settings)
    assert call.path == "/v1/completions"
    assert call.body == {"model": "m", "prompt": "Be brief.\n\nWhy?", "seed": 5}


@pytest.mark.parametrize("chat", [True, False])
def test_every_wish_of_a_request_is_sent(serve, chat):
    wish = question(temperature=0.0, top_p=0.5, max_tokens=7, stop=("\n", "Q:"), n=3, logprobs=True)
    usual = {"temperature": 1.0, "top_p": 1.0, "max_tokens": 99, "stop": ["END", "\n"]}
    body = sent(serve, wish, chat=chat, extra_body={"top_k": 20}, **usual).body
    assert {name: body[name] for name in body if name not in {"messages", "prompt", "model"}} == {
        "temperature": 0.0,
        "top_p": 0.5,
        "max_tokens": 7,
        "stop": ["\n", "Q:", "END"],
        "n": 3,
        "seed": 5,
        "logprobs": True if chat else 1,
        "top_k": 20,
    }


def test_the_settings_hold_where_a_request_says_nothing(serve):
    usual = {"temperature": 0.0, "top_p": 0.9, "max_tokens": 99, "stop": ["END"]}
    body = sent(serve, question(), send_seed=False, **usual).body
    assert {name: body.get(name) for name in usual} == usual
    assert "seed" not in body


@pytest.mark.parametrize(
    ("url", "name", "expected"),
    [
        (PUBLIC_URL, None, "max_completion_tokens"),
        (PUBLIC_URL, "max_tokens", "max_tokens"),
        ("http://host/v1", None, "max_tokens"),
        ("http://host/v1", "max_completion_tokens", "max_completion_tokens"),
    ],
)
def test_the_length_limit_has_the_name_that_the_endpoint_knows(url, name, expected):
    settings = OpenAISettings(model="m", base_url=url, max_tokens_name=name, max_tokens=5)
    limits = {key: value for key, value in chat_body(settings, question()).items() if "max" in key}
    assert limits == {expected: 5}


def test_the_key_of_the_spec_comes_before_that_of_the_environment(serve, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert sent(serve, question()).headers["authorization"] == "Bearer sk-environment"
    call = sent(serve, question(), api_key=" sk-spec\n")
    assert call.headers["authorization"] == "Bearer sk-spec"


def test_an_endpoint_on_this_machine_needs_no_key_and_further_headers_are_sent(serve):
    call = sent(serve, question(), headers={"X-Team": "physics"})
    assert call.headers["x-team"] == "physics"
    assert call.headers["authorization"] == "Bearer no-key"


def test_a_text_is_scored_as_one_prompt_with_its_context(serve):
    echo = {
        "choices": [
            {
                "text": "Yes it is",
                "logprobs": {
                    "tokens": ["Yes", " it", " is"],
                    "token_logprobs": [None, -1.0, -9.0],
                    "top_logprobs": [None, {" it": -1.0}, {" .": -0.1}],
                },
            }
        ],
        "usage": {"prompt_tokens": 2, "completion_tokens": 1},
    }
    endpoint = serve(answer=lambda call: echo)
    (found,) = asked(model_at(endpoint.url, extra_body={"x": 1}), Continuation("Yes", " it"))
    assert (found.logprob, found.greedy, found.prompt_tokens, found.tokens) == (-1.0, True, 2, 1)
    (call,) = endpoint.calls
    assert call.path == "/v1/completions"
    assert call.body == {
        "model": "m",
        "prompt": "Yes it",
        "echo": True,
        "logprobs": 1,
        "max_tokens": 1,
        "temperature": 0,
        "x": 1,
    }


def test_more_connections_than_any_default_allows(serve):
    """300 calls whose answers wait for one another: fewer connections would never end."""
    endpoint = serve(together=300)
    answers = asked(model_at(endpoint.url), *(question(f"{i}?") for i in range(300)))
    assert [answer.text for answer in answers] == [f"{i}? seed 5 number 0" for i in range(300)]
    assert endpoint.connected == 300


def test_connections_are_kept_for_the_next_call(serve):
    endpoint = serve()
    model = model_at(endpoint.url)

    async def one_after_the_other():
        await model.open()
        for i in range(20):
            await model.generate(question(f"{i}?"))
        await model.close()

    asyncio.run(one_after_the_other())
    assert endpoint.connected == 1
