"""The Strategy interface: how one sample becomes one attempt, and all that it may touch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from evalcore.data import Feedback
from evalcore.model import LanguageModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evalcore.data import Attempt, Generation, Likelihood, Message, Sample, Usage
    from evalcore.model import Model, Prediction
    from evalcore.settings import Settings

__all__ = ["Context", "FittedHandle", "ModelHandle", "Outcome", "StandIns", "Strategy"]

S = TypeVar("S", bound="Settings")


class StandIns(NamedTuple):
    """What stands for answers and feedback while an attempt is rehearsed.

    Attributes:
        answer: of every model, to every question.
        feedback: of the task, on every answer.
        longest: feedback than which none becomes a longer text; by it tokens are forecast. `None`:
            none is longer than `feedback`.
    """

    answer: str = "[answer]"
    feedback: Feedback = Feedback(passed=False, text="[feedback]")
    longest: Feedback | None = None


class Outcome(NamedTuple):
    """What came of an attempt, as a strategy may learn from it.

    Attributes:
        number: of the attempt at its sample, from 0.
        attempt: what the strategy answered; of a failed one only what is on record.
        value: its score; `None` where it failed.
        usage: what it cost.
    """

    number: int
    attempt: Attempt
    value: float | None
    usage: Usage


class Strategy(ABC, Generic[S]):
    """Turns one sample into one attempt, using the models of the spec through the context.

    One instance serves every attempt of its cell, many at a time on one event loop: what belongs
    to an attempt stays in local variables.
    """

    stand_ins: ClassVar[StandIns | None] = None
    """With these for answers and feedback no attempt at a sample makes more calls, or others before
    the first feedback; by them `evalcore check` tells what a run takes at most. `None`: that cannot
    be told before it runs."""

    learns: bool = False
    """Whether what comes of an attempt is to be learned from before the next is made. Then the
    attempts of one number are a pass: made one after the other, in an order of the samples that
    depends on the spec's seed and the number alone. Passes go on side by side, and the samples of a
    cell are held in memory. May be set by `__init__`."""

    uses: ClassVar[type[Model[Any]]] = LanguageModel
    """The kind of models that it asks; a spec that gives it another is told so before it runs."""

    def __init__(self, settings: S) -> None:
        self.settings = settings

    @abstractmethod
    async def attempt(self, sample: Sample, context: Context) -> Attempt:
        """Answer one sample. An exception fails the attempt, with kind `strategy`."""

    def learn(self, sample: Sample, outcome: Outcome) -> None:
        """Learn from an attempt; called in a thread, where `learns`, before the pass goes on.

        A run that goes on tells again, in the same order, of the attempts that were committed: what
        is learned follows from the records, and need not be kept anywhere else. What a strategy
        learns in one pass it keeps apart from the others, by `outcome.number`.
        """


class ModelHandle(Protocol):
    """A model as a strategy sees it: every call is accounted, seeded and limited."""

    async def generate(
        self,
        messages: str | Sequence[Message],
        *,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        n: int = 1,
        logprobs: bool = False,
        raw: bool = False,
    ) -> Generation:
        """Ask the model; a text is one message of the user, the rest is that of a `Request`."""

    async def loglikelihood(self, context: str | Sequence[Message], text: str) -> Likelihood:
        """Ask how likely a text is after another.

        Raises:
            EvalcoreError: if the model cannot tell.
        """

    def count_tokens(self, text: str) -> int | None:
        """How many tokens a text has for this model; `None` where that is not known."""

    async def fit(
        self, inputs: NDArray[np.floating[Any]], targets: NDArray[np.generic]
    ) -> FittedHandle:
        """Fit an estimator; the arrays are those of `Estimator.fit`."""


class FittedHandle(Protocol):
    """What an estimator learned in this attempt, as a strategy sees it."""

    @property
    def details(self) -> Mapping[str, Any]:
        """What the fit has on record."""

    async def predict(self, inputs: NDArray[np.floating[Any]]) -> Prediction:
        """Predict, as `Estimator.predict` does."""


class Context(Protocol):
    """What a strategy may touch during one attempt; the hidden side of the case is not in it."""

    @property
    def models(self) -> Mapping[str, ModelHandle]:
        """The models of the spec, by their names there."""

    @property
    def model(self) -> ModelHandle:
        """The one model of the spec.

        Raises:
            EvalcoreError: if the spec has none or several.
        """

    @property
    def number(self) -> int:
        """Number of this attempt at its sample, from 0."""

    @property
    def seed(self) -> int:
        """Seed of this attempt, from the spec's seed, the cell, the sample and the number."""

    async def feedback(self, answer: Any) -> Feedback:
        """Ask the task what may be known of an answer before it is final."""
