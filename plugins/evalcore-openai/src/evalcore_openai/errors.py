"""What may pass and what may not, of all that an endpoint does instead of answering."""

from __future__ import annotations

import math
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "EndpointError",
    "FilteredError",
    "ShapeError",
    "advice",
    "may_pass",
    "root_of",
    "seconds_to_wait",
]

_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}


class EndpointError(EvalcoreError):
    """The endpoint refuses a request, or its answer cannot be used; asking again will not help."""


class FilteredError(EndpointError):
    """A filter of the endpoint refuses the prompt."""


class ShapeError(Exception):
    """An answer is not of the shape that the protocol gives it: cut off, or of something else."""


def may_pass(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """How long the endpoint asks to wait, by `retry-after-ms` or `retry-after`.

    A date in the past asks for a wait of 0; `None` says that it does not ask, or not for a time.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def advice(status: int, message: str, *, key: str, model: str) -> str:
    """What the user can do about a request that was refused, a sentence; `""` if nothing is known.

    Args:
        status: of the answer.
        message: what the endpoint says.
        key: where the key came from, a sentence.
        model: name of the model.
    """
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return key
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        return f"Check `base_url`, and whether the endpoint has the model {model!r}."
    for words, remedy in _REMEDIES.items():
        if words in message.lower():
            return remedy
    return ""


def root_of(error: BaseException) -> str:
    """The type and the text of what an error comes from."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}".removesuffix(": ")


_REMEDIES = {
    "max_completion_tokens": "Write `max_tokens_name: max_completion_tokens` beside the model.",
    "seed": "Write `send_seed: false` beside the model.",
    "chat template": "Write `chat: false` beside the model.",
}
"""By words that the message has where a setting helps."""


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None
