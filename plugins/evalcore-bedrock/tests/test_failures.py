"""What goes wrong, and whether it may pass."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from conftest import HELLO, answer
from endpoint import CREDENTIALS, Endpoint, Reply, refused, spoken

from evalcore.errors import EvalcoreError
from evalcore.model import TransientError

PASSING = {
    "ThrottlingException": 429,
    "ModelNotReadyException": 429,
    "ModelTimeoutException": 408,
    "ModelErrorException": 424,
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
}


@pytest.mark.parametrize(("kind", "status"), PASSING.items())
def test_what_may_pass_is_asked_once_and_left_to_the_gate(ask, endpoint, kind, status):
    endpoint.reply = lambda _: refused(kind, status, "later")
    with pytest.raises(TransientError, match=rf"{kind} \(HTTP {status}\): later") as caught:
        ask()
    assert caught.value.retry_after == (0.0 if status == 429 else None)  # 429: busy
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("0.25", 0.25), ("0", 0)])
def test_a_wait_that_is_asked_for_is_told(ask, endpoint, header, seconds):
    endpoint.reply = lambda _: refused("ThrottlingException", 429, retry_after=header)
    with pytest.raises(TransientError) as caught:
        ask()
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(("ahead", "low", "high"), [(3600, 3000, 3600), (-3600, 0, 0)])
def test_a_wait_until_a_date_is_told_in_seconds(ask, endpoint, ahead, low, high):
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    endpoint.reply = lambda _: refused("ServiceUnavailableException", 503, retry_after=date)
    with pytest.raises(TransientError) as caught:
        ask()
    assert low <= caught.value.retry_after <= high


@pytest.mark.parametrize("header", ["soon", "nan", "-3", "Mon, 99 Foo 2026"])
def test_a_wait_that_is_none_is_not_told(ask, endpoint, header):
    endpoint.reply = lambda _: refused("ServiceUnavailableException", 503, retry_after=header)
    with pytest.raises(TransientError) as caught:
        ask()
    assert caught.value.retry_after is None


@pytest.mark.parametrize(("status", "passes"), [(500, True), (429, True), (400, False)])
def test_an_error_of_the_model_is_judged_by_its_own_status(ask, endpoint, status, passes):
    endpoint.reply = lambda _: refused("ModelErrorException", 424, originalStatusCode=status)
    with pytest.raises(TransientError if passes else EvalcoreError, match="ModelErrorException"):
        ask()


@pytest.mark.parametrize(
    ("kind", "status", "remedy"),
    [
        ("ValidationException", 400, "check `model`"),
        ("AccessDeniedException", 403, "bedrock:InvokeModel"),
        ("ResourceNotFoundException", 404, "`region`"),
        ("ExpiredTokenException", 403, "renew the credentials"),
        ("UnrecognizedClientException", 403, "check the credentials"),
        ("InvalidSignatureException", 403, "clock"),
        ("SomethingNewException", 418, r"HTTP 418\): no$"),
    ],
)
def test_what_does_not_pass_says_what_to_do(ask, endpoint, kind, status, remedy):
    endpoint.reply = lambda _: refused(kind, status)
    with pytest.raises(EvalcoreError, match=rf"^{kind} .*{remedy}"):
        ask()
    assert len(endpoint.asked) == 1


def test_a_proxy_that_answers_in_its_own_words(ask, endpoint):
    endpoint.reply = lambda _: Reply(b"<html>Bad gateway</html>", 502)
    with pytest.raises(TransientError, match="HTTP 502"):
        ask()


def test_a_refused_signature_does_not_bring_back_the_token(ask, endpoint):
    quoted = f"The signature does not match.\n\nThe Canonical String:\n{CREDENTIALS.token}"
    endpoint.reply = lambda _: refused("InvalidSignatureException", 403, quoted)
    with pytest.raises(EvalcoreError, match="does not match") as caught:
        ask()
    assert CREDENTIALS.token not in str(caught.value)


@pytest.mark.parametrize("after", [0, 1, 60])
def test_a_connection_that_is_reset(ask, endpoint, after):
    whole = spoken("A rather long answer" * 10)
    endpoint.reply = lambda _: Reply(whole.body, reset_after=after)
    with pytest.raises(TransientError):
        ask()


def test_an_endpoint_that_does_not_answer_in_time(ask, endpoint):
    endpoint.reply = endpoint.hang
    with pytest.raises(TransientError, match="ReadTimeoutError"):
        ask(timeout=0.2)


def test_an_endpoint_that_is_not_there(ask):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(TransientError, match="EndpointConnectionError"):
        ask(endpoint_url=url)


def test_a_certificate_that_is_not_trusted(certificate):
    with Endpoint(certificate) as endpoint:
        with pytest.raises(EvalcoreError, match=r"CERTIFICATE_VERIFY_FAILED.*AWS_CA_BUNDLE"):
            asyncio.run(answer(endpoint, HELLO))
        assert endpoint.asked == []


def test_a_connection_that_ends_within_its_handshake(certificate, endpoint, ask):
    """What answers speaks no TLS."""
    with pytest.raises(TransientError, match="SSLError"):
        ask(endpoint_url=endpoint.url.replace("http", "https"))
