"""When a call of a model may go out, on a clock that the test turns."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore import pacing
from evalcore.pacing import DOWN_AFTER, OutageError, Pace


class Clock:
    """Stands for the time and for sleeping."""

    def __init__(self):
        self.now = 1_000.0

    def monotonic(self):
        return self.now

    async def sleep(self, seconds):
        self.now += max(seconds, 0.0)
        await _yield()


async def _yield():
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, None)
    await future


@pytest.fixture
def clock(monkeypatch):
    with turned() as clock:
        yield clock


@contextlib.contextmanager
def turned():
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pacing, "time", clock)
        patch.setattr(pacing.asyncio, "sleep", clock.sleep)
        yield clock


def pace(**changes):
    keys = {
        "concurrency": None, "requests": None, "tokens": None, "longest_pause": 30.0,
        "outage": 300.0, "check": lambda: None,
    }  # fmt: skip
    return Pace(**{**keys, **changes})


async def call(own, tokens=0.0):
    async with own.turn(tokens) as probe:
        own.answered()
    return probe


@given(per_minute=st.integers(1, 600), calls=st.integers(1, 200))
def test_no_minute_has_more_calls_than_its_rate_and_one_second_of_it(per_minute, calls):
    async def many():
        own = pace(requests=per_minute)
        for _ in range(calls):
            await call(own)
            times.append(clock.now)

    times = []
    with turned() as clock:
        asyncio.run(many())
    burst = max(1.0, per_minute / 60)
    for begin in times:
        within = sum(begin <= t < begin + 60 for t in times)
        assert within <= per_minute + burst + 1
    assert times[-1] - times[0] <= 60 * calls / per_minute + 1  # and none waits without need


def test_tokens_are_corrected_by_what_a_call_used(clock):
    async def two(used):
        own = pace(tokens=6_000)
        async with own.turn(100):
            own.answered()
            own.used(100, used)
        begin = clock.now
        await call(own, 100)
        return clock.now - begin

    assert asyncio.run(two(100)) == pytest.approx(1, abs=0.01)
    assert asyncio.run(two(1_100)) == pytest.approx(11, abs=0.01)
    assert asyncio.run(two(10)) == pytest.approx(0.1, abs=0.01)


def test_so_many_at_a_time(clock):
    most = 0

    async def held(own, running):
        nonlocal most
        async with own.turn(0):
            running.add(asyncio.current_task())
            most = max(most, len(running))
            await _yield()
            running.discard(asyncio.current_task())

    async def many():
        own, running = pace(concurrency=3), set()
        await asyncio.gather(*(held(own, running) for _ in range(20)))

    asyncio.run(many())
    assert most == 3


def test_all_wait_as_long_as_the_model_asked(clock):
    async def main():
        own = pace()
        async with own.turn(0) as probe:
            assert not own.failed("busy", 7.0, probe=probe)
        begin = clock.now
        await call(own)
        return clock.now - begin

    assert asyncio.run(main()) == pytest.approx(7)


def test_no_pause_is_longer_than_its_bound(clock):
    async def main():
        own = pace(longest_pause=2.0)
        own.failed("busy", 86_400.0, probe=False)
        begin = clock.now
        await call(own)
        return clock.now - begin

    assert asyncio.run(main()) == pytest.approx(2)


def test_a_model_that_is_down_is_probed_one_call_at_a_time_at_growing_intervals(clock):
    probes = []

    async def one(own):
        async with own.turn(0) as probe:
            if probe:
                probes.append(clock.now)
                await _yield()
            if len(probes) < 5:
                own.failed("down", None, probe=probe)
            else:
                own.answered()

    async def main():
        own = pace()
        for _ in range(DOWN_AFTER):
            await one(own)
        assert own.down == "down"
        await asyncio.gather(*(one(own) for _ in range(20)))
        assert own.down == ""

    asyncio.run(main())
    gaps = [later - earlier for earlier, later in itertools.pairwise(probes)]
    assert len(probes) == 5
    for gap, expected in zip(gaps, (1, 2, 4, 8), strict=True):
        assert 0.7 * expected <= gap <= 1.3 * expected + 0.1


@pytest.mark.parametrize(("answered_once", "patience"), [(True, 300), (False, 30)])
def test_a_model_that_stays_down_is_given_up(clock, answered_once, patience):
    async def main():
        own = pace()
        if answered_once:
            await call(own)
        begin = clock.now
        with pytest.raises(OutageError, match=r"s: connection refused$"):
            await fail_for_ever(own)
        return clock.now - begin

    async def fail_for_ever(own):
        while True:
            async with own.turn(0) as probe:
                own.failed("connection refused", None, probe=probe)

    assert patience <= asyncio.run(main()) <= patience + 40


def test_a_lone_caller_whose_waits_grow_is_not_kept_longer_than_an_outage_may_last(clock):
    async def main(retry_after, wait):
        own = pace(outage=10.0)
        for failures in itertools.count(1):
            async with own.turn(0) as probe:
                own.failed("connection refused", retry_after, probe=probe)
            await clock.sleep(wait * 2**failures)
        return

    for retry_after in (None, 0.0):
        begin = clock.now
        with pytest.raises(OutageError, match=r"no answer for 1[0-9] s: connection refused"):
            asyncio.run(main(retry_after, 0.25))
        assert clock.now - begin < 20


def test_a_model_that_says_how_long_to_wait_is_not_given_up_so_soon(clock):
    own = pace(outage=10.0)
    for _ in range(DOWN_AFTER - 1):
        assert not own.failed("busy", 5.0, probe=False)
        clock.now += 5


def test_whoever_waits_is_told_when_the_run_is_stopped(clock):
    class StoppedError(Exception):
        pass

    def check():
        if clock.now > 1_003:
            raise StoppedError

    async def main():
        own = pace(check=check)
        own.failed("busy", 30.0, probe=False)
        with pytest.raises(StoppedError):
            await call(own)

    asyncio.run(main())
    assert clock.now < 1_005


def test_a_probe_that_is_cancelled_lets_the_next_one_out(clock):
    async def main():
        own = pace()
        for _ in range(DOWN_AFTER):
            own.failed("down", None, probe=False)
        with contextlib.suppress(asyncio.CancelledError):
            async with own.turn(0) as probe:
                assert probe
                raise asyncio.CancelledError
        assert await call(own)

    asyncio.run(main())
