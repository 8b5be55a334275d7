from __future__ import annotations

import pytest

from evalcore_metallm.serving.breaker import Breaker, UpstreamError
from evalcore_metallm.serving.settings import BreakerSettings


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    settings = BreakerSettings(failures=3, pause_seconds=10, longest_pause_seconds=35)
    return Breaker(settings, clock)


def fail(breaker: Breaker, wait: float | None = None) -> None:
    with pytest.raises(UpstreamError), breaker.asking():
        raise UpstreamError("status 500", wait)


def succeed(breaker: Breaker) -> None:
    with breaker.asking():
        pass
    breaker.succeeded()


def test_failures_in_a_row_start_a_pause_and_others_do_not(breaker, clock):
    for _ in range(2):
        fail(breaker)
        fail(breaker)
        succeed(breaker)
        assert breaker.ready
    for _ in range(3):
        assert breaker.ready
        fail(breaker)
    assert not breaker.ready
    assert breaker.wait == 10


def test_pauses_double_up_to_the_longest(breaker, clock):
    for _ in range(3):
        fail(breaker)
    for pause in (10, 20, 35, 35):
        assert breaker.wait == pause
        clock.now += pause
        assert breaker.ready
        fail(breaker)
    clock.now += 35
    succeed(breaker)
    fail(breaker)
    assert breaker.ready


def test_one_request_tries_it_after_a_pause(breaker, clock):
    for _ in range(3):
        fail(breaker)
    clock.now += 10
    with breaker.asking():
        assert not breaker.ready
    assert breaker.ready


def test_a_try_that_is_given_up_leaves_room_for_another(breaker, clock):
    for _ in range(3):
        fail(breaker)
    clock.now += 10
    with pytest.raises(KeyboardInterrupt), breaker.asking():
        raise KeyboardInterrupt
    assert breaker.ready


def test_requests_that_were_out_together_are_one_failure(breaker, clock):
    for _ in range(100):
        fail(breaker)
    assert breaker.wait == 10


def test_a_wait_that_is_asked_for_is_kept_within_the_longest(breaker, clock):
    fail(breaker, 5)
    assert breaker.wait == 5
    fail(breaker, 1e9)
    assert breaker.wait == 35
