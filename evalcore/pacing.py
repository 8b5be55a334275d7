"""When a call of a model may go out: so many at a time, so many a minute, none while it is down."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["OutageError", "Pace"]

DOWN_AFTER = 10
"""So many failures in a row, of whatever calls, are the model's and not those of a call."""
_LONE_DOWN_AFTER = 5
"""So many will do where they took longer than an outage may last: a lone call's waits grow long."""
_FIRST_PAUSE = 0.5
"""Seconds of the first pause; each failed probe doubles the next."""
_NEVER_ANSWERED = 30.0
"""Seconds after which a model that has not answered once is given up."""


class OutageError(Exception):
    """The model has answered nothing for so long that asking on is no use."""


class Pace:
    """The pace of one model's calls.

    A model that fails `DOWN_AFTER` times in a row is down: no call goes out until a pause is over,
    and then one at a time, the probe, until one is answered. A model that asks to be left alone
    for a while is paused for so long.

    Args:
        concurrency: calls in flight at a time; `None` for any number.
        requests: calls a minute; `None` for any number.
        tokens: tokens a minute, in and out; `None` for any number.
        longest_pause: seconds that a pause lasts at most.
        outage: seconds of failures alone after which the model is given up.
        check: raises what is to end a call that waits, when the run is being stopped.
    """

    def __init__(
        self,
        *,
        concurrency: int | None,
        requests: float | None,
        tokens: float | None,
        longest_pause: float,
        outage: float,
        check: Callable[[], None],
    ) -> None:
        self.down = ""
        self._slots = asyncio.Semaphore(concurrency) if concurrency else None
        self._rates = [_Rate(r / 60) if r else None for r in (requests, tokens)]
        self._limited = any(self._rates)
        self._longest_pause = longest_pause
        self._outage = outage
        self._check = check
        self._door = asyncio.Lock()
        self._paused_until = 0.0
        self._pause = _FIRST_PAUSE
        self._probing = False
        self._failures = 0
        self._failing_since = 0.0
        self._ever_answered = False

    @asynccontextmanager
    async def turn(self, tokens: float) -> AsyncIterator[bool]:
        """Wait for the turn of a call of about so many tokens, and hold it; whether it is a probe.

        Raises:
            whatever `check` raises.
        """
        waits = self._slots is not None and self._slots.locked()
        if self._slots:
            await self._slots.acquire()
        probe = False
        try:
            if waits:
                self._check()
            if self._limited or self.down or self._paused_until:
                probe = await self._admitted(tokens)
            yield probe
        finally:
            if probe:
                self._probing = False
            if self._slots:
                self._slots.release()

    def answered(self) -> None:
        """The model answered a call, be it with a refusal of it."""
        self._ever_answered = True
        if self._failures:
            self._failures = 0
            self._pause = _FIRST_PAUSE
            self.down = ""

    def used(self, expected: float, tokens: int) -> None:
        """A call that was expected to use so many tokens used so many."""
        if rate := self._rates[1]:
            rate.take(tokens - expected)

    def failed(self, why: str, retry_after: float | None, *, probe: bool) -> bool:
        """A call failed in a way that may pass; whether the model is down, whatever the call.

        Raises:
            OutageError: if it has been down for too long.
        """
        now = time.monotonic()
        if not self._failures:
            self._failing_since = now
        self._failures += 1
        if retry_after:
            self._rest(now, retry_after)
        patience = self._outage if self._ever_answered else min(self._outage, _NEVER_ANSWERED)
        left = patience - (now - self._failing_since)
        lone = left <= 0 and not retry_after and self._failures >= _LONE_DOWN_AFTER
        if self._failures < DOWN_AFTER and not lone:
            return False
        if left <= 0:
            raise OutageError(f"no answer for {now - self._failing_since:.0f} s: {why}")
        if probe or not self.down:
            self._rest(now, min(left, self._pause * random.uniform(0.75, 1.25)))  # noqa: S311
            self._pause = min(2 * self._pause, self._longest_pause)
        self.down = why
        return True

    def _rest(self, now: float, seconds: float) -> None:
        until = now + min(seconds, self._longest_pause)
        self._paused_until = max(self._paused_until, until)

    async def _admitted(self, tokens: float) -> bool:
        """Wait, in order of arrival, until neither a pause nor a rate forbids a call."""
        async with self._door:
            while self._probing or (seconds := self._wait(tokens)) > 0:
                self._check()
                await asyncio.sleep(0.02 if self._probing else min(max(seconds, 0.001), 0.5))
            for rate, amount in zip(self._rates, (1.0, tokens), strict=True):
                if rate:
                    rate.take(amount)
            self._probing = bool(self.down)
            return self._probing

    def _wait(self, tokens: float) -> float:
        waits = [self._paused_until - time.monotonic()]
        for rate, amount in zip(self._rates, (1.0, tokens), strict=True):
            if rate:
                waits.append(rate.wait(amount))
        return max(waits)


class _Rate:
    """A bucket that fills at so many a second and holds what comes in one second, at least one."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second)
        self._level = self._most
        self._filled = time.monotonic()

    def wait(self, amount: float) -> float:
        """Seconds until `amount` may be taken; more than the bucket holds may leave it in debt."""
        self._fill()
        return (min(amount, self._most) - self._level) / self._per_second

    def take(self, amount: float) -> None:
        """Take `amount`, or give back what is less than nothing."""
        self._fill()
        self._level -= amount

    def _fill(self) -> None:
        now = time.monotonic()
        self._level = min(self._most, self._level + (now - self._filled) * self._per_second)
        self._filled = now
