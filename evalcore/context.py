"""What a strategy holds during one attempt: the `Context` and the models in it.

Neither refers to the case, the task or the run: what they act on is found by the context variable
of the attempt that is under way, so no chain of attributes leads from what a strategy holds to what
it must not see.
"""

from __future__ import annotations

import asyncio
import traceback
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from evalcore.boundary import check_feedback
from evalcore.data import Feedback, Generation, Likelihood, Message, Usage
from evalcore.errors import EvalcoreError
from evalcore.fitting import fit, predict
from evalcore.model import Estimator, LanguageModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evalcore.calls import Account, Gate, Served
    from evalcore.data import Case
    from evalcore.fitting import Learned
    from evalcore.model import Prediction
    from evalcore.opened import OpenCell
    from evalcore.strategy import Outcome
    from evalcore.task import Task

__all__ = ["AttemptContext", "FeedbackError", "FittedHandle", "Item", "ModelHandle", "begin"]


class Item(NamedTuple):
    """An attempt that is to be made.

    Attributes:
        ended: set, where someone waits for it, to what came of the attempt, or to `None` if it was
            left to a later session.
    """

    run: OpenCell
    case: Case
    number: int
    ended: asyncio.Future[Outcome | None] | None = None

    def end(self, outcome: Outcome | None) -> None:
        """Tell who waits; from any thread."""
        if self.ended is not None:
            self.ended.get_loop().call_soon_threadsafe(_settle, self.ended, outcome)


def _settle(ended: asyncio.Future[Outcome | None], outcome: Outcome | None) -> None:
    if not ended.done():
        ended.set_result(outcome)


def begin(item: Item, gate: Gate, account: Account) -> None:
    """Make `item` the attempt that is under way in this asyncio task and those it starts."""
    _CURRENT.set(_Current(item, gate, account))


class AttemptContext:
    """The `Context` of one attempt."""

    __slots__ = ("models", "number", "seed")

    def __init__(self, models: Mapping[str, ModelHandle], number: int, seed: int) -> None:
        self.models = models
        self.number = number
        self.seed = seed

    @property
    def model(self) -> ModelHandle:
        """The spec's one model."""
        if len(self.models) != 1:
            known = ", ".join(self.models) or "none"
            raise EvalcoreError(f"the strategy uses one model, the spec has: {known}")
        return next(iter(self.models.values()))

    async def feedback(self, answer: Any) -> Feedback:
        """What the task lets be known of an answer."""
        feedback = await _ask(answer)
        _account().add(Usage(executions=int(feedback.executions)))
        return feedback


class ModelHandle:
    """A model as a strategy sees it: a name, and the way through the gate."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

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
        """Ask the model."""
        served, gate, account = _asking(self._name)
        request = account.request(
            messages,
            temperature=temperature,
            top_p=top_p,
            max_tokens=max_tokens,
            stop=tuple(stop),
            n=n,
            logprobs=logprobs,
            raw=raw,
        )
        return await gate.generate(served, request, account)

    async def loglikelihood(self, context: str | Sequence[Message], text: str) -> Likelihood:
        """Ask how likely a text is after another."""
        served, gate, account = _asking(self._name)
        request = account.continuation(context, text)
        return await gate.loglikelihood(served, request, account)

    def count_tokens(self, text: str) -> int | None:
        """Count by the model's tokenizer."""
        served, _, _ = _asking(self._name)
        return served.model.count_tokens(text) if isinstance(served.model, LanguageModel) else None

    async def fit(
        self, inputs: NDArray[np.floating[Any]], targets: NDArray[np.generic]
    ) -> FittedHandle:
        """Fit the estimator, in a worker process."""
        served, gate, account = _fitting(self._name)
        seed = account.seed_of_next()
        learned: Learned = await gate.work(served, account, fit, inputs, targets, seed)
        return FittedHandle(self._name, learned)


class FittedHandle:
    """What an estimator learned, as a strategy sees it."""

    __slots__ = ("_learned", "_name")

    def __init__(self, name: str, learned: Learned) -> None:
        self._name = name
        self._learned = learned

    @property
    def details(self) -> Mapping[str, Any]:
        """What the fit has on record."""
        return self._learned.details

    async def predict(self, inputs: NDArray[np.floating[Any]]) -> Prediction:
        """Predict, in a worker process."""
        served, gate, account = _fitting(self._name)
        prediction: Prediction = await gate.work(
            served, account, predict, self._learned.state, inputs
        )
        return prediction


class FeedbackError(Exception):
    """The task could not give feedback.

    It holds words alone: from the task's own error frames would lead to the hidden side.

    Attributes:
        name: type of the task's error.
        trace: where it happened.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.name = type(error).__name__
        self.trace = "".join(traceback.format_exception(error))


class _Current(NamedTuple):
    item: Item
    gate: Gate
    account: Account


_CURRENT: ContextVar[_Current] = ContextVar("evalcore_current_attempt")


def _current() -> _Current:
    try:
        return _CURRENT.get()
    except LookupError:
        raise EvalcoreError(
            "no attempt is under way here: ask models and for feedback on the event loop of the "
            "attempt, or in threads begun by asyncio.to_thread"
        ) from None


# What happens here holds the case; no frame of it is left when a strategy goes on, so that an
# exception that reaches the strategy leads nowhere.


def _ask(answer: Any) -> asyncio.Future[Feedback]:
    current = _current()
    job = _AskFeedback(current.item.case, answer, asyncio.get_running_loop())
    current.item.run.jobs.put(job)
    return job.future


def _account() -> Account:
    return _current().account


def _asking(model: str) -> tuple[Served, Gate, Account]:
    item, gate, account = _current()
    return item.run.served[model], gate, account


def _fitting(model: str) -> tuple[Served, Gate, Account]:
    served, gate, account = _asking(model)
    if not isinstance(served.model, Estimator):
        raise EvalcoreError(f"model {model} answers dialogues, it does not fit or predict")
    return served, gate, account


class _AskFeedback:
    __slots__ = ("_answer", "_case", "_loop", "future")

    def __init__(self, case: Case, answer: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._case, self._answer, self._loop = case, answer, loop
        self.future: asyncio.Future[Feedback] = loop.create_future()

    def run(self, task: Task[Any]) -> None:
        try:
            feedback = task.feedback(self._case, self._answer)
            check_feedback(feedback)
        except (Exception, SystemExit) as error:
            failure = FeedbackError(error)
            self._loop.call_soon_threadsafe(self._settle, None, failure)
        else:
            self._loop.call_soon_threadsafe(self._settle, feedback, None)

    def fail(self, error: BaseException) -> None:
        failure = FeedbackError(RuntimeError(f"{type(error).__name__}: {error}"))
        self._loop.call_soon_threadsafe(self._settle, None, failure)

    def forget(self) -> None:
        self._loop.call_soon_threadsafe(self.future.cancel)

    def _settle(self, feedback: Feedback | None, error: Exception | None) -> None:
        if self.future.cancelled():
            return
        if error:
            self.future.set_exception(error)
        elif feedback:
            self.future.set_result(feedback)
