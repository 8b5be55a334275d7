"""An OpenAI-compatible upstream on loopback: instant, words are its tokens, faulty on demand."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any, Self

from aiohttp import web


class FakeUpstream:
    """It answers in a thread of its own while its context lasts.

    Attributes:
        url: the base URL.
        answer: what it says.
        fault: what it does instead: a status, `hang`, `drop`, `cut`, `garbage`, `silent` (tells no
            usage), `whole` (never streams), `short` (ends a stream after a word, as if that were
            all), `noise` (a stream without events), or nothing.
        retry_after: sent with a status.
        bodies: what it was sent.
        keys: the bearer tokens that came with it.
        left: how many streams ended because whoever listened went away.
    """

    def __init__(self, answer: str = "one two three") -> None:
        self.answer = answer
        self.fault: str | int | None = None
        self.retry_after: str | None = None
        self.pause = 0.0
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.left = 0

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)))
        self._thread.start()
        assert ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/v1"
        ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("Authorization"))
        fault = self.fault
        if fault == "hang":
            await self._stop.wait()
        if fault == "drop":
            assert request.transport is not None
            request.transport.abort()
        if fault == "garbage":
            return web.Response(body=b"<html>", content_type="text/html")
        if isinstance(fault, int):
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            error = {"error": {"message": f"told {fault}", "type": "x", "param": None, "code": "y"}}
            return web.json_response(error, status=fault, headers=headers)
        words = self.answer.split()
        usage = {
            "prompt_tokens": sum(len(str(m["content"]).split()) for m in body["messages"]),
            "completion_tokens": len(words),
        }
        usage["total_tokens"] = sum(usage.values())
        if fault == "noise":
            return web.Response(body=b"no events", content_type="text/event-stream")
        if not body.get("stream") or fault == "whole":
            return web.json_response(self._whole(body, {} if fault == "silent" else usage))
        try:
            return await self._stream(request, body, words, usage)
        except (ConnectionError, asyncio.CancelledError):
            self.left += 1
            raise

    def _whole(self, body: dict[str, Any], usage: dict[str, int]) -> dict[str, Any]:
        message = {"role": "assistant", "content": self.answer}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        common = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1}
        return {**common, "model": body["model"], "choices": [choice]} | (
            {"usage": usage} if usage else {}
        )

    async def _stream(
        self, request: web.Request, body: dict[str, Any], words: list[str], usage: dict[str, int]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        wants = (body.get("stream_options") or {}).get("include_usage")
        common = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1}
        common["model"] = body["model"]
        for number, word in enumerate(words):
            if self.fault == "short" and number == 1:
                return response
            if self.fault == "cut" and number == 1:
                assert request.transport is not None
                await asyncio.sleep(0.05)
                request.transport.abort()
                return response
            choice = {"index": 0, "delta": {"content": word + " "}, "finish_reason": None}
            await response.write(_event({**common, "choices": [choice], "usage": None}))
            await asyncio.sleep(self.pause)
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        await response.write(_event({**common, "choices": [end], "usage": None}))
        if wants and self.fault != "silent":
            await response.write(_event({**common, "choices": [], "usage": usage}))
        await response.write(b"data: [DONE]\n\n")
        return response


def _event(fields: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(fields).encode() + b"\n\n"
