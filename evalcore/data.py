"""The data that flows from a spec to its results: immutable, slotted, without behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Attempt",
    "Case",
    "Continuation",
    "Failure",
    "FailureKind",
    "Feedback",
    "FinishReason",
    "Generation",
    "Likelihood",
    "Message",
    "Record",
    "Request",
    "Result",
    "RunInfo",
    "Sample",
    "Score",
    "Token",
    "Usage",
]

FailureKind = Literal["model", "task", "strategy", "time"]
FinishReason = Literal["stop", "length", "refusal", "empty"]
"""Why an answer ended: by itself or at a stop text, at its length limit, because the model or its
provider refused, or without a text."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a dialogue."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The public side of one sample: all that a strategy may see of it.

    Attributes:
        id: unique within the task, stable between runs.
        input: what is asked: a text, or the messages of a dialogue.
        public: what else may be seen, in the task's own type (public tests, training arrays).
        metadata: scalars by which results may be broken down (difficulty, source).
    """

    id: str
    input: str | tuple[Message, ...]
    public: Any = None
    metadata: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


class Case(NamedTuple):
    """A sample together with its hidden side, which no strategy and no model ever holds."""

    sample: Sample
    hidden: Any = None


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a language model.

    Attributes:
        messages: the dialogue so far.
        temperature: sampling temperature; `None` leaves it to the model.
        top_p: nucleus mass; `None` leaves it to the model.
        max_tokens: length limit of the answer in tokens; `None` leaves it to the model.
        stop: texts that end the answer.
        n: answers wanted, each sampled by itself.
        logprobs: whether the tokens of the answer are wanted with their log-probabilities.
        raw: whether the contents are to be continued as they stand, without a chat template.
        seed: of this call; the gate derives it from the spec's seed, sample, attempt and call.
        sample: id of the sample asked about.
        attempt: number of the attempt, from 0.
        call: number of the call within its attempt, from 0.
    """

    messages: tuple[Message, ...]
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    n: int = 1
    logprobs: bool = False
    raw: bool = False
    seed: int = 0
    sample: str = ""
    attempt: int = 0
    call: int = 0


class Token(NamedTuple):
    """A token of an answer, with its natural log-probability."""

    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Generation:
    """What a language model answered, with the tokens that it counted.

    Attributes:
        text: the answer, without the stop text that ended it.
        finish_reason: why it ended; the gate tells an empty answer from one that stopped.
        prompt_tokens: of the prompt, as they are billed: once for several answers of one call.
        completion_tokens: of this answer and the others together.
        tokens: the answer's tokens, where they were wanted.
        others: the second answer and those after it, where several were wanted.
    """

    text: str
    finish_reason: FinishReason = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    tokens: tuple[Token, ...] = ()
    others: tuple[Generation, ...] = ()


@dataclass(frozen=True, slots=True)
class Continuation:
    """A text of which a language model is asked how likely it is after another.

    Attributes:
        context: what stands before it: a text as it is, or a dialogue, which goes through the chat
            template; with `""` the text is scored from its first token, in windows of the model's
            length where it is longer.
        text: what is scored.
        sample: id of the sample asked about.
        attempt: number of the attempt, from 0.
        call: number of the call within its attempt, from 0.
    """

    context: str | tuple[Message, ...]
    text: str
    sample: str = ""
    attempt: int = 0
    call: int = 0


@dataclass(frozen=True, slots=True)
class Likelihood:
    """How likely a continuation is.

    Attributes:
        logprob: natural log-probability of the text, summed over its tokens.
        greedy: whether each of its tokens is the likeliest one, so that greedy decoding gives it.
        prompt_tokens: tokens that the model read, the text's own included.
        tokens: tokens of the text.
    """

    logprob: float
    greedy: bool
    prompt_tokens: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What an attempt cost.

    Attributes:
        calls: of models, those included that a cache answered.
        prompt_tokens: of all calls; as `completion_tokens` and `dollars` the same whether a cache
            answered or not.
        dollars: by the models' prices.
        seconds: spent waiting for models; nothing for a call that a cache answered.
        executions: of code.
        cached: of the calls, those that a cache or an equal call in flight answered.
        saved: of the dollars, those of such calls, which nobody pays.
        saved_tokens: of the tokens, prompt and answer together, those of such calls.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dollars: float = 0.0
    seconds: float = 0.0
    executions: int = 0
    cached: int = 0
    saved: float = 0.0
    saved_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a task lets a strategy know about an answer before it is final.

    Attributes:
        passed: whether the answer passes all that the strategy may check it against.
        text: the same in words, fit for a dialogue.
        details: the same as data, in the task's own terms.
        executions: how many executions of code it took.
    """

    passed: bool
    text: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    executions: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """A strategy's answer to one sample.

    Attributes:
        answer: what the task is to score.
        messages: the dialogue that led to it, each message once.
        details: what else the strategy wants on record (JSON-ready).
        keep: whether the answer goes on record; one that does not may be of any type, such as
            arrays, and the task's score is all that is left of it.
    """

    answer: Any
    messages: tuple[Message, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    keep: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """A task's verdict on an attempt.

    Attributes:
        value: the score, 1.0 for right and 0.0 for wrong where there is nothing between.
        label: the verdict in a word, for metrics that count kinds.
        details: what else the task wants on record (JSON-ready).
    """

    value: float
    label: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt has no score.

    Attributes:
        kind: who failed: the model, the task, the strategy, or the time limit of an attempt.
        error: the exception's type.
        message: the exception's text, secrets removed.
        traceback: where it happened, secrets removed.
    """

    kind: FailureKind
    error: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One attempt as it stands in the run store: scored, or failed, never both.

    Attributes:
        endings: how each answer of a model ended, in the order of the calls.
    """

    cell: str
    sample: str
    attempt: int
    seed: int
    answer: Any
    score: Score | None
    failure: Failure | None
    usage: Usage
    messages: tuple[Message, ...] = ()
    endings: tuple[FinishReason, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """One metric of one cell: the row of every table and of `evalcore results --json`.

    Attributes:
        run: the run's directory.
        cell: the cell's name.
        settings: the settings in which the cell differs from the other cells of its sweep.
        metric: the metric's name, with `/part` where it has several.
        value: the estimate; `None` where nothing could be measured.
        low: lower end of its 95 % interval; `None` where the data cannot tell.
        high: upper end.
        n: number of attempts that the value is over.
        failed: number of attempts that failed and are not in it.
        axis: what the value is a function of, where it is a point of a curve, such as `attempts`.
        at: where on this axis it lies; `None` where the metric has no curve.
        of: what was measured, where the metric's name does not say, such as `accuracy`.
    """

    run: str
    cell: str
    settings: Mapping[str, Any] = field(hash=False)
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    failed: int
    axis: str = field(default="", kw_only=True)
    at: float | None = field(default=None, kw_only=True)
    of: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What observers are told of a run: its name in the spec, its directory, its cells' names."""

    name: str
    directory: str
    cells: tuple[str, ...]
