"""Blocking calls in threads, awaited from an event loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Threads"]

T = TypeVar("T")


class Threads:
    """Runs blocking calls, at most so many at a time.

    A call that nobody awaits any more keeps its place until it ends by itself. The threads are
    daemons, so that such a call does not keep the process from ending; those of
    `concurrent.futures` would.
    """

    def __init__(self, size: int) -> None:
        self._places = asyncio.Semaphore(size)

    async def run(self, call: Callable[[], T]) -> T:
        """What `call` returns or raises."""
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        Thread(target=self._work, args=(call, loop, answer), daemon=True).start()
        return await answer

    def _work(
        self,
        call: Callable[[], T],
        loop: asyncio.AbstractEventLoop,
        answer: asyncio.Future[T],
    ) -> None:
        settle: Callable[[], None]
        try:
            settle = partial(answer.set_result, call())
        except BaseException as error:  # who awaits the answer must not wait for ever
            settle = partial(answer.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed: nobody awaits anything
            loop.call_soon_threadsafe(self._finish, answer, settle)

    def _finish(self, answer: asyncio.Future[T], settle: Callable[[], None]) -> None:
        self._places.release()
        if not answer.done():
            settle()
