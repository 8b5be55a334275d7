"""Model `lm-eval`: any model that lm-eval knows."""

from __future__ import annotations

import json
import math
import os
import re
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from inspect import getattr_static
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from evalcore.data import Continuation, Generation, Likelihood, Message, Request
from evalcore.errors import EvalcoreError
from evalcore.model import LanguageModel
from evalcore.settings import Settings
from evalcore_lm_eval.bars import no_bars
from evalcore_lm_eval.batches import Worker
from evalcore_lm_eval.requests import WholeText

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lm_eval.api.model import LM

    from evalcore_lm_eval.batches import Kind

__all__ = ["LmEvalModel", "LmEvalModelSettings"]

_SECRET = re.compile("key|token$|secret|password|authorization", re.IGNORECASE)
_SECRET_VARIABLES = re.compile("_API_KEY$|^HF_TOKEN$|_API_SECRET_KEY$")


class LmEvalModelSettings(Settings):
    """Which model, and how it answers; what is not set here is left to lm-eval."""

    incidental: ClassVar[frozenset[str]] = frozenset({"batch_size"})

    model: str = Field(min_length=1)
    """Name of the model in lm-eval: hf, vllm, local-completions, openai-completions, ..."""
    model_args: dict[str, Any] = Field(default_factory=dict)
    """What lm-eval's `--model_args` takes, such as `pretrained`; paths start where it is run."""
    batch_size: int | str = 1
    """Requests that the model works on at a time, or `auto` where it can find that out."""
    device: str | None = None
    """Device such as `cpu` or `cuda:0`."""
    chat: bool | None = None
    """Whether dialogues go through the model's chat template; by default where it has one."""
    temperature: float | None = Field(default=None, ge=0)
    """Sampling temperature where the strategy names none; without both nothing is sampled."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Nucleus mass where the strategy names none."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Length limit of an answer in tokens where the strategy names none; lm-eval's is 256."""
    stop: tuple[str, ...] = ()
    """Texts that end an answer, beside those of the strategy."""


class LmEvalModel(LanguageModel[LmEvalModelSettings]):
    """Asks a model of lm-eval, in batches, on a thread of its own.

    lm-eval's interface takes no seed for a request, and returns neither the log-probabilities of
    an answer's tokens nor why it ended: every answer is said to have ended by itself, and what is
    sampled is another text in another run. Tokens are counted with the model's own tokenizer, and
    are 0 where it has none.
    """

    def __init__(self, settings: LmEvalModelSettings) -> None:
        super().__init__(settings)
        self._worker = Worker()
        self._facts = _Facts("", chat=False)

    def secrets(self) -> Iterable[str]:
        """What the arguments call a key or a token, and the keys in the environment."""
        yield from _secrets_in(self.settings.model_args)
        for name, value in os.environ.items():
            if _SECRET_VARIABLES.search(name) and value:
                yield value

    def identity(self) -> str:
        """The version of lm-eval, and what it knows of the weights."""
        return f"lm-eval {version('lm-eval')} {self._facts.weights}".rstrip()

    async def open(self) -> None:
        """Make lm-eval's model, which loads its weights.

        Raises:
            EvalcoreError: if lm-eval knows no such model, or cannot make it.
        """
        no_bars()
        self._facts = await self._worker.open(self._create, self._describe)

    async def close(self) -> None:
        """Let the model go."""
        await self._worker.close()

    async def generate(self, request: Request) -> Generation:
        """Answer with as many texts as are wanted.

        Raises:
            EvalcoreError: if the log-probabilities of tokens are wanted.
        """
        if request.logprobs:
            raise EvalcoreError("lm-eval's interface gives no log-probabilities of an answer")
        prompt = _Prompt(request.messages, templated=self._facts.chat and not request.raw)
        generation: Generation = await self._worker.do(
            _Completions(prompt, self._arguments(request), request.n)
        )
        return generation

    async def loglikelihood(self, request: Continuation) -> Likelihood:
        """Say how likely a text is; of one scored whole lm-eval does not tell whether greedy."""
        prompt = _Prompt(request.context, templated=self._facts.chat)
        likelihood: Likelihood = await self._worker.do(_Likeliness(prompt, request.text))
        return likelihood

    def _create(self) -> LM:
        from lm_eval.api.registry import get_model

        settings = self.settings
        options = {"batch_size": settings.batch_size, "device": settings.device}
        try:
            model = get_model(settings.model).create_from_arg_obj(
                dict(settings.model_args), options
            )
        except Exception as error:  # lm-eval's and its libraries' own code runs here
            raise EvalcoreError(
                f"lm-eval cannot make its model {settings.model!r}: {type(error).__name__}: {error}"
            ) from error
        return model

    def _describe(self, model: LM) -> _Facts:
        chat = _has_template(model) if self.settings.chat is None else self.settings.chat
        return _Facts(_weights(model), chat)

    def _arguments(self, request: Request) -> dict[str, Any]:
        """lm-eval's generation arguments; without a temperature it samples nothing."""
        settings = self.settings
        temperature = _first(request.temperature, settings.temperature, 0.0)
        top_p = _first(request.top_p, settings.top_p)
        arguments: dict[str, Any] = {
            "until": [*request.stop, *settings.stop],
            "do_sample": temperature > 0,
            "temperature": temperature,
        }
        max_tokens = _first(request.max_tokens, settings.max_tokens)
        if max_tokens is not None:
            arguments["max_gen_toks"] = max_tokens
        if top_p is not None and temperature > 0:
            arguments["top_p"] = top_p
        return arguments


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of the model once it is made: its weights, and whether dialogues suit it."""

    weights: str
    chat: bool


@dataclass(frozen=True, slots=True)
class _Prompt:
    """What stands before an answer, not yet in the form that lm-eval's model takes."""

    content: str | tuple[Message, ...]
    templated: bool

    def render(self, model: LM) -> Any:
        """A text, or what the model makes of a dialogue."""
        if isinstance(self.content, str):
            return self.content
        if not self.templated:
            return "\n\n".join(message.content for message in self.content)
        turns = [{"role": message.role, "content": message.content} for message in self.content]
        begun = self.content[-1].role == "assistant"
        return model.apply_chat_template(turns, add_generation_prompt=not begun)


@dataclass(frozen=True, slots=True)
class _Completions:
    """The job of answering a request; without sampling one answer stands for all."""

    prompt: _Prompt
    arguments: dict[str, Any]
    n: int

    def requests(self, model: LM) -> tuple[Kind, list[tuple[Any, ...]]]:
        """As many equal requests as there are to be different answers."""
        prompt = self.prompt.render(model)
        n = self.n if self.arguments["do_sample"] else 1
        return "generate_until", [(prompt, deepcopy(self.arguments)) for _ in range(n)]

    def result(self, model: LM, answers: Sequence[Any]) -> Generation:
        """The answers, with their tokens counted."""
        texts = [str(answer) for answer in answers] * (self.n // len(answers))
        asked = _tokens(model, self.prompt.render(model))
        first, *others = (Generation(text) for text in texts)
        completed = sum(_tokens(model, text) for text in texts)
        return replace(
            first, prompt_tokens=asked, completion_tokens=completed, others=tuple(others)
        )


@dataclass(frozen=True, slots=True)
class _Likeliness:
    """The job of saying how likely a text is."""

    prompt: _Prompt
    text: str

    def requests(self, model: LM) -> tuple[Kind, list[tuple[Any, ...]]]:
        """One request; a text that stands alone and is longer than the model goes in windows."""
        prompt = self.prompt.render(model)
        longest = getattr(model, "max_length", None) or math.inf
        alone = prompt == "" and _tokens(model, self.text) > longest
        if alone or isinstance(prompt, WholeText):
            return "loglikelihood_rolling", [(self.text,)]
        return "loglikelihood", [(prompt, self.text)]

    def result(self, model: LM, answers: Sequence[Any]) -> Likelihood:
        """The log-probability, with the tokens counted."""
        (answer,) = answers
        logprob, greedy = answer if isinstance(answer, tuple | list) else (answer, False)
        own = _tokens(model, self.text)
        before = _tokens(model, self.prompt.render(model))
        return Likelihood(float(logprob), bool(greedy), before + own, own)


def _has_template(model: LM) -> bool:
    """Whether dialogues go through the model's own template where the spec does not say."""
    from lm_eval.api.model import LM

    if isinstance(getattr_static(model, "tokenizer", None), cached_property):
        return False  # lm-eval's `dummy` would fetch one from the network
    tokenizer = getattr(model, "tokenizer", None)
    if tokenizer is not None and hasattr(tokenizer, "chat_template"):
        return bool(tokenizer.chat_template)
    return type(model).apply_chat_template is not LM.apply_chat_template


def _weights(model: LM) -> str:
    info = getattr(model, "get_model_info", None)
    return json.dumps(info(), sort_keys=True, default=str) if info else ""


def _tokens(model: LM, text: Any) -> int:
    """Tokens of a text; 0 where the model has no tokenizer, or the text went as a dialogue."""
    encode = getattr(model, "tok_encode", None)
    remote = getattr(model, "tokenizer_backend", None) == "remote"  # a call for each text
    if encode is None or remote or not isinstance(text, str) or not text:
        return 0
    tokens = encode(text, add_special_tokens=False)
    return len(tokens) if tokens and isinstance(tokens[0], int) else 0


def _first(*values: Any) -> Any:
    """The first value that is set."""
    return next((value for value in values if value is not None), None)


def _secrets_in(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _secrets_in(inner, str(key))
    elif isinstance(value, str) and value and _SECRET.search(name):
        yield value.removeprefix("Bearer ")
