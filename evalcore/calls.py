"""The gate: every call of a model passes here and is seeded, limited, retried and accounted."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evalcore.data import Generation, Message, Request, Usage
from evalcore.model import TransientError
from evalcore.store import CallRow, call_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evalcore.model import LanguageModel
    from evalcore.spec import Limits, Price

__all__ = ["Gate", "Ledger", "LimitReached", "ModelCallError", "Served"]

IDENTICAL_FAILURES = 3
"""A failure that repeats itself so many times in a row is not a passing one."""


class LimitReached(BaseException):
    """The run's limit allows no further call; the attempt stays open and can be gone on with.

    Not an `Exception`: no strategy's `except Exception` may turn a limit into an answer.
    """


class ModelCallError(Exception):
    """A model call failed for good; the cause is the model's own error."""


@dataclass(slots=True)
class Ledger:
    """What a run has spent, over all its sessions."""

    dollars: float = 0.0
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Served:
    """A model with the name and the price by which the spec knows it."""

    name: str
    identity: str
    model: LanguageModel[Any]
    price: Price | None


@dataclass(slots=True)
class Account:
    """The calls of one attempt: what they cost, and what a killed run had already been answered."""

    cell: int
    sample: str
    attempt: int
    seed: int
    answered: dict[bytes, tuple[Generation, Usage]]
    usage: Usage = field(default_factory=Usage)
    calls: int = 0

    def request(
        self,
        messages: str | Sequence[Message],
        temperature: float | None,
        top_p: float | None,
        max_tokens: int | None,
        stop: Sequence[str],
    ) -> Request:
        """The attempt's next call, with its seed; a text is one message of the user."""
        number = self.calls
        self.calls += 1
        return Request(
            (Message("user", messages),) if isinstance(messages, str) else tuple(messages),
            temperature,
            top_p,
            max_tokens,
            tuple(stop),
            _call_seed(self, number),
            self.sample,
            self.attempt,
            number,
        )

    def add(self, cost: Usage) -> None:
        """Add the cost of a call or of executions."""
        own = self.usage
        self.usage = Usage(
            own.calls + cost.calls,
            own.prompt_tokens + cost.prompt_tokens,
            own.completion_tokens + cost.completion_tokens,
            own.dollars + cost.dollars,
            own.seconds + cost.seconds,
            own.executions + cost.executions,
        )


class Gate:
    """Asks models on behalf of attempts.

    Args:
        limits: the run's limits.
        ledger: what the run has spent so far; a call that would begin beyond the limit raises
            `LimitReached`.
        commit: takes each answered call, to be stored until its attempt is committed.
    """

    def __init__(self, limits: Limits, ledger: Ledger, commit: Callable[[CallRow], None]) -> None:
        self._limits = limits
        self._ledger = ledger
        self._commit = commit
        self.closed = False

    @property
    def reason(self) -> str:
        """Which limit was reached."""
        return "limits.minutes is reached" if self.closed else "limits.dollars is reached"

    async def ask(self, served: Served, request: Request, account: Account) -> Generation:
        """Answer a request: from the store if a killed run had the answer, else by the model.

        Raises:
            ModelCallError: if the model fails, or keeps failing.
            LimitReached: if the run may spend no more.
        """
        model = f"{served.name}\0{served.identity}"
        known = account.answered and account.answered.get(call_digest(model, request))
        if known:
            generation, cost = known
        else:
            generation, cost = await self._ask(served, request)
            self._ledger.dollars += cost.dollars
            self._ledger.calls += 1
            self._commit(CallRow(account.cell, model, request, generation, cost))
        account.add(cost)
        return generation

    async def _ask(self, served: Served, request: Request) -> tuple[Generation, Usage]:
        failures: list[str] = []
        while True:
            spent = (
                self._limits.dollars is not None and self._ledger.dollars >= self._limits.dollars
            )
            if self.closed or spent:
                raise LimitReached
            begin = time.perf_counter()
            try:
                generation = await served.model.generate(request)
                _check(generation)
            except TransientError as error:
                await self._wait(error, failures)
            except (Exception, SystemExit) as error:
                raise ModelCallError(f"{type(error).__name__}: {error}") from error
            else:
                return generation, _cost(served, generation, time.perf_counter() - begin)

    async def _wait(self, error: TransientError, failures: list[str]) -> None:
        """Wait before the next try, or give up; no wait exceeds the spec's `retry_wait`."""
        failures.append(str(error))
        tail = failures[-IDENTICAL_FAILURES:]
        identical = len(tail) == IDENTICAL_FAILURES and len(set(tail)) == 1
        if len(failures) > self._limits.retries or identical:
            tries = f"{len(failures)} tries" if len(failures) > 1 else "1 try"
            raise ModelCallError(f"{error} (given up after {tries})") from error
        backoff = 0.5 * 2 ** (len(failures) - 1) * random.uniform(0.5, 1.5)  # noqa: S311
        asked = error.retry_after if error.retry_after is not None else backoff
        await asyncio.sleep(min(asked, self._limits.retry_wait))


def _call_seed(account: Account, call: int) -> int:
    """From the attempt's seed-in-common and the number of the call, never from the order of time.

    The cell is not in it: cells that make the same call share its randomness, so that what they
    differ in is what their settings do.
    """
    text = f"{account.seed} {account.sample} {account.attempt} {call}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) >> 1


def _check(generation: Generation) -> None:
    """Refuse what the store and the ledger could not hold."""
    if not isinstance(generation, Generation) or not isinstance(generation.text, str):
        raise TypeError(f"the model answered {generation!r:.80}, expected Generation with a text")
    for count in (generation.prompt_tokens, generation.completion_tokens):
        if not isinstance(count, int) or not 0 <= count < 2**48:
            raise ValueError(f"the model counted {count!r} tokens, expected a whole number from 0")


def _cost(served: Served, generation: Generation, seconds: float) -> Usage:
    price = served.price
    prompt, completion = generation.prompt_tokens, generation.completion_tokens
    dollars = (prompt * price.prompt + completion * price.completion) / 1e6 if price else 0.0
    return Usage(1, prompt, completion, dollars, seconds)
