"""Run commands and measure what they cost: CPU time, wall time and peak memory of the process."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "CALIBRATION",
    "Cost",
    "environment",
    "interleaved",
    "least",
    "machine",
    "measure",
    "table",
]

CALIBRATION = [sys.executable, "-c", "x = 0\nfor i in range(5_000_000): x += i * i % 7"]
"""A fixed piece of pure Python: what it costs tells how fast the machine is just now."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a finished process cost, by the operating system's accounting.

    Attributes:
        cpu: seconds of user and system time, children included.
        wall: seconds from start to end.
        peak: largest resident memory in MiB.
    """

    cpu: float
    wall: float
    peak: float


def measure(command: Sequence[str], env: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end.

    Raises:
        RuntimeError: if it fails; the text has what it wrote to standard error.
    """
    begin = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert process.stderr
    words = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command}: exit code {process.returncode}\n{words.decode()[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def interleaved(
    commands: Mapping[str, Sequence[str]], repeats: int, env: Mapping[str, str] | None = None
) -> dict[str, Cost]:
    """The minimum of each figure over several rounds; each round runs every command once.

    A round before the first is thrown away: it compiles bytecode and fills the disk's cache.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(repeats + 1):
        for name, command in commands.items():
            cost = measure(command, env)
            if number:
                costs[name].append(cost)
    return {name: least(found) for name, found in costs.items()}


def least(costs: Sequence[Cost]) -> Cost:
    """The minimum of each figure."""
    return Cost(
        min(cost.cpu for cost in costs),
        min(cost.wall for cost in costs),
        min(cost.peak for cost in costs),
    )


def environment(**changes: str) -> dict[str, str]:
    """The environment that commands run in: offline, one thread, bytecode kept."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    env |= dict.fromkeys(["HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"], "1")
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**env, **changes}


def machine() -> str:
    """The kind of machine, in a sentence."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{os.cpu_count()} cores of {model}, CPython {platform.python_version()}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, the first column left, the others right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])
