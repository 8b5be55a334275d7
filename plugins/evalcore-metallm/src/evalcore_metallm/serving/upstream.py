"""Asks an OpenAI-compatible endpoint, and tells its faults from those of the request."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from evalcore_metallm.serving.breaker import Breaker, UpstreamError
from evalcore_metallm.serving.protocol import read_tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from evalcore.prices import Price
    from evalcore_metallm.serving.protocol import Tokens
    from evalcore_metallm.serving.settings import ServeSettings, UpstreamSettings

__all__ = ["Answer", "Stream", "Upstream", "connect"]

FAULTS = frozenset({301, 302, 303, 304, 307, 308, 401, 402, 403, 404, 405, 407, 408, 409, 425, 429})
"""Statuses below 500 for which the request is not to blame: another upstream may do better."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, or an error that tells the client of its own request.

    Attributes:
        status: of HTTP.
        kind: the content type.
        body: as it came.
        tokens: that it took, if it tells.
    """

    status: int
    kind: str
    body: bytes
    tokens: Tokens | None


class Stream:
    """An answer in events, of which the first bytes are there."""

    def __init__(self, response: aiohttp.ClientResponse, first: bytes) -> None:
        self._response, self._first = response, first

    @property
    def kind(self) -> str:
        """The content type."""
        return _kind(self._response)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes, as they come.

        Raises:
            UpstreamError: if they stop coming before the end.
        """
        yield self._first
        try:
            async for piece in self._response.content.iter_any():
                yield piece
        except _BROKEN as error:
            raise UpstreamError(_reason(error)) from None

    def close(self) -> None:
        """Let go of the connection; one that still has something to tell is closed."""
        self._response.release()


class Upstream:
    """Where the answers of an arm come from.

    Attributes:
        name: of the arm.
        model: the model's name there.
        breaker: whether it may be asked now.
    """

    def __init__(
        self,
        name: str,
        settings: UpstreamSettings,
        price: Price,
        breaker: Breaker,
        session: aiohttp.ClientSession,
    ) -> None:
        self.name, self.model, self.breaker = name, settings.model, breaker
        self._price, self._session = price, session
        self._url = settings.base_url.rstrip("/") + "/chat/completions"
        self._headers = {"Content-Type": "application/json"}
        if settings.key is not None:
            self._headers["Authorization"] = f"Bearer {settings.key.get_secret_value()}"

    def dollars(self, tokens: Tokens) -> float:
        """What so many tokens cost."""
        return self._price.of(tokens.prompt, tokens.completion)

    async def ask(self, body: bytes, *, stream: bool) -> Answer | Stream:
        """Send a request; only a stream that was asked for, and began, is returned as one.

        Whether that is a success its end tells: who passes it on notes it at the breaker.

        Raises:
            UpstreamError: if it is down, busy, too slow or not as it should be.
        """
        with self.breaker.asking():
            try:
                answer = await self._ask(body, stream)
            except _BROKEN as error:
                raise UpstreamError(_reason(error)) from None
        if isinstance(answer, Answer):
            self.breaker.succeeded()
        return answer

    async def _ask(self, body: bytes, stream: bool) -> Answer | Stream:
        response = await self._session.post(
            self._url, data=body, headers=self._headers, allow_redirects=False
        )
        streams = False
        try:
            if response.status in FAULTS or not 200 <= response.status < 500:
                raise UpstreamError(f"status {response.status}", _wait(response))
            if not stream or response.status != 200:
                return await _whole(response)
            if response.content_type != "text/event-stream":
                raise UpstreamError("an answer that is no stream of events")
            first = await response.content.readany()
            if not first:
                raise UpstreamError("a stream without an event")
            streams = True
            return Stream(response, first)
        finally:
            if not streams:
                response.release()


def connect(settings: ServeSettings) -> aiohttp.ClientSession:
    """A session for all upstreams; as many connections as there are requests."""
    limits = settings.limits
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=limits.connect_seconds, sock_read=limits.silence_seconds
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=True,
    )


_BROKEN = (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError)


async def _whole(response: aiohttp.ClientResponse) -> Answer:
    body = await response.read()
    tokens = read_tokens(json.loads(body)) if response.status == 200 else None
    return Answer(response.status, _kind(response), body, tokens)


def _kind(response: aiohttp.ClientResponse) -> str:
    return response.headers.get("Content-Type", "application/json")


def _reason(error: BaseException) -> str:
    return "too slow" if isinstance(error, TimeoutError) else type(error).__name__


def _wait(response: aiohttp.ClientResponse) -> float | None:
    try:
        wait = float(response.headers.get("Retry-After", ""))
    except ValueError:  # a date, or nothing: the breaker has pauses of its own
        return None
    return wait if math.isfinite(wait) and wait > 0 else None
