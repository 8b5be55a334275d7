"""An open model that tests ask from outside its event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from evalcore.data import Continuation, Generation, Likelihood, Message, Request
from evalcore_transformers.model import Transformers
from evalcore_transformers.settings import TransformersSettings


def said(text: str, **arguments: object) -> Request:
    """A request with one message of the user."""
    return Request((Message("user", text),), **arguments)


def raw(text: str, **arguments: object) -> Request:
    """A request for what comes after a text."""
    return said(text, raw=True, **arguments)


class Opened:
    """A model with an event loop of its own."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.model = Transformers(TransformersSettings(model=str(folder), **settings))
        self._runner = asyncio.Runner()
        try:
            self.run(self.model.open())
        except BaseException:
            self.close()
            raise

    def run(self, coroutine):
        return self._runner.run(coroutine)

    def ask(self, *requests: Request) -> list[Generation]:
        """Ask all at a time."""
        return self._all(self.model.generate(request) for request in requests)

    def score(self, *requests: Continuation) -> list[Likelihood]:
        """Score all at a time."""
        return self._all(self.model.loglikelihood(request) for request in requests)

    def ask_in_waves(self, requests: Sequence[Request], waits: Iterable[int]) -> list[Generation]:
        """Ask one after the other, each after some turns of the event loop."""

        async def asked() -> list[Generation]:
            tasks = []
            for request, wait in zip(requests, waits, strict=True):
                for _ in range(wait):
                    await asyncio.sleep(0.0005)
                tasks.append(asyncio.create_task(self.model.generate(request)))
            return list(await asyncio.gather(*tasks))

        return self.run(asked())

    def close(self) -> None:
        self.run(self.model.close())
        self._runner.close()

    def _all(self, coroutines):
        async def gathered():
            return list(await asyncio.gather(*coroutines))

        return self.run(gathered())
