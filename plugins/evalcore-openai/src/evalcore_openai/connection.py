"""The way to an endpoint: one client with as many connections as there are calls in flight."""

from __future__ import annotations

import ipaddress
import json
import os
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import ClientError
from httpx2 import Limits
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, DefaultAioHttpClient

from evalcore.errors import EvalcoreError
from evalcore.model import TransientError
from evalcore_openai.errors import (
    EndpointError,
    FilteredError,
    ShapeError,
    advice,
    may_pass,
    root_of,
    seconds_to_wait,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalcore_openai.settings import OpenAISettings

__all__ = ["Connection"]

Answer = TypeVar("Answer")

_VARIABLE = "OPENAI_API_KEY"
_HEADERS_VARIABLE = "OPENAI_CUSTOM_HEADERS"
"""Lines of further headers, which the SDK sends with each request by itself."""
_NO_KEY = "no-key"
"""Sent where no key is needed: the SDK wants one."""
_SPENT = "insufficient_quota"
"""The code of a 429 that no wait helps: the account has no money left."""
_SHORTEST_SECRET = 8
"""A shorter key is a word such as `EMPTY`, which answers may hold as well."""
_SENDABLE = re.compile(r"[\x20-\x7e]*")
_SHOWN = 300
"""Characters of what an endpoint says that an error shows."""


class Connection:
    """Sends requests to an endpoint, and tells what may pass from what may not."""

    def __init__(self, settings: OpenAISettings) -> None:
        self._settings = settings
        self._client: AsyncOpenAI | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key and what the further headers say, where they are no mere words.

        Of a header such as `Authorization: Bearer TOKEN` the token is one by itself, too.
        """
        values = self._header_values
        lines = os.environ.get(_HEADERS_VARIABLE, "").splitlines()
        values += [line.partition(":")[2].strip() for line in lines]
        texts = [self._key, *values, *(value.rpartition(" ")[2] for value in values)]
        texts += [json.dumps(text)[1:-1] for text in texts]  # as it comes back inside of JSON
        return tuple(text for text in dict.fromkeys(texts) if len(text) >= _SHORTEST_SECRET)

    def check(self) -> None:
        """Look whether there is a key, where one is needed.

        Raises:
            EvalcoreError: if the endpoint needs a key and there is none, or none that can be sent.
        """
        url, headers = self._settings.base_url, self._settings.headers
        if not self._key and not headers and not _is_loopback(url):
            raise EvalcoreError(
                f"{url} needs a key: write `api_key: ${{NAME}}` beside the model, NAME being the "
                f"environment variable that holds it, or set {_VARIABLE}"
            )
        if not all(map(_SENDABLE.fullmatch, (self._key, *self._header_values))):
            raise EvalcoreError(
                f"{url}: found a character in the key or in `headers` that no header can hold, "
                "expected printable ASCII: was it copied whole, and nothing else?"
            )

    async def open(self) -> None:
        """Make the client; no request is sent.

        Raises:
            EvalcoreError: as of `check`.
        """
        self.check()
        url, headers = self._settings.base_url, self._settings.headers
        self._client = AsyncOpenAI(
            base_url=url,
            api_key=self._key or _NO_KEY,
            default_headers=dict(zip(headers, self._header_values, strict=True)),
            # The gate that calls the model has the deadline and the retries.
            timeout=None,
            max_retries=0,
            # For aiohttp 0 is no limit. Servers commonly drop connections that idle for 5 seconds.
            http_client=DefaultAioHttpClient(
                limits=Limits(max_connections=0, keepalive_expiry=4),
                # The address that a redirect names is not the one that the key is for.
                follow_redirects=False,
            ),
        )

    async def close(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def ask(
        self, path: str, body: dict[str, Any], read: Callable[[dict[str, Any]], Answer]
    ) -> Answer:
        """Send a request and read the JSON object that answers it.

        Raises:
            TransientError: if the same request may succeed later.
            FilteredError: if a filter refuses the prompt.
            EndpointError: if the endpoint refuses the request, or its answer cannot be used.
        """
        answer = await self._post(path, body)
        try:
            return read(_parsed(answer))
        except ShapeError as error:
            where, found = f"{self._settings.base_url}{path}", answer.decode(errors="replace")
            raise TransientError(f"{where}: {error}, found {self.shown(found)}") from None

    async def _post(self, path: str, body: dict[str, Any]) -> bytes:
        """The body of the answer.

        The SDK's own objects are left out: to build them costs more than all the rest of a call.
        """
        assert self._client is not None, "the model is not open"
        try:
            return await self._client.post(path, cast_to=bytes, body=body)
        except APIStatusError as error:
            raise self._refused(path, error) from None
        except (APIConnectionError, ClientError) as error:
            url = self._settings.base_url
            text = f"{url} gave no answer: {self.shown(root_of(error))}"
            raise TransientError(text, retry_after=0.0) from None  # not the request's failure

    def shown(self, text: str) -> str:
        """The beginning of a text, on one line and without secrets."""
        for secret in self.secrets:  # before the cut, which could leave the half of one
            text = text.replace(secret, "[secret]")
        line = " ".join(text.split())
        return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"

    @property
    def _key(self) -> str:
        key = self._settings.api_key
        return (key.get_secret_value() if key else os.environ.get(_VARIABLE, "")).strip()

    @property
    def _header_values(self) -> list[str]:
        return [value.get_secret_value() for value in self._settings.headers.values()]

    @property
    def _key_in_words(self) -> str:
        if self._settings.api_key:
            return "The key is `api_key` of the model."
        if self._key:
            return f"The key is {_VARIABLE} of the environment."
        if self._settings.headers:
            return "The key is what `headers` of the model say."
        return "No key was sent: write `api_key: ${NAME}` beside the model."

    def _refused(self, path: str, error: APIStatusError) -> Exception:
        status, said = error.status_code, self.shown(_said(error))
        text = f"{self._settings.base_url}{path} answered {status}"
        if target := error.response.headers.get("location"):
            return EndpointError(
                f"{text} and sends elsewhere, to {self.shown(target)}, where evalcore does not "
                "follow: write the address that answers as `base_url`"
            )
        text = f"{text}: {said}" if said else text
        if may_pass(status) and error.code != _SPENT:
            wait = seconds_to_wait(error.response.headers)
            busy = status == HTTPStatus.TOO_MANY_REQUESTS  # even where it names no time
            return TransientError(text, retry_after=0.0 if busy and wait is None else wait)
        if error.code == "content_filter":
            return FilteredError(text)
        model = self._settings.model
        remedy = advice(status, said, key=self._key_in_words, model=model)
        return EndpointError(f"{text.rstrip('.')}. {remedy}" if remedy else text)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise ShapeError(f"expected JSON ({error})") from None
    if not isinstance(answer, dict) or answer.get("error"):
        raise ShapeError("expected an answer")
    return answer


def _said(error: APIStatusError) -> str:
    """What the endpoint says of the error: the message where its answer has one, else all."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return message if isinstance(message, str) and message else error.response.text


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
