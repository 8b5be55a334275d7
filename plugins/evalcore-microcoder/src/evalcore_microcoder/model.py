"""The model `microcoder`: one of the sizes that ship in this package, run by transformers."""

from __future__ import annotations

from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from evalcore.model import LanguageModel
from evalcore.prices import read_prices
from evalcore_microcoder.settings import MicrocoderSettings
from evalcore_transformers.model import Transformers
from evalcore_transformers.settings import TransformersSettings

if TYPE_CHECKING:
    from evalcore.data import Continuation, Generation, Likelihood, Request
    from evalcore.prices import Price

__all__ = ["Microcoder"]

_WEIGHTS = Path(__file__).with_name("weights")


class Microcoder(LanguageModel[MicrocoderSettings]):
    """A language model that writes tiny programs, on the CPU and in float32."""

    async def open(self) -> None:
        """Read all of the model but its weights, which come with the first request.

        Raises:
            EvalcoreError: if the package has lost its weights.
        """
        await self._model.open()

    async def close(self) -> None:
        """Free the memory."""
        await self._model.close()

    async def generate(self, request: Request) -> Generation:
        """Answer a request, in a batch with others that are there.

        Raises:
            EvalcoreError: if the prompt is longer than the model's context.
        """
        return await self._model.generate(request)

    async def loglikelihood(self, request: Continuation) -> Likelihood:
        """Say how likely a text is, under the model's own distribution.

        Raises:
            EvalcoreError: if text and context are longer than the model's context.
        """
        return await self._model.loglikelihood(request)

    def count_tokens(self, text: str) -> int | None:
        """By the model's own tokenizer."""
        return self._model.count_tokens(text)

    def identity(self) -> str:
        """A digest of weights, tokenizer and chat template."""
        return self._model.identity()

    def price(self) -> Price | None:
        """The made-up price of the size in `prices.toml`."""
        with as_file(files("evalcore_microcoder") / "prices.toml") as path:
            return read_prices(path)[self.settings.size]

    @cached_property
    def _model(self) -> Transformers:
        chosen = self.settings.model_dump(exclude={"size"})
        # One device and one type of numbers, so that answers are the same wherever torch is.
        where = {"device": "cpu", "dtype": "float32", "threads": 1}
        weights = str(_WEIGHTS / self.settings.size)
        return Transformers(TransformersSettings(model=weights, **chosen, **where))
