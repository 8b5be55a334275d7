"""The Model interface: what answers requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from evalcore.data import Generation, Request
    from evalcore.settings import Settings

__all__ = ["LanguageModel", "TransientError"]

S = TypeVar("S", bound="Settings")


class TransientError(Exception):
    """A call failed in a way that may pass: the gate tries again, within its budget of retries.

    Attributes:
        retry_after: seconds that the other side asked to wait, if it did.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LanguageModel(ABC, Generic[S]):
    """Answers a dialogue with text.

    The runner calls `open` once before the first request and `close` once at the end; between
    them `generate` runs as often at a time as the spec's `limits.concurrency` allows, on one
    event loop, which it must not block.
    """

    def __init__(self, settings: S) -> None:
        self.settings = settings

    @abstractmethod
    async def generate(self, request: Request) -> Generation:
        """Answer one request.

        Raises:
            TransientError: if the same request may succeed later.
            Exception: anything else fails the attempt, with kind `model`.
        """

    def identity(self) -> str:
        """What answers, beyond its settings (a revision of weights); part of the run's identity.

        It is stored and shown, so it must hold no secret. Called after `open`.
        """
        return ""

    async def open(self) -> None:
        """Take what answering needs (weights, connections)."""

    async def close(self) -> None:
        """Give back what `open` took; called also after an error."""
