"""The server under test, in a thread, and what tests ask it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import sqlite3
import threading
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import uvicorn
from openai import OpenAI

from evalcore.prices import Price
from evalcore_metallm.logs.routing import Arm
from evalcore_metallm.router import Router, RouterSettings
from evalcore_metallm.serving.server import opened
from evalcore_metallm.serving.settings import ServeSettings

PRICES = {"small": Price(prompt=1.0, completion=2.0), "large": Price(prompt=10.0, completion=30.0)}


def save_router(folder: Path, **policy: Any) -> Path:
    """A router that knows nothing yet."""
    settings = RouterSettings.model_validate(
        {
            "policy": policy or {"use": "squarecb", "gamma": 5.0},
            "features": {"use": "hashing", "columns": 16},
        }
    )
    arms = [Arm(name, price) for name, price in PRICES.items()]
    file = folder / "made.router"
    Router.cold(arms, [1e-5, 1e-4], settings).save(file)
    return file


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


class Served:
    """A server while its context lasts; it stops as it does when it is told to."""

    def __init__(self, router: Path, settings: ServeSettings) -> None:
        self._router, self._settings = router, settings
        self.state = settings.state

    def __enter__(self) -> Self:
        self._ready, self._error = threading.Event(), None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(30)
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        self.uvicorn.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def client(self, key: str = "none") -> OpenAI:
        return OpenAI(base_url=self.url, api_key=key, max_retries=0, timeout=30)

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(
                method, "/v1" + path, content if body is not None else None, headers or {}
            )
            response = connection.getresponse()
            found = response.read()
            kind = response.getheader("content-type", "")
            told = json.loads(found) if kind.startswith("application/json") else found
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, told)
        finally:
            connection.close()

    def chat(self, text: str = "hello there", **fields: Any) -> Reply:
        messages = [{"role": "user", "content": text}]
        return self.ask(
            "POST", "/chat/completions", {"model": "router", "messages": messages, **fields}
        )

    def feedback(self, identifier: str, quality: float = 1.0) -> Reply:
        return self.ask("POST", "/feedback", {"id": identifier, "quality": quality})

    def rows(self, query: str = "SELECT * FROM request ORDER BY number") -> list[dict[str, Any]]:
        return rows(self.state, query)

    def learned(self) -> dict[str, Any]:
        """What the policy has learned."""
        policy = self.endpoint._live._router.policy
        return {name: policy.state()[name].copy() for name in policy.state() if name != "generator"}

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            self._error = error
            self._ready.set()

    async def _serve(self) -> None:
        async with opened(self._router, self._settings) as self.endpoint:
            with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
                self.port = listener.getsockname()[1]
                config = uvicorn.Config(
                    self.endpoint.app(), lifespan="off", log_config=None, access_log=False,
                    timeout_graceful_shutdown=2,
                )  # fmt: skip
                self.uvicorn = uvicorn.Server(config)
                self._ready.set()
                await self.uvicorn.serve(sockets=[listener])


def rows(state: Path, query: str) -> list[dict[str, Any]]:
    connection = sqlite3.connect(state)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]
    finally:
        connection.close()
