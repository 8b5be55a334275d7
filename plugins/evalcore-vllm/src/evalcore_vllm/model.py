"""The model `vllm`: what a model is asked for, by whichever way vLLM runs it."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from evalcore.errors import EvalcoreError
from evalcore.model import LanguageModel
from evalcore_vllm.environment import check_installed
from evalcore_vllm.sampling import one_each, resolve
from evalcore_vllm.scoring import add_up, windows
from evalcore_vllm.settings import VllmSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from evalcore.data import Continuation, Generation, Likelihood, Request
    from evalcore_vllm.checkpoint import Checkpoint
    from evalcore_vllm.sampling import Sampling
    from evalcore_vllm.scoring import Scored

__all__ = ["Vllm"]

T = TypeVar("T")


class Backend(Protocol):
    """A way to run the model: token ids in, answers out.

    Attributes:
        context: tokens of a prompt with its answer at most; known once it is open.
    """

    context: int

    async def open(self) -> None:
        """Load the weights."""

    async def close(self) -> None:
        """End vLLM's processes, whether it was opened or not."""

    async def complete(self, ids: list[int], sampling: Sampling) -> Generation:
        """Go on from a prompt that leaves room for one token at least."""
        ...

    async def score(self, ids: list[int]) -> list[Scored]:
        """Say of each token but the first how likely it is after those before it."""
        ...


class Vllm(LanguageModel[VllmSettings]):
    """Answers with vLLM: every request is the engine's at once, which batches as they come."""

    def __init__(self, settings: VllmSettings) -> None:
        super().__init__(settings)
        self._backend: Backend = _backend(settings)
        self._checkpoint: Checkpoint | None = None
        # The tokenizer is used from one thread, and so never blocks the loop nor itself.
        self._reader: ThreadPoolExecutor | None = None

    def preflight(self) -> None:
        """Look whether vLLM is installed; whether it runs here, it tells itself when it starts.

        Raises:
            PluginError: if it is not installed.
        """
        check_installed()

    async def open(self) -> None:
        """Read the tokenizer, then load the weights.

        Raises:
            EvalcoreError: if vLLM cannot run here, or not with these settings.
        """
        from evalcore_vllm.checkpoint import Checkpoint

        self._reader = ThreadPoolExecutor(1, "evalcore-vllm-tokenizer")
        try:
            self._checkpoint = await self._read(lambda: Checkpoint(self.settings))
            await self._backend.open()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End vLLM's processes."""
        await self._backend.close()
        if self._reader is not None:
            self._reader.shutdown(wait=False)

    def count_tokens(self, text: str) -> int | None:
        """By the model's tokenizer, once it is open."""
        return None if self._checkpoint is None else self._checkpoint.measure.count(text)

    def identity(self) -> str:
        """The weights and the version of vLLM."""
        assert self._checkpoint is not None, "the model is not open"
        return self._checkpoint.identity

    def secrets(self) -> Iterable[str]:
        """The server's key, and the hub's tokens in the environment."""
        hub = (os.environ.get(name) for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"))
        return tuple(key for key in (getattr(self._backend, "key", None), *hub) if key)

    async def generate(self, request: Request) -> Generation:
        """Answer one request.

        Raises:
            TransientError: if the same request may succeed later.
            EvalcoreError: if the prompt leaves no room for an answer, or vLLM refuses it.
        """
        checkpoint = self._opened()
        ids = await self._read(lambda: checkpoint.prompts.of(request))
        room = self._backend.context - len(ids)
        if room < 1:
            raise EvalcoreError(
                f"the prompt has {len(ids)} tokens and leaves no room for an answer: the model "
                f"reads and writes at most {self._backend.context}"
            )
        sampling = resolve(request, self.settings, checkpoint.generation_config).within(room)
        answers = await _all(
            [self._backend.complete(ids, each) for each in one_each(sampling, request.n)]
        )
        return _together([_trimmed(answer) for answer in answers])

    async def loglikelihood(self, request: Continuation) -> Likelihood:
        """Say how likely a text is after another.

        Raises:
            TransientError: if the same request may succeed later.
            EvalcoreError: if both together are too long, or vLLM refuses them.
        """
        checkpoint = self._opened()
        context, text = await self._read(lambda: checkpoint.prompts.split(request))
        limit = self._backend.context - 1  # vLLM wants room for an answer of one token
        parts = windows(context, text, limit, rolling=request.context == "")
        scored = await _all([self._backend.score(part.ids) for part in parts])
        return add_up(list(zip(parts, scored, strict=True)))

    def _opened(self) -> Checkpoint:
        assert self._checkpoint is not None, "the model is not open"
        return self._checkpoint

    async def _read(self, function: Callable[[], T]) -> T:
        assert self._reader is not None, "the model is not open"
        return await asyncio.get_running_loop().run_in_executor(self._reader, function)


def _backend(settings: VllmSettings) -> Backend:
    if settings.serve:
        from evalcore_vllm.server import Server

        return Server(settings)
    from evalcore_vllm.engine import Engine

    return Engine(settings)


def _together(answers: list[Generation]) -> Generation:
    """The first answer with the others in it, the prompt counted once."""
    total = sum(answer.completion_tokens for answer in answers)
    others = tuple(replace(answer, prompt_tokens=0, completion_tokens=0) for answer in answers[1:])
    return replace(answers[0], completion_tokens=total, others=others)


def _trimmed(answer: Generation) -> Generation:
    """The answer with the tokens of its text alone, without what ended it."""
    if answer.finish_reason != "stop":
        return answer
    kept, left = [], len(answer.text)
    for token in answer.tokens:
        if left <= 0 and token.text:
            break
        kept.append(token._replace(text=token.text[:left]))
        left -= len(token.text)
    return replace(answer, tokens=tuple(kept))


async def _all(calls: list[Coroutine[Any, Any, T]]) -> list[T]:
    """What they return, in order; where one fails, the others are given up."""
    if len(calls) == 1:
        return [await calls[0]]
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        raise
