"""From what happened in a run to its verdict: by evidence, never by guess."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

from .verdict import Verdict

if TYPE_CHECKING:
    from .languages import Language
    from .limits import Limits
    from .worker import Run


def failure(run: Run, language: Language, limits: Limits) -> tuple[Verdict, str] | None:
    """The verdict that a run's end alone decides and what it rests on; `None` if it ended well."""
    output = max(len(run.stdout), len(run.stderr), len(run.result))
    if run.exit == -signal.SIGXFSZ or output >= limits.output_bytes:
        return Verdict.OUTPUT_LIMIT, f"over {limits.output_bytes} bytes written to one file"
    # Memory first: how much CPU time a program had used when it was stopped depends on the machine.
    if run.peak_bytes > limits.memory_bytes + language.overhead_bytes:
        return Verdict.MEMORY_LIMIT, f"{run.peak_bytes} bytes, allowed {limits.memory_bytes}"
    if run.killed == "wall":
        return Verdict.TIME_LIMIT, f"idle: {run.cpu:.2f} s of CPU time in {run.wall:.1f} s"
    if run.killed == "cpu" or run.cpu > limits.cpu_seconds:
        spent = f"{run.cpu:.2f} s of CPU time, allowed {limits.cpu_seconds:g} s"
        return Verdict.TIME_LIMIT, spent
    if run.exit != 0 and language.out_of_memory(run):
        allowed = limits.memory_bytes
        return Verdict.MEMORY_LIMIT, f"an allocation failed, {allowed} bytes allowed"
    return _exit(run)


def _exit(run: Run) -> tuple[Verdict, str] | None:
    if run.exit > 0:
        return Verdict.RUNTIME_ERROR, f"exit status {run.exit}"
    if run.exit < 0:
        return Verdict.RUNTIME_ERROR, f"killed by {_signal_name(-run.exit)}"
    return None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class MemoryPressure:
    """Tells whether the kernel has killed for want of memory since last asked.

    A program killed with SIGKILL by nobody else may be a victim of the machine, not of itself.
    """

    def __init__(self) -> None:
        self._kills = _out_of_memory_kills()

    def rose(self) -> bool:
        """Whether there was such a kill, of whatever process, since the last call."""
        before, self._kills = self._kills, _out_of_memory_kills()
        return self._kills > before


def _out_of_memory_kills() -> int:
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
