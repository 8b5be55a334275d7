"""Passes an answer on in events, and keeps how it ended before the client sees its end."""

from __future__ import annotations

import logging
import sqlite3
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from evalcore_metallm.serving.breaker import UpstreamError
from evalcore_metallm.serving.protocol import (
    EventSplitter,
    ProtocolError,
    read_event,
    read_tokens,
)
from evalcore_metallm.serving.records import Status

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from evalcore_metallm.serving.protocol import Tokens
    from evalcore_metallm.serving.records import Entry
    from evalcore_metallm.serving.upstream import Stream, Upstream

__all__ = ["RelayedStream"]

_log = logging.getLogger(__name__)


class RelayedStream(StreamingResponse):
    """The events of an upstream, as they come.

    Every event is passed on as it is, but for the one that tells the tokens where the client did
    not ask for it. The last, `[DONE]`, follows when the tokens and their price are kept.

    Args:
        stream: what the upstream sends.
        upstream: who that is.
        wants_usage: whether the client asked for the tokens.
        entry: the request as it is kept until now.
        finish: keeps it as it ended.
        started: when the request came, by `time.perf_counter`.
        headers: of the answer.
        end: called once nothing more is sent, whatever the reason.
    """

    def __init__(
        self,
        stream: Stream,
        upstream: Upstream,
        *,
        wants_usage: bool,
        entry: Entry,
        finish: Callable[[Entry], Awaitable[None]],
        started: float,
        headers: Mapping[str, str],
        end: Callable[[], None],
    ) -> None:
        self._body = self._events()
        super().__init__(self._body, headers={"Content-Type": stream.kind, **headers})
        self._stream, self._upstream, self._wants_usage = stream, upstream, wants_usage
        self._entry, self._finish, self._started, self._end = entry, finish, started, end
        self._tokens: Tokens | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; of a client that leaves, the rest is not asked for."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._body.aclose()
            self._stream.close()
            if self._entry.status is Status.OPEN:
                self._ended(Status.CUT)
            self._end()

    async def _events(self) -> AsyncGenerator[bytes]:
        splitter = EventSplitter()
        last = b""
        try:
            async for piece in self._stream.pieces():
                events = [event for event in splitter.feed(piece) if self._is_for_client(event)]
                if events and _is_done(events[-1]):
                    last = events.pop()
                if events:
                    yield b"".join(events)
                if last:
                    break
            if not last and not _is_done(splitter.rest()) and self._tokens is None:
                raise UpstreamError("a stream without an end")
            self._upstream.breaker.succeeded()
            await self._ended(Status.ANSWERED)
            if tail := splitter.rest() + last:
                yield tail
        except (UpstreamError, sqlite3.Error) as error:
            if isinstance(error, UpstreamError):
                _log.warning("stream of %s failed: %s", self._upstream.name, error)
                self._upstream.breaker.failed()
                await self._ended(Status.CUT)
            text = "The answer broke off: the upstream failed."
            yield b"data: " + ProtocolError(502, text, "upstream_failed").body() + b"\n\n"

    def _is_for_client(self, event: bytes) -> bool:
        """Whether to pass an event on; tokens that it tells are noted."""
        if b'"usage"' not in event:
            return True
        found = read_event(event)
        if (tokens := read_tokens(found)) is None:
            return True
        self._tokens = tokens
        return self._wants_usage or bool(found.get("choices"))

    def _ended(self, status: Status) -> Awaitable[None]:
        self._entry = replace(
            self._entry,
            status=status,
            tokens=self._tokens,
            dollars=self._tokens and self._upstream.dollars(self._tokens),
            seconds=time.perf_counter() - self._started,
        )
        return self._finish(self._entry)


def _is_done(event: bytes) -> bool:
    return event.strip() in {b"data: [DONE]", b"data:[DONE]"}
