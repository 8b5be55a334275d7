"""What each framework adds to a request: an endpoint on loopback that answers at once.

    python benchmarks/overhead.py --peers PATH_OF_THE_PEERS_ENVIRONMENT

Every run is a process of its own, and so is the endpoint. What a request costs is what a run of all
requests takes more than a run of one, so that imports and start-up cancel out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import CALIBRATION, Cost, environment, least, machine, measure, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Command = Callable[[Path], list[str]]
    """The command that asks a file of questions."""

SUBJECTS = Path(__file__).parent / "subjects"
SPEC = """\
evalcore: 1
name: overhead
task: {{use: jsonl, path: {questions}}}
models:
  instant: {{use: openai, model: instant, base_url: {url}, temperature: 0, max_tokens: 16}}
strategy: single
limits: {{concurrency: {concurrency}}}
cache: {cache}
"""
ENOUGH = 60.0
"""Seconds of CPU after which a subject is not measured again."""


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch, endpoint() as server:
        bench = Bench(Path(scratch), server, arguments.requests, arguments.concurrency)
        before = os.getloadavg()[0]
        costs = measured(bench, bench.commands(arguments.peers), arguments.repeats)
        print(f"{machine()}; {arguments.requests:,} requests, {arguments.concurrency} in flight")
        print(f"load {before:.1f} before, {os.getloadavg()[0]:.1f} at the end\n")
        print(report(costs, arguments.requests))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The instant model in its process."""

    process: subprocess.Popen[str]
    url: str

    def answered(self) -> int:
        """Requests answered since the last call."""
        with urllib.request.urlopen(f"{self.url}/requests".replace("/v1", "")) as response:
            return json.load(response)["answered"]

    def cpu(self) -> float:
        """Seconds of CPU that it has taken so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """The endpoint, while it is needed."""
    command = [sys.executable, str(SUBJECTS / "instant_server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Endpoint(process, f"http://127.0.0.1:{int(process.stdout.readline())}/v1")
        finally:
            process.terminate()


@dataclass(frozen=True, slots=True)
class Bench:
    """Runs one subject on a file of questions, in a folder that is emptied each time."""

    scratch: Path
    endpoint: Endpoint
    requests: int
    concurrency: int

    def commands(self, peers: Path | None) -> dict[str, Command]:
        """How each subject is run."""
        commands = {
            "aiohttp": self.bare("aiohttp"),
            "httpx": self.bare("httpx"),
            "openai SDK": self.bare("openai"),
            "openai SDK on aiohttp": self.bare("openai-aiohttp"),
            "evalcore": self.evalcore(cache=False),
            "evalcore, cache on": self.evalcore(cache=True),
        }
        if peers:
            quick = "--no-log-realtime"
            commands |= {
                "lm-eval": self.peer(peers, "lm_eval_endpoint.py"),
                "Inspect AI": self.peer(peers, "inspect_endpoint.py"),
                "Inspect AI, no live log": self.peer(peers, "inspect_endpoint.py", quick),
            }
        return commands

    def bare(self, client: str) -> Command:
        script = str(SUBJECTS / "bare_client.py")
        there, many = self.endpoint.url, str(self.concurrency)
        return lambda questions: [sys.executable, script, client, there, str(questions), many]

    def peer(self, peers: Path, name: str, *options: str) -> Command:
        start = [str(peers / "bin/python"), str(SUBJECTS / name), self.endpoint.url]
        rest = [str(self.concurrency), str(self.scratch / "run"), *options]
        return lambda questions: [*start, str(questions), *rest]

    def evalcore(self, *, cache: bool) -> Command:
        program = str(Path(sys.executable).with_name("evalcore"))

        def command(questions: Path) -> list[str]:
            spec = self.scratch / "overhead.yaml"
            spec.write_text(
                SPEC.format(
                    questions=questions,
                    url=self.endpoint.url,
                    concurrency=self.concurrency,
                    cache=str(cache).lower(),
                )
            )
            return [program, "run", str(spec), "--quiet", "--out", str(self.scratch / "run")]

        return command

    def run(self, command: Command, requests: int) -> tuple[Cost, float]:
        """What a run costs, and how much CPU the endpoint took for it.

        Raises:
            RuntimeError: if it did not ask each question once.
        """
        questions = self.scratch / f"questions-{requests}.jsonl"
        if not questions.exists():
            questions.write_text("".join(map(_question, range(requests))))
        for left in (self.scratch / "run", self.scratch / "cache"):
            shutil.rmtree(left, ignore_errors=True)
        cache, hub = str(self.scratch / "cache"), str(self.scratch / "hub")
        before = self.endpoint.cpu()
        self.endpoint.answered()
        cost = measure(command(questions), environment(EVALCORE_CACHE=cache, HF_HOME=hub))
        answered = self.endpoint.answered()
        if answered != requests:
            raise RuntimeError(f"found {answered} requests, expected {requests}")
        return cost, self.endpoint.cpu() - before


@dataclass(frozen=True, slots=True)
class Measured:
    """The minima of a subject's runs.

    Attributes:
        one: of the runs of one request.
        all: of the runs of all.
        endpoint: seconds of CPU that the endpoint took for all.
        runs: of how many runs.
    """

    one: Cost
    all: Cost
    endpoint: float
    runs: int


def measured(bench: Bench, commands: dict[str, Command], repeats: int) -> dict[str, Measured]:
    """Measure every subject, in interleaved rounds, after one that compiles bytecode."""
    for command in commands.values():
        bench.run(command, 1)
    ones: dict[str, list[Cost]] = {name: [] for name in commands}
    runs: dict[str, list[tuple[Cost, float]]] = {name: [] for name in commands}
    calibrations = []
    for _ in range(repeats):
        calibrations.append(measure(CALIBRATION))
        for name, command in commands.items():
            if sum(cost.cpu for cost, _ in runs[name]) < ENOUGH:
                ones[name].append(bench.run(command, 1)[0])
                runs[name].append(bench.run(command, bench.requests))
    fixed = least(calibrations)
    return {"calibration": Measured(fixed, fixed, 0.0, len(calibrations))} | {
        name: Measured(
            least(ones[name]),
            least([cost for cost, _ in found]),
            min(seconds for _, seconds in found),
            len(found),
        )
        for name, found in runs.items()
    }


def report(costs: dict[str, Measured], requests: int) -> str:
    """The table; a request's cost is marginal, and so is the number of requests a second."""
    rows = []
    ours = costs["evalcore"].all.cpu - costs["evalcore"].one.cpu
    for name, found in costs.items():
        cpu, wall = found.all.cpu - found.one.cpu, found.all.wall - found.one.wall
        row = [name, str(found.runs), f"{found.all.cpu:.2f}", f"{found.all.wall:.2f}"]
        if name != "calibration":
            each = f"{cpu / (requests - 1) * 1000:.3f}"
            rate = f"{(requests - 1) / wall:,.0f}"
            row += [each, f"{cpu / ours:.2f}", rate, f"{found.endpoint:.2f}"]
            row += [f"{found.all.peak:.0f}"]
        rows.append([*row, *[""] * (9 - len(row))])
    head = ["", "runs", "CPU, s", "wall, s", "ms CPU / request", "CPU / evalcore"]
    return table([*head, "requests / s", "endpoint's CPU, s", "peak, MiB"], rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, help="virtual environment with benchmarks/peers.txt")
    parser.add_argument("--requests", type=int, default=10_000, help="requests of each run")
    parser.add_argument("--concurrency", type=int, default=64, help="requests in flight")
    parser.add_argument("--repeats", type=int, default=3, help="rounds; minima are shown")
    parser.add_argument("--scratch", type=Path, help="folder on the disk to be written to")
    return parser.parse_args()


def _question(number: int) -> str:
    row = {"id": str(number), "question": f"What is {number} * 0 + 42?", "answer": "42"}
    return json.dumps(row) + "\n"


if __name__ == "__main__":
    main()
