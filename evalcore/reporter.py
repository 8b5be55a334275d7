"""The Reporter interface: a finished run becomes a file that people look at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from evalcore.data import Result
    from evalcore.metric import Picture
    from evalcore.settings import Settings

__all__ = ["FailureCount", "Report", "Reporter", "Status"]

S = TypeVar("S", bound="Settings")
Status = Literal[
    "finished",
    "finished with failed attempts",
    "stopped by a limit",
    "stopped by an error",
    "interrupted",
]


class FailureCount(NamedTuple):
    """How often the attempts of a cell failed in the same way."""

    cell: str
    kind: str
    message: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to tell of a run.

    Attributes:
        name: the spec's name.
        run: the run's directory.
        status: how the run ended.
        facts: what else is worth knowing at a glance, in this order: attempts, time, versions.
        results: the metrics of every cell, in the order in which they are to be shown.
        failures: failed attempts, alike ones together.
        samples: a few records worth reading, such as failed ones; their keys head the columns.
        spec: the text of the spec file.
        pictures: what metrics have drawn.
    """

    name: str
    run: str
    status: Status
    facts: Mapping[str, str]
    results: Sequence[Result]
    failures: Sequence[FailureCount]
    samples: Sequence[Mapping[str, Any]]
    spec: str
    pictures: Sequence[Picture] = ()


class Reporter(ABC, Generic[S]):
    """Writes a run's report into the run's directory."""

    def __init__(self, settings: S) -> None:
        self.settings = settings

    @abstractmethod
    def write(self, report: Report, directory: Path) -> Path:
        """Write the report and return its file."""
