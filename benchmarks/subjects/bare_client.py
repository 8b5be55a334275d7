"""No framework at all: a client that sends the questions and looks at the answers.

python bare_client.py aiohttp|httpx|openai|openai-aiohttp URL QUESTIONS CONCURRENCY
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    Ask = Callable[[str], Awaitable[str]]


def body(question: str) -> dict[str, object]:
    return {
        "model": "instant",
        "messages": [{"role": "user", "content": question}],
        "temperature": 0,
        "max_tokens": 16,
    }


@asynccontextmanager
async def by_aiohttp(url: str) -> AsyncIterator[Ask]:
    import aiohttp

    async with aiohttp.ClientSession() as session:

        async def ask(question: str) -> str:
            async with session.post(f"{url}/chat/completions", json=body(question)) as response:
                return (await response.json())["choices"][0]["message"]["content"]

        yield ask


@asynccontextmanager
async def by_httpx(url: str) -> AsyncIterator[Ask]:
    import httpx2

    async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=None)) as client:

        async def ask(question: str) -> str:
            response = await client.post(f"{url}/chat/completions", json=body(question))
            return response.json()["choices"][0]["message"]["content"]

        yield ask


@asynccontextmanager
async def by_openai(url: str, *, aiohttp: bool = False) -> AsyncIterator[Ask]:
    import openai

    transport = openai.DefaultAioHttpClient() if aiohttp else None
    async with openai.AsyncOpenAI(base_url=url, api_key="none", http_client=transport) as client:

        async def ask(question: str) -> str:
            completion = await client.chat.completions.create(**body(question))
            return completion.choices[0].message.content

        yield ask


CLIENTS = {
    "aiohttp": by_aiohttp,
    "httpx": by_httpx,
    "openai": by_openai,
    "openai-aiohttp": lambda url: by_openai(url, aiohttp=True),
}


async def main(client: str, url: str, questions: Path, concurrency: int) -> None:
    with questions.open() as stream:
        rows = [json.loads(line) for line in stream]
    left = iter(rows)
    async with CLIENTS[client](url) as ask:
        right = await asyncio.gather(*(worker(left, ask) for _ in range(concurrency)))
    assert sum(right) == len(rows)


async def worker(left: Iterator[dict[str, str]], ask: Ask) -> int:
    right = 0
    for row in left:
        right += await ask(row["question"]) == row["answer"]
    return right


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
