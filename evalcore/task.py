"""The Task interface: where samples come from and how answers are scored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from evalcore.errors import TaskError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalcore.data import Attempt, Case, Feedback, Score
    from evalcore.settings import Settings

__all__ = ["Task"]

S = TypeVar("S", bound="Settings")


class Task(ABC, Generic[S]):
    """Yields cases and scores answers; it alone knows the hidden side of a case.

    The runner calls `preflight` before anything is opened, then `open`, iterates `cases` in a
    thread of its own, calls `score` and `feedback` in worker threads (at most `workers` at a time),
    and calls `close` at the end, whatever happened. A task that is iterated again yields the same
    cases in the same order.
    """

    workers: int = 1
    """How many `score` and `feedback` calls may run side by side; raise it only if thread-safe."""

    def __init__(self, settings: S) -> None:
        self.settings = settings

    @abstractmethod
    def cases(self) -> Iterator[Case]:
        """Yield the cases, in a stable order, one at a time: a data set need not fit in memory."""

    @abstractmethod
    def score(self, case: Case, attempt: Attempt) -> Score:
        """Score a final answer.

        Raises:
            TaskError: if there is no right or wrong to tell; the attempt is recorded as failed.
        """

    def feedback(self, case: Case, answer: Any) -> Feedback:
        """What a strategy may know of an answer before it is final, never from the hidden side."""
        raise TaskError(f"{type(self).__name__} gives no feedback before the final answer")

    def size(self) -> int | None:
        """Number of cases where it is known without reading them all, for progress."""
        return None

    def preflight(self) -> None:
        """Tell at once what would keep `open` from working, as far as that is known without it.

        `evalcore check` and every run call it before anything is opened, on an instance of its
        own. It loads nothing heavy and asks no server; what `open` needs as well, `open` may call.

        Raises:
            EvalcoreError: if it cannot be opened here, with these settings.
        """

    def open(self) -> None:
        """Take what scoring needs (processes, files); called once before the first case."""

    def close(self) -> None:
        """Give back what `open` took; called once, also after an error."""
