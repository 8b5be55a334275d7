"""What the state of a server holds: requests, what came of them, and what was changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from evalcore_metallm.serving.protocol import Tokens

    Floats = NDArray[np.float64]
    Arrays = Mapping[str, NDArray[np.generic]]

__all__ = [
    "Change",
    "Entry",
    "FeedbackOutcome",
    "Lesson",
    "Receipt",
    "Snapshot",
    "Status",
    "Totals",
]


class Status(StrEnum):
    """How a request ended."""

    OPEN = "open"  # its answer is being written
    ANSWERED = "answered"
    CUT = "cut"  # the answer broke off, or nobody was left to hear it
    REFUSED = "refused"  # by an upstream, which blamed the request
    FAILED = "failed"  # no upstream answered


@dataclass(frozen=True, slots=True)
class Entry:
    """A request.

    Attributes:
        number: in the order in which requests came.
        id: what clients call it.
        chosen: the arm that the policy picked.
        asked: the arm that was asked last, which is another one where upstreams failed.
        propensity: the probability with which `chosen` was picked.
        allowed: a `1` for each arm that could be picked, and a `0` for each that could not.
        price: of quality, when it was picked.
        context: what the policy saw, shape (d,).
        query: the text behind that, if it is to be kept.
        tokens: that the answer took, as far as is known.
        dollars: for these.
        seconds: from the request to the end of the answer.
    """

    number: int
    id: str
    chosen: str
    asked: str
    propensity: float
    allowed: str
    price: float
    context: Floats
    query: str | None
    status: Status
    tokens: Tokens | None = None
    dollars: float | None = None
    seconds: float | None = None


class Lesson(NamedTuple):
    """An outcome to learn from; cost in dollars."""

    event: int
    context: Floats
    arm: str
    quality: float
    cost: float


class Change(NamedTuple):
    """What was changed while the server ran: values by the names of the settings."""

    event: int
    values: dict[str, Any]


class FeedbackOutcome(StrEnum):
    """What became of feedback."""

    COUNTED = "counted"
    REPEATED = "repeated"
    UNKNOWN = "unknown"
    UNFINISHED = "unfinished"
    NO_COST = "no cost"
    OUT_OF_RANGE = "out of range"


class Receipt(NamedTuple):
    """The quality that counts, and what is to be learned from it, if anything."""

    outcome: FeedbackOutcome
    quality: float | None = None
    lesson: Lesson | None = None


class Totals(NamedTuple):
    """What an arm was asked, and what that took.

    Attributes:
        requests: in all.
        prompt_tokens: of the answers that told them.
        completion_tokens: likewise.
        dollars: for these tokens.
        unknown: answers, whole or cut, whose dollars are not known.
        highest_dollars: of an answer, if those of one are known.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dollars: float = 0.0
    unknown: int = 0
    highest_dollars: float | None = None

    def plus(self, entry: Entry) -> Totals:
        """With a request that has ended."""
        prompt, completion = entry.tokens or (0, 0)
        paid = entry.status in {Status.ANSWERED, Status.CUT}
        known = [] if self.highest_dollars is None else [self.highest_dollars]
        if paid and entry.dollars is not None:
            known.append(entry.dollars)
        return Totals(
            self.requests + 1,
            self.prompt_tokens + prompt,
            self.completion_tokens + completion,
            self.dollars + (entry.dollars or 0.0),
            self.unknown + (paid and entry.dollars is None),
            max(known, default=None),
        )


class Snapshot(NamedTuple):
    """The arrays of a policy that had learned from all events up to one."""

    event: int
    arrays: Arrays
