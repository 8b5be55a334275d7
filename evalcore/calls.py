"""The gate: every call of a model passes here and is seeded, limited, retried and accounted."""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
import time
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn

from evalcore.data import Continuation, Generation, Likelihood, Message, Request, Usage
from evalcore.encoding import call_digest, shared_digest
from evalcore.errors import EvalcoreError
from evalcore.model import LanguageModel, TransientError
from evalcore.pacing import OutageError, Pace
from evalcore.store import CallRow
from evalcore.workers import WorkError, Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from evalcore.cache import Cache
    from evalcore.data import FinishReason
    from evalcore.encoding import Answer, Call
    from evalcore.model import Model
    from evalcore.spec import Limits, Part

__all__ = ["Account", "Gate", "Ledger", "LimitReached", "ModelCallError", "Served"]

IDENTICAL_FAILURES = 3
"""A failure that repeats itself so many times in a row is not a passing one."""
BUSY_TRIES = 10
"""So many times the tries that a failing call has are those of one whose model says it is busy."""
_SECRET = 8
"""Characters of a value from the environment from which on it is taken out of answers."""
_KEPT_FITS = 64
"""What so many fits learned is kept, for attempts that make an equal one."""
_USUAL_TOKENS = 256
"""Tokens of an answer that a rate expects before it has seen one."""


class LimitReached(BaseException):
    """The run's limit allows no further call; the attempt stays open and can be gone on with.

    Not an `Exception`: no strategy's `except Exception` may turn a limit into an answer.
    """


class ModelCallError(Exception):
    """A model call failed for good; the cause is the model's own error."""


@dataclass(slots=True)
class Ledger:
    """What a run has spent, over all its sessions.

    Attributes:
        dollars: spent on calls; those that the cache answered cost nothing.
        calls: made or answered by the cache.
        cached: answered by the cache, or by an equal call in flight.
        tokens: of prompts and answers; those that the cache answered cost nothing.
        minutes: of this session alone.
        out: calls that wait for their answer.
        retries: tries after a call's first, in this session.
    """

    dollars: float = 0.0
    calls: int = 0
    cached: int = 0
    tokens: int = 0
    minutes: float = 0.0
    out: int = 0
    retries: int = 0

    def add(self, cost: Usage) -> None:
        """Add what calls cost."""
        self.dollars += cost.dollars - cost.saved
        self.calls += cost.calls
        self.cached += cost.cached
        self.tokens += cost.prompt_tokens + cost.completion_tokens - cost.saved_tokens

    def reached(self, limits: Limits) -> str:
        """Which limit is reached and what of it is spent, in words; `""` while none is."""
        made = self.calls - self.cached
        for name, spent, bound in (
            ("dollars", self.dollars, self.dollars),
            ("calls", made, made + self.out),
            ("tokens", self.tokens, self.tokens),
            ("minutes", self.minutes, self.minutes),
        ):
            limit = getattr(limits, name)
            if limit is not None and bound >= limit - 1e-9:  # dollars and minutes are sums
                advice = "" if name == "minutes" else ", so raise it"
                told = f"{_amount(spent)} of {_amount(limit)} {name} are spent{advice}"
                return f"limits.{name} is reached: {told}"
        return ""


class Served:
    """A model that is open, with its price and limits.

    Attributes:
        name: by which the spec knows it.
        key: equal for models whose limits are shared: one name, one identity, the same limits.
        shown: what the listing of the cache calls it.
        identity: of all that decides its answers, the data that its settings name included.
        secrets: texts that answers and errors must not hold, with what stands for them.
    """

    def __init__(
        self,
        name: str,
        part: Part,
        identity: str,
        model: Model[Any],
        *,
        data: str = "",
        secrets: Mapping[str, str],
    ) -> None:
        self.name = name
        self.key = f"{name} {part.name} {identity} {part.limits}"
        self.shown = f"{part.name} {identity}".strip()
        self.identity = f"{part.deciding} {data} {identity}"
        self.model = model
        own_price = model.price() if isinstance(model, LanguageModel) else None
        self.price = part.price or own_price
        self.limits = part.limits
        self.seconds = part.limits.seconds or model.seconds
        own = {secret: "[secret]" for secret in model.secrets() if secret}
        # A short value, such as that of a model's name, may well be a word of an answer.
        self.secrets = own | {text: name for text, name in secrets.items() if len(text) >= _SECRET}
        self.usual_tokens = float(_USUAL_TOKENS)


@dataclass(slots=True)
class Account:
    """The calls of one attempt: what they cost, and what a killed run had already been answered.

    Attributes:
        endings: how the answers ended, in the order of the calls.
    """

    cell: int
    sample: str
    attempt: int
    seed: int
    answered: dict[bytes, tuple[Answer, Usage]] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    endings: list[FinishReason] = field(default_factory=list)
    calls: int = 0

    def request(self, messages: str | Sequence[Message], **options: Any) -> Request:
        """The attempt's next request, with its seed; a text is one message of the user.

        Raises:
            ValueError: if an option is out of its range.
        """
        _check_options(**options)
        number = self._next()
        return Request(
            (Message("user", messages),) if isinstance(messages, str) else tuple(messages),
            seed=_call_seed(self, number),
            sample=self.sample,
            attempt=self.attempt,
            call=number,
            **options,
        )

    def continuation(self, context: str | Sequence[Message], text: str) -> Continuation:
        """The attempt's next question of how likely a text is."""
        context = context if isinstance(context, str) else tuple(context)
        return Continuation(context, text, self.sample, self.attempt, self._next())

    def seed_of_next(self) -> int:
        """The seed of the attempt's next call, where it is no request."""
        return _call_seed(self, self._next())

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
            own.cached + cost.cached,
            own.saved + cost.saved,
            own.saved_tokens + cost.saved_tokens,
        )

    def _next(self) -> int:
        number = self.calls
        self.calls += 1
        return number


class Gate:
    """Asks models on behalf of attempts.

    Args:
        limits: the run's limits.
        ledger: what the run has spent so far; a call that would begin beyond the limit raises
            `LimitReached`.
        commit: takes each answered call, to be stored until its attempt is committed.
        cache: answers of earlier runs; with it, equal calls are made once.

    Attributes:
        hurried: whether a call that would have to wait for its turn is not to begin either.
        more: whether attempts are left to begin: a model that is down too long then stops the run,
            where it else fails the calls that wait for it.
        working: how much of each fit that is under way is done, from 0 to 1.
    """

    def __init__(
        self,
        limits: Limits,
        ledger: Ledger,
        commit: Callable[[CallRow], None],
        cache: Cache | None = None,
    ) -> None:
        self._limits = limits
        self._ledger = ledger
        self._commit = commit
        self._cache = cache
        self._paces: dict[str, Pace] = {}
        self._flights: dict[bytes, asyncio.Future[Answer | ModelCallError | None]] = {}
        self._given_up: dict[str, tuple[str, float]] = {}
        self._shut = ""
        self._workers = Workers()
        self.working: dict[object, float] = {}
        self._fits: dict[bytes, asyncio.Future[Any]] = {}
        self.hurried: Callable[[], bool] = lambda: False
        self.more: Callable[[], bool] = lambda: False

    @property
    def closed(self) -> str:
        """Why no call may begin any more; `""` while they may."""
        return self._ledger.reached(self._limits) or self._shut

    @property
    def down(self) -> str:
        """Why a model is being waited for, `""` while none is."""
        return next((pace.down for pace in self._paces.values() if pace.down), "")

    async def generate(self, served: Served, request: Request, account: Account) -> Generation:
        """Answer a request: from the store if a killed run had the answer, else by the model.

        Raises:
            ModelCallError: if the model fails, or keeps failing.
            LimitReached: if the run may spend no more, or is in a hurry.
        """
        answer = await self._ask(served, request, account)
        assert isinstance(answer, Generation)
        account.endings.append(answer.finish_reason)
        account.endings += [other.finish_reason for other in answer.others]
        return answer

    async def loglikelihood(
        self, served: Served, request: Continuation, account: Account
    ) -> Likelihood:
        """Say how likely a text is; as `generate` does, and with its errors."""
        answer = await self._ask(served, request, account)
        assert isinstance(answer, Likelihood)
        return answer

    async def work(
        self,
        served: Served,
        account: Account,
        function: Callable[..., Any],
        *arguments: Any,
        begins: bool = False,
    ) -> Any:
        """Have a worker process call a function with a model's class, its settings and arguments.

        Args:
            served: the model.
            account: of the attempt.
            function: what a worker calls.
            arguments: of the function.
            begins: whether more work follows upon this; see `Workers.turn`.

        Raises:
            ModelCallError: if it raises, or takes longer than a call of the model may.
            LimitReached: if the run may spend no more, or it begins something and the run is in a
                hurry: what is begun is not for nothing.
        """
        model = served.model
        async with self._workers.turn(begins=begins) as worker:
            if begins:
                self._check_waiting(served)
            else:
                self._check(served)
            begin = time.perf_counter()
            key = object()
            self._ledger.out += 1
            try:
                async with asyncio.timeout(served.seconds) as clock:
                    result = await worker.do(
                        function,
                        type(model),
                        model.settings,
                        *arguments,
                        tell=lambda fraction: self.working.update({key: fraction}),
                    )
            except (WorkError, TypeError, TimeoutError) as error:
                text = str(error)
                if isinstance(error, TimeoutError):
                    if not clock.expired():
                        raise
                    text = f"not done within {served.seconds:g} s"
                raise ModelCallError(_without(served.secrets, text)) from error
            finally:
                self._ledger.out -= 1
                self.working.pop(key, None)
        cost = Usage(calls=1, seconds=time.perf_counter() - begin)
        self._ledger.add(cost)
        account.add(cost)
        return result

    async def work_once(
        self,
        key: bytes,
        served: Served,
        account: Account,
        function: Callable[..., Any],
        *arguments: Any,
    ) -> Any:
        """As `work`, but what comes of it is kept, and answers equal calls of this run."""
        while known := self._fits.get(key):
            await asyncio.wait([known])
            if not known.cancelled():
                cost = Usage(calls=1, cached=1)
                self._ledger.add(cost)
                account.add(cost)
                return known.result()
        known = self._fits[key] = asyncio.get_running_loop().create_future()
        try:
            result = await self.work(served, account, function, *arguments, begins=True)
        except BaseException:  # whoever waits makes it by itself
            self._fits.pop(key, None)
            known.cancel()
            raise
        known.set_result(result)
        while len(self._fits) > _KEPT_FITS:
            del self._fits[next(iter(self._fits))]
        return result

    async def close(self) -> None:
        """End the worker processes."""
        await self._workers.close()

    async def _ask(self, served: Served, call: Call, account: Account) -> Answer:
        model = f"{served.name}\0{served.identity}"
        known = account.answered and account.answered.get(call_digest(model, call))
        if known:
            answer, cost = known
        else:
            shared = b""
            if self._cache:
                digest = shared_digest(served.identity, call)
                answer, cost = await self._shared(self._cache, digest, served, call)
                shared = b"" if cost.cached else digest
            else:
                answer, cost = await self._tried(served, call)
            self._ledger.add(cost)
            self._commit(CallRow(account.cell, model, call, answer, cost, shared, served.shown))
        account.add(cost)
        return answer

    # Equal calls, here and in other runs

    def share(self, calls: list[CallRow]) -> None:
        """Give calls to other runs, once they are safe in this one: who paid must know of it.

        Called from the thread of the store.
        """
        for row in calls:
            if self._cache:
                self._cache.put(row.shared, row.shown, row.answer)
            self._flights.pop(row.shared, None)

    async def _shared(
        self, cache: Cache, digest: bytes, served: Served, call: Call
    ) -> tuple[Answer, Usage]:
        """Answer a call from an equal one of this run, from the cache, or by the model."""
        while flight := self._flights.get(digest):
            outcome = await asyncio.shield(flight)
            if isinstance(outcome, ModelCallError):
                raise ModelCallError(str(outcome)) from outcome.__cause__
            if outcome is not None:
                return outcome, _cost(served, outcome, cached=True)
        flight = self._flights[digest] = asyncio.get_running_loop().create_future()
        outcome = None
        made = False
        try:
            outcome = await cache.get(digest)
            if outcome is not None:
                return outcome, _cost(served, outcome, cached=True)
            outcome, cost = await self._tried(served, call)
            made = True
            return outcome, cost
        except ModelCallError as error:
            outcome = error
            raise
        finally:  # whoever waits takes the outcome, or asks by itself where there is none
            if not made:
                del self._flights[digest]
            flight.set_result(outcome)

    # One call, until it is answered or given up

    async def _tried(self, served: Served, call: Call) -> tuple[Answer, Usage]:
        pace = self._pace(served)
        failures: list[str] = []
        for tries in count(1):
            self._check(served)
            expected = _expected_tokens(served, call)
            async with pace.turn(expected) as probe:
                self._check(served)
                begin = time.perf_counter()
                self._ledger.out += 1
                try:
                    answer = await self._once(served, call)
                except TransientError as error:
                    self._failed(served, pace, error, failures, tries, probe=probe)
                except (Exception, SystemExit) as error:
                    pace.answered()
                    text = _without(served.secrets, f"{type(error).__name__}: {error}")
                    raise ModelCallError(text) from error
                else:
                    pace.answered()
                    cost = _cost(served, answer, time.perf_counter() - begin)
                    if counted := cost.prompt_tokens + cost.completion_tokens:
                        pace.used(expected, counted)
                    served.usual_tokens += 0.1 * (cost.completion_tokens - served.usual_tokens)
                    return answer, cost
                finally:
                    self._ledger.out -= 1
            self._ledger.retries += 1
            if not pace.down:
                await self._wait(self._backoff(tries))
        raise AssertionError

    async def _once(self, served: Served, call: Call) -> Answer:
        """One try, within the deadline."""
        if served.seconds is None:
            return _checked(served, call, await _asked(served, call))
        try:
            async with asyncio.timeout(served.seconds) as clock:
                return _checked(served, call, await _asked(served, call))
        except TimeoutError as error:
            if not clock.expired():
                raise
            raise TransientError(f"no answer within {served.seconds:g} s") from error

    def _failed(
        self,
        served: Served,
        pace: Pace,
        error: TransientError,
        failures: list[str],
        tries: int,
        *,
        probe: bool,
    ) -> None:
        """Note a failure that may pass; a call is not blamed while the model is busy or down.

        Raises:
            ModelCallError: if this call has failed too often.
            LimitReached: if the model has been down for too long.
        """
        text = _without(served.secrets, str(error))
        try:
            down = pace.failed(text, error.retry_after, probe=probe)
        except OutageError as outage:
            self._give_up(served, f"model {served.name} does not answer: {outage}")
        busy = error.retry_after is not None
        if down or (busy and tries <= BUSY_TRIES * self._limits.retries):
            return
        failures.append(text)
        tail = failures[-IDENTICAL_FAILURES:]
        identical = len(tail) == IDENTICAL_FAILURES and len(set(tail)) == 1
        if busy or len(failures) > self._limits.retries or identical:
            told = f"{tries} tries" if tries > 1 else "1 try"
            raise ModelCallError(f"{text} (given up after {told})") from error

    def _give_up(self, served: Served, text: str) -> NoReturn:
        """Stop the run for a model that does not answer, or fail the calls where it is at its end.

        Raises:
            LimitReached: in the first case.
            ModelCallError: in the second.
        """
        if self.more():
            self._shut = text
            raise LimitReached
        self._given_up[served.key] = text, time.monotonic() + self._limits.retry_wait
        raise ModelCallError(text)

    async def _wait(self, seconds: float) -> None:
        """Wait, unless the run is in a hurry by then.

        Raises:
            LimitReached: if it is.
        """
        parts = math.ceil(seconds / 0.5) or 1
        for _ in range(parts):
            if self.hurried():
                raise LimitReached
            await asyncio.sleep(seconds / parts)

    def _backoff(self, failures: int) -> float:
        """Seconds before the next try, doubling, with jitter, never beyond `retry_wait`."""
        wait = 0.5 * 2.0 ** min(failures - 1, 16) * random.uniform(0.5, 1.5)  # noqa: S311
        return min(wait, self._limits.retry_wait)

    def _pace(self, served: Served) -> Pace:
        pace = self._paces.get(served.key)
        if pace is None:
            limits = served.limits
            pace = self._paces[served.key] = Pace(
                concurrency=limits.concurrency,
                requests=limits.requests_per_minute,
                tokens=limits.tokens_per_minute,
                longest_pause=self._limits.retry_wait,
                outage=self._limits.outage_seconds,
                check=lambda: self._check_waiting(served),
            )
        return pace

    def _check_waiting(self, served: Served) -> None:
        if self.hurried():
            raise LimitReached
        self._check(served)

    def _check(self, served: Served) -> None:
        """Let no call begin that the run's limits forbid, or whose model was given up."""
        self._shut = self.closed
        if self._shut:
            raise LimitReached
        text, until = self._given_up.get(served.key, ("", 0.0))
        if text and time.monotonic() < until:
            raise ModelCallError(text)


def _check_options(
    *,
    temperature: float | None,
    top_p: float | None,
    max_tokens: int | None,
    stop: tuple[str, ...],
    n: int,
    **_: bool,
) -> None:
    """Refuse what models would each take for something else."""
    for name, value, right, expected in (
        ("temperature", temperature, temperature is None or 0 <= temperature < 1e6, "0 or more"),
        ("top_p", top_p, top_p is None or 0 < top_p <= 1, "more than 0 and at most 1"),
        ("max_tokens", max_tokens, max_tokens is None or max_tokens >= 1, "1 or more"),
        ("stop", stop, all(isinstance(text, str) and text for text in stop), "texts, none empty"),
        ("n", n, n >= 1, "1 or more"),
    ):
        if not right:
            raise ValueError(f"{name}: found {value!r}, expected {expected}")


def _call_seed(account: Account, call: int) -> int:
    """From the attempt's seed-in-common and the number of the call, never from the order of time.

    The cell is not in it: cells that make the same call share its randomness, so that what they
    differ in is what their settings do.
    """
    text = f"{account.seed} {account.sample} {account.attempt} {call}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) >> 1


async def _asked(served: Served, call: Call) -> Any:
    if not isinstance(served.model, LanguageModel):
        raise EvalcoreError(f"model {served.name} fits and predicts, it answers no dialogue")
    if isinstance(call, Continuation):
        return await served.model.loglikelihood(call)
    return await served.model.generate(call)


def _checked(served: Served, call: Call, answer: Any) -> Answer:
    """The answer, refused if the store and the ledger could not hold it.

    Secrets that the other side sent back are taken out, and an answer without a text is told from
    one that merely stopped.
    """
    if isinstance(call, Continuation):
        if not isinstance(answer, Likelihood):
            raise TypeError(f"the model answered {answer!r:.80}, expected Likelihood")
        _check_counts(answer.prompt_tokens, answer.tokens)
        return answer
    if not isinstance(answer, Generation) or not isinstance(answer.text, str):
        raise TypeError(f"the model answered {answer!r:.80}, expected Generation with a text")
    _check_counts(answer.prompt_tokens, answer.completion_tokens)
    if len(answer.others) != call.n - 1:
        found = 1 + len(answer.others)
        raise TypeError(f"the model gave {found} answers, expected {call.n} (`n`)")
    plain = answer.text.strip() and not answer.others and not answer.tokens
    if plain and not any(secret in answer.text for secret in served.secrets):
        return answer
    others = tuple(_told(served, other) for other in answer.others)
    return replace(_told(served, answer), others=others)


def _told(served: Served, answer: Generation) -> Generation:
    if answer.finish_reason == "stop" and not answer.text.strip():
        return replace(answer, finish_reason="empty")
    spelt = "".join(token.text for token in answer.tokens)
    tokens = () if _without(served.secrets, spelt) != spelt else answer.tokens
    return replace(answer, text=_without(served.secrets, answer.text), tokens=tokens)


def _check_counts(*counts: int) -> None:
    for tokens in counts:
        if not isinstance(tokens, int) or not 0 <= tokens < 2**48:
            raise ValueError(f"the model counted {tokens!r} tokens, expected a whole number from 0")


def _without(secrets: Mapping[str, str], text: str) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, secrets[secret])
    return text


def _expected_tokens(served: Served, call: Call) -> float:
    """About how many tokens a call will use, by which a rate lets it out."""
    if not served.limits.tokens_per_minute:
        return 0.0
    if isinstance(call, Continuation):
        return (len(str(call.context)) + len(call.text)) / 4
    asked = sum(len(message.content) for message in call.messages) / 4
    most = call.max_tokens if call.max_tokens is not None else served.usual_tokens
    return asked + call.n * min(float(most), served.usual_tokens)


def _cost(served: Served, answer: Answer, seconds: float = 0.0, *, cached: bool = False) -> Usage:
    prompt = answer.prompt_tokens
    completion = answer.completion_tokens if isinstance(answer, Generation) else 0
    dollars = served.price.of(prompt, completion) if served.price else 0.0
    usage = Usage(1, prompt, completion, dollars, seconds)
    if cached:
        return replace(usage, cached=1, saved=dollars, saved_tokens=prompt + completion)
    return usage


def _amount(number: float) -> str:
    """Such as `1,234` or `0.005`."""
    whole = f"{number:,.4f}"
    return whole.rstrip("0").rstrip(".")
