"""The endpoint: what clients ask for, answered by the upstreams of the arms."""

from __future__ import annotations

import hmac
import json
import logging
import sqlite3
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from evalcore_metallm.serving.breaker import UpstreamError
from evalcore_metallm.serving.protocol import (
    Chat,
    ProtocolError,
    read_chat,
    read_feedback,
    read_object,
)
from evalcore_metallm.serving.records import Entry, FeedbackOutcome, Status
from evalcore_metallm.serving.relay import RelayedStream
from evalcore_metallm.serving.upstream import Answer, Stream, Upstream

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pydantic import SecretStr

    from evalcore_metallm.serving.journal import Journal
    from evalcore_metallm.serving.live import LiveRouter, Routing
    from evalcore_metallm.serving.records import Receipt
    from evalcore_metallm.serving.settings import ServeSettings

__all__ = ["Endpoint"]

ID_HEADER, ARM_HEADER = "x-evalcore-request-id", "x-evalcore-arm"

_log = logging.getLogger(__name__)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Grant(_Strict):
    """What a policy that keeps to a budget may spend from here on, and on how many queries."""

    dollars: Annotated[float, Field(gt=0)]
    queries: Annotated[int, Field(ge=1)]


class RouterChange(_Strict):
    """What `PATCH /v1/router` may set while the server runs."""

    price: Annotated[float, Field(ge=0)] = 0.0
    budget: Annotated[float, Field(ge=0)] | None = None
    arms: Annotated[list[str], Field(min_length=1)] = []
    grant: Grant | None = None


class Endpoint:
    """Answers requests.

    Args:
        live: the router.
        journal: where requests are kept.
        upstreams: of the arms, in the router's order.
        settings: of the server.
    """

    def __init__(
        self,
        live: LiveRouter,
        journal: Journal,
        upstreams: Sequence[Upstream],
        settings: ServeSettings,
    ) -> None:
        self._live, self._journal = live, journal
        self._upstreams, self._settings = upstreams, settings
        self._in_flight = 0

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/v1/models", self._models),
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/feedback", self._feedback, methods=["POST"]),
                Route("/v1/router", self._router, methods=["GET", "PATCH"]),
                Route("/v1/router/file", self._router_file),
            ],
            exception_handlers={
                ProtocolError: _answer_error,
                HTTPException: _answer_http_error,
                sqlite3.Error: _answer_lost_state,
                ClientDisconnect: _answer_nobody,
                Exception: _answer_fault,
            },
        )

    # What clients ask for

    async def _models(self, request: Request) -> Response:
        _check_key(request, self._settings.key)
        model = {"id": self._settings.name, "object": "model", "created": 0, "owned_by": "evalcore"}
        return _json({"object": "list", "data": [model]})

    async def _chat(self, request: Request) -> Response:
        started = time.perf_counter()
        _check_key(request, self._settings.key)
        chat = read_chat(await self._body(request), self._settings.name)
        self._check_budget()
        if self._in_flight >= self._settings.limits.in_flight:
            text = f"The server has {self._in_flight} requests in flight already."
            raise ProtocolError(503, text, "overloaded", headers={"Retry-After": "1"})
        self._in_flight += 1
        response = None
        try:
            response = await self._answered(chat, started)
        finally:
            if not isinstance(response, RelayedStream):
                self._ended()
        return response

    async def _feedback(self, request: Request) -> Response:
        _check_key(request, self._settings.key)
        feedback = read_feedback(await self._body(request))
        receipt = await self._live.take(feedback)
        _check_taken(receipt)
        return _json(
            {
                "id": feedback.id,
                "counted": receipt.outcome is FeedbackOutcome.COUNTED,
                "learned": receipt.lesson is not None,
                "quality": receipt.quality,
            }
        )

    async def _router(self, request: Request) -> Response:
        _check_key(request, self._settings.admin_key or self._settings.key)
        if request.method == "PATCH":
            await self._live.change(self._change(await self._body(request)))
        return _json(self._state())

    async def _router_file(self, request: Request) -> Response:
        _check_key(request, self._settings.admin_key or self._settings.key)
        return Response(self._live.dumps(), media_type="application/octet-stream")

    # From a request to an answer

    async def _answered(self, chat: Chat, started: float) -> Response:
        routing = await self._live.route(chat.query, self._ready)
        if routing is None:
            raise self._nobody()
        try:
            upstream, answer = await self._asked(chat, routing)
        except _AllFailedError as failed:
            entry = self._entry(chat, routing, failed.last, Status.FAILED, started)
            await self._keep(replace(entry, dollars=0.0))
            raise self._nobody(headers={ID_HEADER: routing.id}) from None
        headers = {ID_HEADER: routing.id, ARM_HEADER: upstream.name}
        if isinstance(answer, Answer):
            status = Status.ANSWERED if answer.status < 400 else Status.REFUSED
            if status is Status.REFUSED:
                self._live.release(self._upstreams.index(upstream))
            entry = self._entry(chat, routing, upstream, status, started)
            dollars = upstream.dollars(answer.tokens) if answer.tokens else None
            await self._keep(replace(entry, tokens=answer.tokens, dollars=dollars))
            return Response(answer.body, answer.status, headers, answer.kind)
        entry = self._entry(chat, routing, upstream, Status.OPEN, started)
        await self._begun(entry, answer)
        return RelayedStream(
            answer,
            upstream,
            wants_usage=chat.wants_usage,
            entry=entry,
            finish=self._finished,
            started=started,
            headers=headers,
            end=self._ended,
        )

    async def _asked(self, chat: Chat, routing: Routing) -> tuple[Upstream, Answer | Stream]:
        """The answer of the arm that was picked, or else of the best of those that are left.

        Raises:
            _AllFailedError: if none is.
        """
        left, arm = routing.allowed.copy(), routing.arm
        while True:
            upstream = self._upstreams[arm]
            try:
                body = chat.body_for(upstream.model)
                return upstream, await upstream.ask(body, stream=chat.stream)
            except UpstreamError as error:
                _log.warning("upstream of %s failed: %s", upstream.name, error)
                self._live.release(arm)
            left[arm] = False
            left &= self._ready()
            if not left.any():
                raise _AllFailedError(upstream)
            arm = self._live.instead(routing, left)

    def _entry(
        self, chat: Chat, routing: Routing, upstream: Upstream, status: Status, started: float
    ) -> Entry:
        return Entry(
            number=routing.number,
            id=routing.id,
            chosen=self._upstreams[routing.arm].name,
            asked=upstream.name,
            propensity=routing.propensity,
            allowed="".join("1" if allowed else "0" for allowed in routing.allowed),
            price=routing.price,
            context=routing.context,
            query=chat.query if self._settings.log_queries else None,
            status=status,
            seconds=time.perf_counter() - started,
        )

    async def _keep(self, entry: Entry) -> None:
        await self._journal.add(entry, lambda _: self._live.account(entry))

    async def _begun(self, entry: Entry, stream: Stream) -> None:
        try:
            await self._journal.add(entry)
        except BaseException:
            stream.close()
            raise

    def _finished(self, entry: Entry) -> asyncio.Future[None]:
        return self._journal.finish(entry, lambda _: self._live.account(entry))

    def _ended(self) -> None:
        self._in_flight -= 1

    # What may be

    def _ready(self) -> NDArray[np.bool_]:
        return np.array([upstream.breaker.ready for upstream in self._upstreams])

    def _nobody(self, headers: dict[str, str] | None = None) -> ProtocolError:
        allowed = zip(self._upstreams, self._live.allowed, strict=True)
        wait = min(upstream.breaker.wait for upstream, may_be in allowed if may_be)
        retry = {"Retry-After": str(max(1, round(wait)))}
        text = "No upstream could answer."
        return ProtocolError(503, text, "no_upstream", headers=retry | (headers or {}))

    def _check_budget(self) -> None:
        budget = self._live.budget
        if budget is not None and self._live.dollars + self._live.estimated_dollars >= budget:
            text = f"The budget of {budget} dollars is spent."
            raise ProtocolError(429, text, "insufficient_quota")

    async def _body(self, request: Request) -> bytes:
        most, body = self._settings.limits.body_bytes, bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > most:
                raise ProtocolError(413, f"The body has more than {most} bytes.", "too_large")
        return bytes(body)

    # The router while it runs

    def _change(self, body: bytes) -> dict[str, Any]:
        try:
            change = RouterChange.model_validate(read_object(body))
        except ValidationError as error:
            item = error.errors(include_url=False, include_input=False, include_context=False)[0]
            param = ".".join(map(str, item["loc"]))
            raise ProtocolError(
                400, f"{param}: {item['msg']}.", "invalid_value", param=param
            ) from None
        if unknown := set(change.arms) - set(self._live.names):
            text = f"arms: found {min(unknown)!r}, expected some of {', '.join(self._live.names)}."
            raise ProtocolError(400, text, "invalid_value", param="arms")
        values = change.model_dump(exclude_unset=True)
        if values.get("grant", values) is None:
            del values["grant"]
        return values

    def _state(self) -> dict[str, Any]:
        live = self._live
        return {
            "name": self._settings.name,
            "price": live.price,
            "budget": live.budget,
            "dollars": live.dollars,
            "estimated_dollars": live.estimated_dollars,
            "lessons": live.lessons,
            "feedback": {
                "counted": live.counts[FeedbackOutcome.COUNTED],
                "repeated": live.counts[FeedbackOutcome.REPEATED],
                "unknown": live.counts[FeedbackOutcome.UNKNOWN],
            },
            "arms": [
                {
                    "name": upstream.name,
                    "allowed": bool(allowed),
                    "ready": upstream.breaker.ready,
                    **live.totals[upstream.name]._asdict(),
                }
                for upstream, allowed in zip(self._upstreams, live.allowed, strict=True)
            ],
        }


class _AllFailedError(Exception):
    """No upstream answered; it has the one that was asked last."""

    def __init__(self, last: Upstream) -> None:
        super().__init__()
        self.last = last


def _check_key(request: Request, key: SecretStr | None) -> None:
    if key is None:
        return
    sent = request.headers.get("authorization", "").encode()
    if not hmac.compare_digest(sent, f"Bearer {key.get_secret_value()}".encode()):
        raise ProtocolError(401, "The key is missing or wrong.", "invalid_api_key")


def _check_taken(receipt: Receipt) -> None:
    match receipt.outcome:
        case FeedbackOutcome.UNKNOWN:
            raise ProtocolError(404, "No request has that id.", "unknown_request", param="id")
        case FeedbackOutcome.UNFINISHED:
            text = "The answer is still being written; send feedback after its end."
            raise ProtocolError(409, text, "unfinished", param="id")
        case FeedbackOutcome.NO_COST:
            text = "What the answer cost is not known; send `quality` instead of `reward`."
            raise ProtocolError(409, text, "unknown_cost", param="reward")
        case FeedbackOutcome.OUT_OF_RANGE:
            text = f"reward: it makes a quality of {receipt.quality}, expected 0 to 1."
            raise ProtocolError(400, text, "invalid_value", param="reward")


def _json(value: Any) -> Response:
    return Response(json.dumps(value), media_type="application/json")


async def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProtocolError)
    return Response(error.body(), error.status, error.headers, "application/json")


async def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = "not_found" if error.status_code == 404 else "not_allowed"
    text = f"{request.method} {request.url.path}: {error.detail}."
    told = ProtocolError(error.status_code, text, code)
    return Response(told.body(), told.status, error.headers, "application/json")


async def _answer_lost_state(request: Request, error: Exception) -> Response:
    told = ProtocolError(503, "The server's state cannot be written.", "state_unavailable")
    return await _answer_error(request, told)


async def _answer_nobody(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # the client left before it had asked


async def _answer_fault(request: Request, error: Exception) -> Response:
    return await _answer_error(request, ProtocolError(500, "The server failed.", "server_error"))
