"""The model `openai`: whatever stands behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from evalcore.data import Generation, Likelihood
from evalcore.errors import EvalcoreError
from evalcore.model import LanguageModel
from evalcore_openai.answers import read_chat, read_completions
from evalcore_openai.bodies import chat_body, completion_body, echo_body, stop_texts
from evalcore_openai.connection import Connection
from evalcore_openai.echoes import read_echo
from evalcore_openai.errors import EndpointError, FilteredError
from evalcore_openai.settings import OpenAISettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evalcore.data import Continuation, Request

__all__ = ["OpenAI"]

_log = logging.getLogger(__name__)


class OpenAI(LanguageModel[OpenAISettings]):
    """Asks an endpoint that speaks OpenAI's protocol."""

    seconds: ClassVar[float | None] = 600.0

    def __init__(self, settings: OpenAISettings) -> None:
        super().__init__(settings)
        self._connection = Connection(settings)
        self._told = False

    def preflight(self) -> None:
        """Look for the key; whether the endpoint answers and takes it is not asked.

        Raises:
            EvalcoreError: if the endpoint needs a key and there is none, or none that can be sent.
        """
        self._connection.check()

    async def open(self) -> None:
        """Make ready to connect; no request is sent.

        Raises:
            EvalcoreError: as of `preflight`.
        """
        await self._connection.open()

    async def close(self) -> None:
        """Close every connection."""
        await self._connection.close()

    def identity(self) -> str:
        """The model and the address of its endpoint."""
        return f"{self.settings.model} at {self.settings.base_url}"

    def secrets(self) -> Iterable[str]:
        """The key, and what further headers say."""
        return self._connection.secrets

    async def generate(self, request: Request) -> Generation:
        """Answer by the chat endpoint, or by plain completions where the contents are continued.

        Raises:
            TransientError: if the same request may succeed later.
            EndpointError: if the endpoint refuses the request, or its answer cannot be used.
        """
        plain = request.raw or self.settings.chat is False
        path = "/completions" if plain else "/chat/completions"
        body = (completion_body if plain else chat_body)(self.settings, request)
        read = partial(
            read_completions if plain else read_chat,
            stop=stop_texts(self.settings, request),
            logprobs=request.logprobs,
        )
        try:
            answer = await self._connection.ask(path, body, read)
        except FilteredError:
            refusal = Generation("", "refusal")
            return replace(refusal, others=(refusal,) * (request.n - 1))
        given = 1 + len(answer.others)
        if given != request.n:
            raise EndpointError(f"found {given} answers where {request.n} were asked for (`n`)")
        if not answer.prompt_tokens:
            self._tell_uncounted()
        return answer

    async def loglikelihood(self, request: Continuation) -> Likelihood:
        """Score a text by an endpoint that echoes prompts with their log-probabilities.

        Raises:
            EvalcoreError: if the context is a dialogue: the endpoint keeps its template to itself.
            TransientError: if the same request may succeed later.
            EndpointError: if the endpoint refuses the request, or does not echo.
        """
        if not isinstance(request.context, str):
            raise EvalcoreError(
                "an endpoint scores a text after a text, not after a dialogue, for its chat "
                "template stays with it; give the context as a text, or serve the model in process"
            )
        if not request.text:
            return Likelihood(0.0, greedy=True)
        body = echo_body(self.settings, request.context + request.text)
        read = partial(read_echo, text=request.text)
        return await self._connection.ask("/completions", body, read)

    def _tell_uncounted(self) -> None:
        if not self._told:
            self._told = True
            _log.warning("%s counts no tokens: they are recorded as none", self.identity())
