"""A circuit breaker: an upstream that only fails is left alone, and tried again by one request."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evalcore_metallm.serving.settings import BreakerSettings

__all__ = ["Breaker", "UpstreamError"]


class UpstreamError(Exception):
    """An upstream failed in a way that another may not; the text says how, and nothing secret.

    Attributes:
        wait: seconds after which it wants to be asked again, if it told.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Breaker:
    """Whether an upstream may be asked now.

    Args:
        settings: when it may not.
        clock: seconds that never go back.
    """

    def __init__(
        self, settings: BreakerSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._clock = settings, clock
        self._failures = self._pauses = 0
        self._until = 0.0
        self._probing = False

    @property
    def ready(self) -> bool:
        """Whether it may: no pause lasts, and if it failed last, nobody is trying it."""
        return self.wait == 0.0 and not (self._tripped and self._probing)

    @property
    def wait(self) -> float:
        """Seconds until the pause ends."""
        return max(0.0, self._until - self._clock())

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Until its answer is there or begins; an `UpstreamError` is a failure."""
        probe = self._tripped
        self._probing |= probe
        try:
            yield
        except UpstreamError as error:
            self.failed(error.wait)
            raise
        finally:
            if probe:
                self._probing = False

    def succeeded(self) -> None:
        """Note a whole answer."""
        self._failures = self._pauses = 0

    def failed(self, wait: float | None = None) -> None:
        """Note a failure, and that it wants to be left alone for so many seconds."""
        self._failures += 1
        longest = self._settings.longest_pause_seconds
        pause = 0.0 if wait is None else min(wait, longest)
        if self._tripped and not self.wait:  # requests that were out together are one failure
            doubled = self._settings.pause_seconds * 2.0 ** min(self._pauses, 60)
            pause = max(pause, min(doubled, longest))
            self._pauses += 1
        self._until = max(self._until, self._clock() + pause)

    @property
    def _tripped(self) -> bool:
        return self._failures >= self._settings.failures
