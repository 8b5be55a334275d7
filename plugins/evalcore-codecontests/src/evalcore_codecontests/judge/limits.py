"""What one test of a program may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalcore_codecontests.problem import Problem

DEFAULT_CPU_SECONDS = 10.0
DEFAULT_MEMORY_BYTES = 1 << 30

_LEAST_WALL_SECONDS = 10.0
_WALL_PER_CPU = 5.0
WALL_PER_CPU_USED = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one test.

    Attributes:
        cpu_seconds: CPU time of all threads together.
        wall_seconds: time on the clock, `None` for five times the CPU time and at least ten
            seconds. It is there to stop programs that sleep: each second of CPU time that a
            program does get allows it ten more, so that a busy machine makes nobody late.
        memory_bytes: peak resident memory.
        output_bytes: what may be written to each of standard output, standard error and any file.
        processes: threads at a time; other processes are not allowed at all.
        files: files open at a time.
        disk_bytes: what all files in the program's folder may hold together.
        disk_files: files and folders that may exist there.
    """

    cpu_seconds: float = DEFAULT_CPU_SECONDS
    wall_seconds: float | None = None
    memory_bytes: int = DEFAULT_MEMORY_BYTES
    output_bytes: int = 32 << 20
    processes: int = 128
    files: int = 64
    disk_bytes: int = 64 << 20
    disk_files: int = 1024

    @classmethod
    def of(cls, problem: Problem, time_factor: float = 1.0) -> Limits:
        """The problem's own limits, or the defaults; the time is multiplied by `time_factor`."""
        return cls(
            cpu_seconds=(problem.time_limit or DEFAULT_CPU_SECONDS) * time_factor,
            memory_bytes=problem.memory_limit or DEFAULT_MEMORY_BYTES,
        )

    @property
    def longest_wall(self) -> float:
        """Seconds on the clock after which every program has ended or been stopped."""
        return self.wall + WALL_PER_CPU_USED * self.cpu_seconds

    @property
    def wall(self) -> float:
        """Seconds on the clock for a program that uses no CPU time."""
        if self.wall_seconds is not None:
            return self.wall_seconds
        return max(_LEAST_WALL_SECONDS, _WALL_PER_CPU * self.cpu_seconds)
