"""What a failed call means: whether it may pass, and otherwise what to do about it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    SSLError,
)
from botocore.parsers import ResponseParserError

from evalcore.errors import EvalcoreError
from evalcore.model import TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SDK_ERRORS", "explained"]

SDK_ERRORS = (BotoCoreError, ClientError, ResponseParserError)
"""Everything that the SDK raises of its own."""

_PASSING = (ConnectionError, HTTPClientError, IncompleteReadError, ResponseParserError)
_REMEDIES: dict[type[Exception], str] = {
    NoCredentialsError: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
    "AWS_BEARER_TOKEN_BEDROCK, or name a profile of your AWS configuration by `profile` beside "
    "the model",
    NoRegionError: "set `region` beside the model, or AWS_DEFAULT_REGION",
    ProfileNotFound: "name a profile that stands in your AWS configuration",
    SSLError: "set AWS_CA_BUNDLE to the certificate of the authority that signed the endpoint's",
}
_REFUSALS = {
    "ValidationException": "check `model`, the sampling settings and `extra`: not every model "
    "takes a system message, stop texts, or both temperature and top_p",
    "AccessDeniedException": "allow bedrock:InvokeModel for these credentials, and ask for access "
    "to the model in the Bedrock console of this region",
    "ResourceNotFoundException": "check `model` and `region`: a model may be retired, or served "
    "through an inference profile only",
    "ExpiredTokenException": "renew the credentials, then go on with the run",
    "UnrecognizedClientException": "check the credentials, and that they belong to this region",
    "InvalidSignatureException": "check the secret key, and the clock of this machine",
}


def explained(error: Exception) -> Exception:
    """The error to raise in place of one of the SDK.

    Returns:
        A `TransientError` if the same call may succeed later, else an `EvalcoreError` that says
        what to do.
    """
    if isinstance(error, ClientError):
        return _answered(error)
    if isinstance(error, _PASSING) and "CERTIFICATE_VERIFY_FAILED" not in str(error):
        # Not the request's failure.
        return TransientError(f"{type(error).__name__}: {error}", retry_after=0.0)
    return EvalcoreError(_with(f"Bedrock: {error}", _REMEDIES.get(type(error))))


def _answered(error: ClientError) -> Exception:
    """What an answer of the service that is an error means."""
    response: Mapping[str, Any] = error.response
    code = response.get("Error", {}).get("Code", "")
    # A refused signature is quoted below the first line, with the session's token in it.
    message = (response.get("Error", {}).get("Message") or "").partition("\n")[0]
    metadata = response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode", 0)
    words = f"{code} (HTTP {status}): {message}"
    if _may_pass(response.get("originalStatusCode", status)):
        wait = _seconds(metadata.get("HTTPHeaders", {}).get("retry-after", ""))
        busy = status == HTTPStatus.TOO_MANY_REQUESTS  # even where it names no time
        return TransientError(words, retry_after=0.0 if busy and wait is None else wait)
    return EvalcoreError(_with(words, _REFUSALS.get(code)))


def _with(words: str, remedy: str | None) -> str:
    return f"{words}; {remedy}" if remedy else words


def _may_pass(status: int) -> bool:
    return status in {408, 409, 424, 429} or status >= 500


def _seconds(retry_after: str) -> float | None:
    """A Retry-After header, which is a number of seconds or a date, in seconds from now."""
    try:
        seconds = float(retry_after)
    except ValueError:
        return _seconds_until(retry_after)
    return seconds if seconds >= 0 else None  # neither for NaN


def _seconds_until(date: str) -> float | None:
    try:
        then = parsedate_to_datetime(date).replace(tzinfo=UTC)  # HTTP's dates are in GMT
    except ValueError:
        return None
    return max((then - datetime.now(UTC)).total_seconds(), 0.0)
