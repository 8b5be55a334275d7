"""The Model interface: what answers requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evalcore.data import Continuation, Generation, Likelihood, Request
    from evalcore.prices import Price
    from evalcore.settings import Settings

__all__ = ["LanguageModel", "TransientError"]

S = TypeVar("S", bound="Settings")


class TransientError(Exception):
    """A call failed in a way that may pass: the gate tries again, within its budget of retries.

    Attributes:
        retry_after: where the other side is busy or out of reach, whatever is asked, the seconds
            that it asked to wait, or 0 if it named none: all calls of the model wait so long, and
            the call's budget is kept.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LanguageModel(ABC, Generic[S]):
    """Answers a dialogue with text, and says how likely a given text is.

    The runner calls `preflight` before anything is opened, `open` once before the first request and
    `close` once at the end; between them `generate` and `loglikelihood` run as often at a time as
    the spec's limits allow, on one event loop, which they must not block.

    A model does not retry, wait for a rate, cache or count what it costs: the gate that calls it
    does.
    """

    seconds: ClassVar[float | None] = None
    """Deadline of one call where the spec sets none; `None` waits for ever."""

    def __init__(self, settings: S) -> None:
        self.settings = settings

    @abstractmethod
    async def generate(self, request: Request) -> Generation:
        """Answer one request.

        Raises:
            TransientError: if the same request may succeed later.
            Exception: anything else fails the attempt, with kind `model`.
        """

    async def loglikelihood(self, request: Continuation) -> Likelihood:
        """Say how likely a text is after another.

        Raises:
            EvalcoreError: if the model cannot tell.
            TransientError: if the same request may succeed later.
        """
        raise EvalcoreError(f"{type(self).__name__} cannot tell how likely a given text is")

    def identity(self) -> str:
        """What answers, beyond its settings (a revision of weights); part of the run's identity.

        It is stored and shown, so it must hold no secret. Called after `open`.
        """
        return ""

    def secrets(self) -> Iterable[str]:
        """Texts that must never be stored or shown, such as its key; asked for before `open`."""
        return ()

    def price(self) -> Price | None:
        """What its tokens cost where the plugin has a dated price; a spec's own comes first.

        Asked for before `open`.
        """
        return None

    def count_tokens(self, text: str) -> int | None:
        """How many tokens a text has by itself, without what stands around texts in a prompt.

        Optional. It is called on the event loop, and before `open` as well, where it loads nothing
        heavy and asks no server.

        Returns:
            The number, or `None` where that is not known, or not yet.
        """
        return None

    def preflight(self) -> None:
        """Tell at once what would keep `open` from working, as far as that is known without it.

        `evalcore check` and every run call it before anything is opened, on an instance of its
        own. It loads nothing heavy and asks no server; what `open` needs as well, `open` may call.

        Raises:
            EvalcoreError: if it cannot be opened here, with these settings.
        """

    async def open(self) -> None:
        """Take what answering needs (weights, connections)."""

    async def close(self) -> None:
        """Give back what `open` took; called also after an error."""
