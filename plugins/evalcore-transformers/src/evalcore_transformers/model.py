"""The model `transformers`."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, cast

from evalcore.errors import EvalcoreError
from evalcore.model import LanguageModel
from evalcore_transformers.presence import check_presence
from evalcore_transformers.settings import TransformersSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from evalcore.data import Continuation, Generation, Likelihood, Request
    from evalcore_transformers.worker import Worker

__all__ = ["Transformers"]


class Transformers(LanguageModel[TransformersSettings]):
    """A causal language model that transformers runs, in a thread of its own."""

    _worker: Worker | None = None
    _identity = ""
    _counter: Callable[[str], int] | None = None

    def preflight(self) -> None:
        """Look for the folder's parts and for the GPU; the hub is not asked.

        Raises:
            EvalcoreError: if there is no such folder, it lacks a part of a model, the name can be
                none on the hub, or there is no such GPU.
        """
        check_presence(self.settings)

    async def open(self) -> None:
        """Read all of the model but its weights, which come with the first request.

        Raises:
            EvalcoreError: if the model is not there, or cannot be computed with here.
        """
        # In a thread: importing torch takes seconds.
        self._worker = await asyncio.to_thread(_worker, self.settings)
        self._identity = await asyncio.wrap_future(self._worker.opened)

    async def close(self) -> None:
        """Free the memory."""
        worker, self._worker = self._worker, None
        if worker:
            await asyncio.to_thread(worker.close)

    async def generate(self, request: Request) -> Generation:
        """Answer a request, in a batch with others that are there.

        Raises:
            EvalcoreError: if the prompt is too long, the chat template refuses the dialogue, or
                the memory does not suffice.
        """
        return cast("Generation", await self._ask(request))

    async def loglikelihood(self, request: Continuation) -> Likelihood:
        """Say how likely a text is, under the model's own distribution.

        Raises:
            EvalcoreError: as for `generate`.
        """
        return cast("Likelihood", await self._ask(request))

    def count_tokens(self, text: str) -> int | None:
        """By the model's `tokenizer.json`, as soon as that is on this machine."""
        if self._counter is None:
            from evalcore_transformers.counting import counter

            self._counter = counter(self.settings)
        return None if self._counter is None else self._counter(text)

    def identity(self) -> str:
        """The hub's commit, or a digest of the model's folder, and the type of its numbers."""
        return self._identity

    def secrets(self) -> Iterable[str]:
        """The hub's tokens in the environment."""
        names = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
        return [value for name in names if (value := os.environ.get(name))]

    async def _ask(self, request: Request | Continuation) -> Generation | Likelihood:
        if self._worker is None:
            raise EvalcoreError("the model is not open")
        answer: Generation | Likelihood = await asyncio.wrap_future(self._worker.ask(request))
        return answer


def _worker(settings: TransformersSettings) -> Worker:
    from evalcore_transformers.worker import Worker

    return Worker(settings)
