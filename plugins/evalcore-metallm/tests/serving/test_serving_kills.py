"""A server that is killed over and over: what it acknowledged holds, and nothing counts twice.

`EVALCORE_SERVE_REQUESTS` and `EVALCORE_SERVE_KILLS` make it longer than a suite has time for.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from served import PRICES, Served, rows, save_router

from evalcore_metallm.router import Router
from evalcore_metallm.serving.settings import ServeSettings

REQUESTS = int(os.environ.get("EVALCORE_SERVE_REQUESTS", "400"))
KILLS = int(os.environ.get("EVALCORE_SERVE_KILLS", "2"))
CLIENTS = 16
ROUTE = """
import argparse, sys
from evalcore_metallm import command
parser = argparse.ArgumentParser()
command.configure(parser)
sys.exit(command.run(parser.parse_args()))
"""


@dataclass
class Acknowledged:
    """What clients were told.

    Attributes:
        tokens: of each answer, by the request's id.
        qualities: that count, by the request's id.
        counted: how often feedback was told to be counted for the first time.
        broken: tries that found no server, or lost it.
    """

    tokens: dict[str, tuple[int, int]] = field(default_factory=dict)
    qualities: dict[str, float] = field(default_factory=dict)
    counted: int = 0
    broken: int = 0
    _aim: int = 0
    _reached: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, identifier: str, quality: float) -> None:
        self.qualities[identifier] = quality
        if len(self.qualities) >= self._aim:
            self._reached.set()

    async def reach(self, requests: int) -> None:
        """Wait until so many requests and their feedback were acknowledged."""
        self._aim = requests
        self._reached.clear()
        if len(self.qualities) < requests:
            await self._reached.wait()


class Process:
    """The server as a process of its own, killed and started again."""

    def __init__(self, router: Path, config: Path, port: int) -> None:
        self._command = [sys.executable, "-c", ROUTE, "serve", str(router), "--config", str(config)]
        self.url = f"http://127.0.0.1:{port}/v1"

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._process.stdout
        told = self._process.stdout.readline().decode()
        if told != f"listening at {self.url}\n":
            self.stop(signal.SIGKILL)
            raise AssertionError(f"the server did not start: {told!r}")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self, number: signal.Signals) -> int:
        self._process.send_signal(number)
        self._process.communicate(timeout=60)
        return self._process.returncode


def _free_port() -> int:
    """A port that no connection is given by chance before the server takes it."""
    for port in random.sample(range(20_000, 30_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port is free")


@pytest.fixture
def process(tmp_path, upstreams):
    port = _free_port()
    named = {n: {"base_url": u.url, "model": n} for n, u in upstreams.items()}
    config = {"upstreams": named, "state": "state.db", "port": port, "snapshot_every": 70}
    (tmp_path / "serve.yaml").write_text(json.dumps(config))
    found = Process(save_router(tmp_path), tmp_path / "serve.yaml", port)
    found.start()
    yield found
    if found.running:
        found.stop(signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_it_is_told_to(process, number):
    assert process.stop(number) == 0


def test_what_was_acknowledged_holds_however_often_it_is_killed(process, tmp_path):
    told = asyncio.run(asyncio.wait_for(_hammered(process), 60 + REQUESTS / 2))
    assert process.stop(signal.SIGTERM) == 0
    state = tmp_path / "state.db"

    kept = {row["id"]: row for row in rows(state, "SELECT * FROM request")}
    assert len(told.tokens) == REQUESTS
    for identifier, tokens in told.tokens.items():
        row = kept[identifier]
        assert (row["prompt_tokens"], row["completion_tokens"]) == tokens
        assert row["status"] == "answered"

    joined = "SELECT request.id, quality, learned FROM event JOIN request USING (number)"
    counted = rows(state, joined)
    assert {row["id"]: row["quality"] for row in counted} == told.qualities
    assert len(counted) == len(told.qualities) == REQUESTS
    assert told.counted <= REQUESTS

    spent = [row["dollars"] for row in kept.values() if row["dollars"] is not None]
    owed = [
        PRICES[row["asked"]].of(row["prompt_tokens"], row["completion_tokens"])
        for row in kept.values()
        if row["prompt_tokens"] is not None
    ]
    assert math.fsum(spent) == math.fsum(owed)
    print(f"{REQUESTS} requests and {KILLS} kills: {told.broken} tries lost, {len(kept)} rows kept")
    _check_learned(tmp_path)


async def _hammered(process: Process) -> Acknowledged:
    """All requests and their feedback, with kills on the way."""
    told, questions = Acknowledged(), iter(range(REQUESTS))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as session:
        clients = [_client(session, process.url, questions, told) for _ in range(CLIENTS)]
        workers = [asyncio.create_task(client) for client in clients]
        for kill in range(KILLS):
            await told.reach(REQUESTS * (kill + 1) // (KILLS + 1))
            await asyncio.sleep(random.random() * 0.02)
            await asyncio.to_thread(process.stop, signal.SIGKILL)
            await asyncio.to_thread(process.start)
        await asyncio.gather(*workers)
        async with session.get(process.url + "/router") as response:
            state = await response.json()
        assert state["feedback"]["counted"] == REQUESTS
    return told


async def _client(session, url: str, questions, told: Acknowledged) -> None:
    for number in questions:
        identifier, tokens = await _until_told(partial(_asked, session, url, number), told)
        told.tokens[identifier] = tokens
        quality = (number % 11) / 10
        for again in range(1 + (number % 7 == 0)):
            sent = {"id": identifier, "quality": quality if not again else 0.5}
            receipt = await _until_told(partial(_sent, session, url, sent), told)
            told.counted += receipt["counted"]
            assert receipt["quality"] == quality
        told.note(identifier, quality)


async def _until_told(call, told: Acknowledged) -> Any:
    while True:
        try:
            return await call()
        except (aiohttp.ClientError, TimeoutError, BrokenOffError):
            told.broken += 1
            await asyncio.sleep(0.2)


class BrokenOffError(Exception):
    """A stream without its end."""


async def _asked(session, url: str, number: int) -> tuple[str, tuple[int, int]]:
    words = " ".join(["word"] * (1 + number % 5)) + f" {number}"
    body = {"model": "router", "messages": [{"role": "user", "content": words}]}
    if stream := number % 4 == 0:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    async with session.post(url + "/chat/completions", json=body) as response:
        content = await response.read()
        assert response.status == 200, content
        identifier = response.headers["x-evalcore-request-id"]
    if stream:
        *_, usage, done, rest = content.split(b"\n\n")
        if (done, rest) != (b"data: [DONE]", b""):
            raise BrokenOffError
        content = usage.removeprefix(b"data: ")
    usage = json.loads(content)["usage"]
    return identifier, (usage["prompt_tokens"], usage["completion_tokens"])


async def _sent(session, url: str, feedback: dict[str, Any]) -> dict[str, Any]:
    async with session.post(url + "/feedback", json=feedback) as response:
        assert response.status == 200
        found: dict[str, Any] = await response.json()
        return found


def _check_learned(folder: Path) -> None:
    """What comes back knows what one knows that learned it all in one go, to the bit."""
    unasked = {"base_url": "http://127.0.0.1:1", "model": "m"}
    settings = ServeSettings.model_validate(
        {"upstreams": {"small": unasked, "large": unasked}, "state": folder / "state.db"}
    )
    with Served(folder / "made.router", settings) as served:
        back = served.learned()
    router = Router.load(folder / "made.router")
    for lesson in rows(
        folder / "state.db",
        "SELECT features, asked, quality, dollars FROM event JOIN request USING (number) "
        "JOIN context USING (number) WHERE learned ORDER BY event.id",
    ):
        router.policy.update(
            np.frombuffer(lesson["features"])[None],
            np.array([list(PRICES).index(lesson["asked"])]),
            np.array([lesson["quality"]]),
            np.array([lesson["dollars"] / router.scale]),
        )
    assert any(array.any() for array in back.values())
    for name, array in back.items():
        assert array.tobytes() == router.policy.state()[name].tobytes()
