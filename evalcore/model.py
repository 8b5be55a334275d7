"""The Model interface: what answers requests.

A language model answers dialogues with text; an estimator learns from arrays and predicts others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from evalcore.data import Continuation, Generation, Likelihood, Request
    from evalcore.prices import Price
    from evalcore.settings import Settings

__all__ = ["Estimator", "Fitted", "LanguageModel", "Model", "Prediction", "TransientError"]

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


class Model(ABC, Generic[S]):
    """What every model of a spec is; see `LanguageModel` and `Estimator` for what one does.

    The runner calls `preflight` before anything is opened, `open` once before the first request and
    `close` once at the end.
    """

    seconds: ClassVar[float | None] = None
    """Deadline of one call where the spec sets none; `None` waits for ever."""

    def __init__(self, settings: S) -> None:
        self.settings = settings

    def identity(self) -> str:
        """What answers, beyond its settings (a revision of weights); part of the run's identity.

        It is stored and shown, so it must hold no secret. Called after `open`.
        """
        return ""

    def secrets(self) -> Iterable[str]:
        """Texts that must never be stored or shown, such as its key; asked for before `open`."""
        return ()

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


class LanguageModel(Model[S]):
    """Answers a dialogue with text, and says how likely a given text is.

    `generate` and `loglikelihood` run as often at a time as the spec's limits allow, on one event
    loop, which they must not block.

    A model does not retry, wait for a rate, cache or count what it costs: the gate that calls it
    does.
    """

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


@dataclass(frozen=True, slots=True)
class Fitted:
    """What an estimator learned.

    Attributes:
        state: what `Estimator.predict` needs of it; it is pickled on its way between processes.
        details: what is worth having on record (JSON-ready), such as the count of parameters.
    """

    state: Any
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What an estimator predicts.

    Attributes:
        outputs: shape (samples, outputs) for values, (samples, classes) for classes, the highest
            of a row being the class.
        details: what is worth having on record (JSON-ready).
    """

    outputs: NDArray[np.floating[Any]]
    details: Mapping[str, Any] = field(default_factory=dict)


class Estimator(Model[S]):
    """Learns from arrays, and predicts others.

    `fit` and `predict` run in processes of their own, where they may take as long as they need, as
    many side by side as there are processors, in one thread each. Every one of them makes its own
    instance by the settings, and `open` is not called there. What a fit learned leaves it as a
    `Fitted` alone.
    """

    @abstractmethod
    def fit(
        self,
        inputs: NDArray[np.floating[Any]],
        targets: NDArray[np.generic],
        *,
        seed: int,
        tell: Callable[[float], None],
    ) -> Fitted:
        """Learn from samples.

        Args:
            inputs: shape (samples, ...).
            targets: values of shape (samples, outputs), or classes from 0 as whole numbers of
                shape (samples,).
            seed: of all chance in it: equal arguments give an equal fit.
            tell: takes how much of the fit is done, from 0 to 1, for who looks on; cheap.

        Raises:
            Exception: anything fails the attempt, with kind `model`.
        """

    @abstractmethod
    def predict(self, state: Any, inputs: NDArray[np.floating[Any]]) -> Prediction:
        """Predict from what a fit learned.

        Args:
            state: `Fitted.state` of a fit with the same settings.
            inputs: shape (samples, ...); their number need not be that of the fit.
        """
