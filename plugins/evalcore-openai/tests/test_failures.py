"""What may pass and what may not, on real sockets."""

from __future__ import annotations

import asyncio
import json
import time
from email.utils import formatdate

import pytest
from conftest import asked, model_at, question
from hypothesis import given
from hypothesis import strategies as st
from servers import FAULTS, RIGHT, STALLS, Reply

from evalcore.data import Generation
from evalcore.errors import EvalcoreError
from evalcore.model import TransientError
from evalcore_openai.errors import EndpointError, seconds_to_wait


def fails(serve, reply, request=None, **settings):
    """The error of a call that is answered by a fault."""
    endpoint = serve(lambda call: reply)
    with pytest.raises((TransientError, EvalcoreError)) as caught:
        asked(model_at(endpoint.url, **settings), request or question())
    assert len(endpoint.calls) == 1, "the SDK has tried again by itself"
    return caught.value


def refusal(status, message, **error):
    return Reply(status, body=json.dumps({"error": {"message": message, **error}}).encode())


@pytest.mark.parametrize("chat", [True, False])
@pytest.mark.parametrize("name", FAULTS)
def test_what_may_pass_is_transient_and_the_next_call_is_answered(serve, name, chat):
    endpoint = serve(lambda call: RIGHT if call.number else FAULTS[name])
    model = model_at(endpoint.url, chat=chat)

    async def twice():
        await model.open()
        try:
            with pytest.raises(TransientError):
                await model.generate(question())
            return await model.generate(question())
        finally:
            await model.close()

    assert asyncio.run(twice()).text == "Why? seed 5 number 0"
    assert len(endpoint.calls) == 2
    wait_until_counted(endpoint, {"Why?": 1})


def wait_until_counted(endpoint, expected):
    """The endpoint counts an answer when it is sent, which is after the client has read it."""
    end = time.monotonic() + 5
    while endpoint.answered != expected and time.monotonic() < end:
        time.sleep(0.01)
    assert endpoint.answered == expected


@pytest.mark.parametrize("name", STALLS)
def test_a_call_that_stalls_can_be_cancelled_and_leaves_nothing_behind(serve, name):
    endpoint = serve(lambda call: RIGHT if call.number else STALLS[name])
    model = model_at(endpoint.url)

    async def twice():
        await model.open()
        try:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await model.generate(question())
            return await model.generate(question())
        finally:
            await model.close()

    assert asyncio.run(twice()).text == "Why? seed 5 number 0"


def test_an_answer_that_drips_but_ends_is_an_answer(serve):
    endpoint = serve(lambda call: Reply(drip=0.02, pieces=10))
    (found,) = asked(model_at(endpoint.url), question())
    assert found.text == "Why? seed 5 number 0"


def test_no_server_is_transient():
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:1/v1 gave no answer: .*Connect"):
        asked(model_at("http://127.0.0.1:1/v1"), question())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("busy", "/v1/chat/completions answered 429: Rate limit reached"),
        ("bad gateway", "answered 502: <html><h1>502 Bad Gateway</h1></html>"),
        ("closed before an answer", "gave no answer: ServerDisconnectedError"),
        ("closed in the body", "gave no answer: ContentLengthError"),
        ("no JSON", "expected JSON"),
        ("no JSON", "found <html>It works!</html>"),
        ("an error as an answer", "try again"),
        ("no choices", "expected an answer whose `choices` hold its text, found"),
        ("aborted", "ended with 'abort'"),
    ],
)
def test_a_failure_that_may_pass_says_what_it_was(serve, name, words):
    assert words in str(fails(serve, FAULTS[name]))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
    ],
)
def test_the_wait_that_is_asked_for(serve, headers, seconds):
    error = fails(serve, Reply(503, tuple(headers.items()), body=b"busy"))
    assert error.retry_after == seconds


def test_too_many_requests_is_busy_even_without_a_time(serve):
    assert fails(serve, Reply(429, body=b"busy")).retry_after == 0.0
    assert fails(serve, Reply(500, body=b"broken")).retry_after is None


def test_an_empty_account_is_not_waited_for(serve):
    body = b'{"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}'
    endpoint = serve(lambda call: Reply(429, body=body))
    with pytest.raises(EndpointError, match="answered 429: You exceeded your quota"):
        asked(model_at(endpoint.url), question())


def test_a_date_to_come_is_a_wait(serve):
    headers = (("Retry-After", formatdate(time.time() + 3600, usegmt=True)),)
    assert 3500 < fails(serve, Reply(503, headers, body=b"busy")).retry_after <= 3601


@given(st.text())
def test_whatever_the_header_says_is_a_time_or_nothing(text):
    seconds = seconds_to_wait({"retry-after": text})
    assert seconds is None or 0 <= seconds < float("inf")


@pytest.mark.parametrize(
    ("status", "message", "settings", "advice"),
    [
        (401, "bad key", {"api_key": "sk-wrong-key"}, "The key is `api_key` of the model."),
        (401, "bad key", {}, "No key was sent: write `api_key: ${NAME}` beside the model."),
        (403, "not yours", {}, "No key was sent"),
        (403, "not yours", {"headers": {"Key": "k"}}, "The key is what `headers` of the model say"),
        (
            404,
            "No such model.",
            {},
            "model. Check `base_url`, and whether the endpoint has the model 'm'.",
        ),
        (400, "Use 'max_completion_tokens' instead", {}, "`max_tokens_name: max_completion_tokens"),
        (422, "seed: Extra inputs are not permitted", {}, "Write `send_seed: false`"),
        (400, "As of now a chat template is needed", {}, "Write `chat: false`"),
        (400, "too long for the context", {}, ""),
        (402, "no credit", {}, ""),
    ],
)
def test_what_cannot_pass_says_what_to_do(serve, status, message, settings, advice):
    error = fails(serve, refusal(status, message), **settings)
    assert isinstance(error, EndpointError)
    assert f"/v1/chat/completions answered {status}: {message}" in str(error)
    assert advice in str(error)


def test_the_variable_of_the_key_is_named(serve, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    error = fails(serve, refusal(401, "bad key sk-from-the-environment"))
    assert "The key is OPENAI_API_KEY of the environment." in str(error)
    assert "bad key [secret]" in str(error)


def test_a_long_message_is_cut_but_never_within_a_secret(serve):
    key = "sk-" + "0123456789" * 4
    error = fails(serve, refusal(400, "x" * 280 + key + "y" * 999), api_key=key)
    assert "sk-" not in str(error)
    assert len(str(error)) < 500


def test_a_prompt_that_a_filter_refuses_is_a_refusal(serve):
    endpoint = serve(lambda call: refusal(400, "filtered", code="content_filter"))
    one, two = asked(model_at(endpoint.url), question(), question(n=2))
    assert one == Generation("", "refusal")
    assert two == Generation("", "refusal", others=(one,))


def test_an_endpoint_elsewhere_needs_a_key():
    with pytest.raises(EvalcoreError, match=r"https://api\.openai\.com/v1 needs a key: write"):
        asked(model_at("https://api.openai.com/v1"))
    with pytest.raises(EvalcoreError, match=r"https://api\.openai\.com/v1 needs a key: write"):
        model_at("https://api.openai.com/v1").preflight()  # without opening anything
    with pytest.raises(EvalcoreError, match="set OPENAI_API_KEY"):
        asked(model_at("http://models.example/v1"))
    asked(model_at("http://models.example/v1", headers={"Authorization": "Basic abc"}))
    for loopback in ("localhost", "127.1.2.3", "[::1]", "api.localhost"):
        asked(model_at(f"http://{loopback}:1/v1"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_neither_key_nor_question_goes_where_a_redirect_leads(serve, status):
    elsewhere = serve(lambda call: RIGHT)
    reply = Reply(status, (("Location", f"{elsewhere.url}/chat/completions"),), body=b"")
    error = fails(serve, reply, headers={"api-key": "header-secret-1234"})
    assert isinstance(error, EndpointError)
    assert f"answered {status} and sends elsewhere, to {elsewhere.url}" in str(error)
    assert "write the address that answers as `base_url`" in str(error)
    assert elsewhere.calls == []


@pytest.mark.parametrize("settings", [{"api_key": "sk-caf\xe9-123"}, {"headers": {"k": "a\nb"}}])
def test_a_key_that_cannot_be_sent_is_refused_before_any_call(serve, settings):
    endpoint = serve(lambda call: RIGHT)
    with pytest.raises(EvalcoreError, match="found a character in the key or in `headers` that no"):
        asked(model_at(endpoint.url, **settings), question())
    assert endpoint.calls == []
