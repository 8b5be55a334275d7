"""An OpenAI-compatible endpoint on loopback: instant, deterministic, and as faulty as a test plans.

It counts tokens as words, so that a test knows what any answer costs.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

GARBAGE = b'{"choices": [{"message": {"role": "assistant", "content": "Hel'


@dataclass(frozen=True)
class Call:
    """A request as it came in.

    Attributes:
        question: the last message, or the prompt.
        number: how often the same question had been asked before.
    """

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    question: str
    number: int


@dataclass(frozen=True)
class Reply:
    """What the endpoint does with a request.

    Attributes:
        body: of the answer; `None` is the right one.
        raw: sent instead of the whole answer.
        sent: how much of the answer is sent, as a share of its bytes; then the connection ends.
        reset: whether the connection ends at once and without ceremony.
        hang: whether nothing is sent, and the connection is held.
        drip: seconds that go by before each piece of the answer.
        pieces: how many those are, if the answer has so many bytes.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    raw: bytes = b""
    sent: float = 1.0
    reset: bool = False
    hang: bool = False
    drip: float = 0.0
    pieces: int = 1

    @property
    def right(self) -> bool:
        """Whether a client gets the right answer."""
        whole = self.sent == 1.0 and not self.hang and not self.raw
        return whole and self.status == 200 and self.body is None


RIGHT = Reply()

FAULTS = {
    "busy": Reply(429, body=b'{"error": {"message": "Rate limit reached", "code": "busy"}}'),
    "busy, with a wait": Reply(429, (("Retry-After", "0.02"),), body=b'{"error": "busy"}'),
    "busy, with a wait in ms": Reply(429, (("retry-after-ms", "20"),), body=b"busy"),
    "busy, with a date": Reply(429, (("Retry-After", "Thu, 01 Jan 2026 00:00:00 GMT"),), body=b""),
    "timeout": Reply(408, body=b"too slow"),
    "conflict": Reply(409, body=b'{"error": {"message": "locked"}}'),
    "broken": Reply(500, body=b'{"error": {"message": "CUDA error"}}'),
    "bad gateway": Reply(502, body=b"<html><h1>502 Bad Gateway</h1></html>"),
    "overloaded": Reply(503, (("Retry-After", "0"),), body=b"{}"),
    "closed before an answer": Reply(sent=0.0),
    "reset before an answer": Reply(sent=0.0, reset=True),
    "closed in the head": Reply(sent=0.1),
    "closed in the body": Reply(sent=0.9),
    "reset in the body": Reply(sent=0.7, reset=True),
    "no HTTP": Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n\r\n", sent=0.999),
    "a head too long": Reply(headers=(("X-Trace", "x" * 99_999),), sent=0.999),
    "truncated JSON": Reply(body=GARBAGE),
    "no JSON": Reply(body=b"<html>It works!</html>"),
    "empty": Reply(body=b""),
    "an error as an answer": Reply(body=b'{"error": {"message": "try again", "code": 502}}'),
    "no choices": Reply(body=b'{"id": "1", "usage": {"prompt_tokens": 9}}'),
    "empty choices": Reply(body=b'{"choices": []}'),
    "no message": Reply(body=b'{"choices": [{"index": 0}]}'),
    "a number as a text": Reply(body=b'{"choices": [{"message": {"content": 7}, "text": 7}]}'),
    "a list": Reply(body=b"[]"),
    "aborted": Reply(
        body=b'{"choices": [{"message": {"content": "Hel"}, "text": "Hel", '
        b'"finish_reason": "abort"}]}'
    ),
}
"""What may pass, told at once."""
STALLS = {"hang": Reply(hang=True), "drip without end": Reply(drip=0.05, pieces=10_000)}
"""What may pass, told by a deadline alone."""


class Endpoint:
    """The endpoint, in a thread of its own while its context lasts.

    Args:
        plan: what is done with each call.
        answer: the right answer to a call.
        together: how many calls must have come in before any is answered.

    Attributes:
        url: the base URL.
        connected: how many connections were made.
        calls: every request, in the order in which they came in.
        answered: how many right answers went out whole, by their questions.
    """

    def __init__(
        self,
        plan: Callable[[Call], Reply] = lambda call: RIGHT,
        answer: Callable[[Call], dict[str, Any]] | None = None,
        together: int = 1,
    ) -> None:
        self.connected = 0
        self.calls: list[Call] = []
        self.answered: Counter[str] = Counter()
        self._plan = plan
        self._answer = answer or right_answer
        self._together = together
        self._complete = asyncio.Event()
        self._asked: Counter[str] = Counter()
        self._connections: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    def __exit__(self, *exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self.connected += 1
        try:
            while await self._reply(reader, writer):
                pass
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass  # the endpoint is stopped, or the client has gone
        finally:
            self._connections.discard(task)
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection stays."""
        call = await self._read(reader)
        if len(self.calls) >= self._together:
            self._complete.set()
        await self._complete.wait()
        reply = self._plan(call)
        if reply.hang:
            await reader.read()  # until the client gives up
            return False
        message = reply.raw or self._written(call, reply)
        end = int(len(message) * reply.sent)
        size = max(1, end // reply.pieces)
        for begin in range(0, end, size):
            await asyncio.sleep(reply.drip)
            writer.write(message[begin : min(begin + size, end)])
            await writer.drain()
        if reply.right:
            self.answered[call.question] += 1
        if reply.reset:
            _reset(writer)
        return reply.sent == 1.0

    async def _read(self, reader: asyncio.StreamReader) -> Call:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.rstrip().split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        question = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
        call = Call(first.split()[1], headers, body, question, self._asked[question])
        self._asked[question] += 1
        self.calls.append(call)
        return call

    def _written(self, call: Call, reply: Reply) -> bytes:
        body = json.dumps(self._answer(call)).encode() if reply.body is None else reply.body
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        headers |= dict(reply.headers)
        lines = [f"HTTP/1.1 {reply.status} Because", *(f"{k}: {v}" for k, v in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body


def right_answer(call: Call) -> dict[str, Any]:
    """As many answers as asked for, each told by the question, the seed and its number."""
    path, body = call.path.removeprefix("/v1"), call.body
    read = {"/chat/completions": _chat_choice, "/completions": _plain_choice}[path]
    choices = [read(call, number) for number in range(body.get("n", 1))]
    completion = sum(len(words(answer_text(call, number))) for number in range(len(choices)))
    return {"choices": choices, "usage": usage(call.question, completion)}


def usage(question: str, completion_tokens: int) -> dict[str, int]:
    return {"prompt_tokens": len(words(question)), "completion_tokens": completion_tokens}


def answer_text(call: Call, number: int = 0) -> str:
    return f"{call.question} seed {call.body.get('seed')} number {number}"


def words(text: str) -> list[str]:
    """The tokens of a text: each word with the blanks before it."""
    return re.findall(r"\s*\S+|\s+$", text)


def logprob(token: str) -> float:
    return -(zlib.crc32(token.encode()) % 1000) / 100


def _chat_choice(call: Call, number: int) -> dict[str, Any]:
    text = answer_text(call, number)
    choice = {
        "index": number,
        "message": {"role": "assistant", "content": text, "refusal": None},
        "finish_reason": "stop",
    }
    if call.body.get("logprobs"):
        tokens = [{"token": token, "logprob": logprob(token)} for token in words(text)]
        choice["logprobs"] = {"content": tokens}
    return choice


def _plain_choice(call: Call, number: int) -> dict[str, Any]:
    text = answer_text(call, number)
    choice: dict[str, Any] = {"index": number, "text": text, "finish_reason": "stop"}
    if call.body.get("logprobs"):
        tokens = words(text)
        choice["logprobs"] = {"tokens": tokens, "token_logprobs": list(map(logprob, tokens))}
    return choice


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection by RST, whatever is still under way."""
    linger = struct.pack("ii", 1, 0)
    with suppress(OSError):
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
