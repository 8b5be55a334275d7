"""A model that answers at once: chat and plain completions over HTTP on loopback.

    python instant_server.py

Prints its port. Every completion is `42`, with 8 tokens asked and 1 answered; GET /requests tells
how many were answered since it was last asked. Nothing is parsed but where a request ends.
"""

from __future__ import annotations

import asyncio
import json
import re

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
USAGE = {"prompt_tokens": 8, "completion_tokens": 1, "total_tokens": 9}
FRAME = {"id": "instant", "created": 0, "model": "instant", "usage": USAGE}
ENDED = {"index": 0, "finish_reason": "stop", "logprobs": None}


def response(status: bytes, body: dict[str, object]) -> bytes:
    text = json.dumps(body).encode()
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(text)) + text


CHAT = response(
    b"200 OK",
    {
        **FRAME,
        "object": "chat.completion",
        "choices": [{**ENDED, "message": {"role": "assistant", "content": "42"}}],
    },
)
PLAIN = response(
    b"200 OK", {**FRAME, "object": "text_completion", "choices": [{**ENDED, "text": "42"}]}
)
UNKNOWN = response(b"404 Not Found", {"error": {"message": "no such path"}})


class Instant(asyncio.Protocol):
    """One connection; requests may follow each other on it."""

    answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while True:
            head, end, rest = self.received.partition(b"\r\n\r\n")
            found = LENGTH.search(head)
            length = int(found.group(1)) if found else 0
            if not end or len(rest) < length:
                return
            self.received = rest[length:]
            self.transport.write(self.answer(head))

    def answer(self, head: bytes) -> bytes:
        path = head.split(b" ", 2)[1]
        if path == b"/requests":
            answered, Instant.answered = Instant.answered, 0
            return response(b"200 OK", {"answered": answered})
        Instant.answered += 1
        if path.endswith(b"/chat/completions"):
            return CHAT
        return PLAIN if path.endswith(b"/completions") else UNKNOWN


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Instant, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
