"""What `evalcore route serve` adds to a request, in front of an upstream that answers at once.

    python benchmarks/router_server.py

The upstream, the server and the client are a process each, on loopback. Sides are measured in
interleaved rounds: the upstream directly, and through a server for each way to commit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from measuring import CALIBRATION, environment, machine, measure, table

if TYPE_CHECKING:
    from collections.abc import Iterator

ARMS = 4
COLUMNS = 256
QUESTION = "which of these rivers is the longest, and why is it said to be so"
SERVE = """
import argparse, sys
from evalcore_metallm import command
parser = argparse.ArgumentParser()
command.configure(parser)
sys.exit(command.run(parser.parse_args()))
"""


def main() -> None:
    arguments = _arguments()
    if arguments.upstream:
        asyncio.run(upstream())
        return
    print(f"{machine()}; calibration {measure(CALIBRATION).cpu:.2f} s of CPU")
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch, ExitStack() as stack:
        _, port = stack.enter_context(listening([sys.executable, __file__, "--upstream"]))
        router = saved_router(Path(scratch, "a.router"))
        sides = [Side("directly", f"http://127.0.0.1:{port}/v1", "m")]
        for way in ("normal", "full"):
            command = served(Path(scratch), router, port, way)
            process, own = stack.enter_context(listening(command))
            url = f"http://127.0.0.1:{own}/v1"
            sides.append(Side(f"routed, `{way}`", url, "router", process.pid))
            sides.append(
                Side(f"the same with feedback, `{way}`", url, "router", process.pid, feedback=True)
            )
        for _ in range(arguments.repeats):
            for side in sides:
                asyncio.run(side.measure(arguments.requests))
    print(f"load {before:.1f} before, {os.getloadavg()[0]:.1f} at the end\n")
    print(report(sides))


@dataclass
class Side:
    """One way to the upstream.

    Attributes:
        name: in the table.
        url: the base URL.
        model: asked for.
        process: whose CPU time counts; 0 if none is between.
        feedback: whether each request is followed by its feedback.
        waits: seconds of single requests, one at a time, of each round.
        rates: requests a second with 64 at a time, of each round.
        costs: milliseconds of the server's CPU for a request among 64, of each round.
    """

    name: str
    url: str
    model: str
    process: int = 0
    feedback: bool = False
    waits: list[list[float]] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    async def measure(self, requests: int) -> None:
        """One round."""
        async with aiohttp.ClientSession() as session:
            await self._ask(session, 0)
            self.waits.append([await self._ask(session, i) for i in range(requests // 4)])
            numbers, begin, cpu = iter(range(requests)), time.perf_counter(), self._cpu()

            async def client() -> None:
                for number in numbers:
                    await self._ask(session, number)

            await asyncio.gather(*(client() for _ in range(64)))
            self.rates.append(requests / (time.perf_counter() - begin))
            self.costs.append((self._cpu() - cpu) / requests * 1e3)

    async def _ask(self, session: aiohttp.ClientSession, number: int) -> float:
        text = f"{QUESTION[number % 7 :]} {number}"
        body = {"model": self.model, "messages": [{"role": "user", "content": text}]}
        begin = time.perf_counter()
        async with session.post(f"{self.url}/chat/completions", json=body) as response:
            await response.read()
            assert response.status == 200, response.status
        end = time.perf_counter()
        if self.feedback:
            sent = {"id": response.headers["x-evalcore-request-id"], "quality": number % 2}
            async with session.post(f"{self.url}/feedback", json=sent) as response:
                assert (await response.json())["counted"]
        return end - begin

    def _cpu(self) -> float:
        if not self.process:
            return 0.0
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(sides: list[Side]) -> str:
    """The best of each figure over the rounds; what is added is the difference to the direct side.

    A machine that does other work besides can only make a round worse.
    """

    def quantiles(side: Side) -> tuple[float, float]:
        cuts = [statistics.quantiles(waits, n=100) for waits in side.waits]
        return (
            min(cut[49] for cut in cuts) * 1e3,
            min(cut[98] for cut in cuts) * 1e3,
        )

    direct = quantiles(sides[0])
    rows = []
    for side in sides:
        p50, p99 = quantiles(side)
        added = [f"{p50 - direct[0]:.2f}", f"{p99 - direct[1]:.2f}"] if side.process else ["", ""]
        cost = f"{min(side.costs):.2f}" if side.process else ""
        rows.append(
            [side.name, f"{max(side.rates):,.0f}", cost, f"{p50:.2f}", f"{p99:.2f}", *added]
        )
    head = ["", "requests/s", "server's CPU, ms", "p50, ms", "p99, ms", "added p50", "added p99"]
    return table(head, rows)


def saved_router(file: Path) -> Path:
    """A router of four arms that has learned nothing yet."""
    from evalcore.prices import Price
    from evalcore_metallm.logs.routing import Arm
    from evalcore_metallm.router import Router, RouterSettings

    arms = [Arm(f"arm-{i}", Price(prompt=2.0**i, completion=3.0**i)) for i in range(ARMS)]
    settings = RouterSettings.model_validate(
        {"policy": "linucb", "features": {"use": "hashing", "columns": COLUMNS}}
    )
    Router.cold(arms, [1e-5 * 3**i for i in range(ARMS)], settings).save(file)
    return file


def served(folder: Path, router: Path, port: int, synchronous: str) -> list[str]:
    """The command of a server in front of the upstream."""
    one = {"base_url": f"http://127.0.0.1:{port}/v1", "model": "m"}
    config = {
        "upstreams": {f"arm-{i}": one for i in range(ARMS)},
        "state": f"{synchronous}.db",
        "port": 0,
        "synchronous": synchronous,
    }
    file = folder / f"{synchronous}.yaml"
    file.write_text(json.dumps(config))
    return [sys.executable, "-c", SERVE, "serve", str(router), "--config", str(file)]


@contextmanager
def listening(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process that tells its URL, and its port; ended at the end."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment())
    try:
        assert process.stdout
        yield process, int(process.stdout.readline().decode().rpartition(":")[2].split("/")[0])
    finally:
        process.terminate()
        process.communicate()


async def upstream() -> None:
    """Answers any request at once, in as little code as HTTP allows."""
    message = {"role": "assistant", "content": "The Nile, by most ways to measure."}
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 18, "completion_tokens": 9, "total_tokens": 27},
    }
    body = json.dumps(answer).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    reply = f"{head}\r\n\r\n".encode() + body

    class Instant(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport, self.left, self.head = transport, 0, b""

        def data_received(self, data: bytes) -> None:
            if not self.left:
                head, end, data = (self.head + data).partition(b"\r\n\r\n")
                if not end:
                    self.head = head
                    return
                self.head = b""
                self.left = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            self.left -= len(data)
            if self.left == 0:
                self.transport.write(reply)

    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        server = await asyncio.get_running_loop().create_server(Instant, sock=listener)
        print(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", flush=True)
        await server.serve_forever()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=4000, help="of each side and round")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--scratch", type=Path, help="where states go for a moment")
    parser.add_argument("--upstream", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
