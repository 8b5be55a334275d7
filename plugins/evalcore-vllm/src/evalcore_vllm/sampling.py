"""How an answer is sampled: the request's word first, then the settings', then the model's own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from evalcore_vllm.settings import MAX_TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalcore.data import Request
    from evalcore_vllm.settings import VllmSettings

__all__ = ["Sampling", "not_followed", "one_each", "resolve"]

_NEUTRAL = {
    "bad_words_ids": None,
    "forced_eos_token_id": None,
    "min_p": 0.0,
    "no_repeat_ngram_size": 0,
    "num_beams": 1,
    "repetition_penalty": 1.0,
    "suppress_tokens": None,
    "typical_p": 1.0,
}
"""Fields of generation configs that are not followed, with the values at which they do nothing."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one answer is sampled, nothing left open.

    Attributes:
        temperature: 0 takes the likeliest token.
        top_p: nucleus mass.
        top_k: likeliest tokens that are sampled from; 0 for all.
        max_tokens: length limit of the answer.
        stop: texts that end the answer.
        seed: of this answer.
        logprobs: whether the tokens are wanted with their log-probabilities.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    max_tokens: int = MAX_TOKENS
    stop: tuple[str, ...] = ()
    seed: int = 0
    logprobs: bool = False

    def within(self, room: int) -> Sampling:
        """The same with an answer of `room` tokens at most."""
        return replace(self, max_tokens=min(room, self.max_tokens))


def resolve(request: Request, settings: VllmSettings, config: Mapping[str, Any]) -> Sampling:
    """How the first answer to a request is sampled.

    Args:
        request: what is asked.
        settings: for what the request leaves open.
        config: the model's generation config, for what both leave open.
    """
    own = config if config.get("do_sample") else {"temperature": 0.0}
    return Sampling(
        temperature=_first(request.temperature, settings.temperature, own.get("temperature"), 1.0),
        top_p=_first(request.top_p, settings.top_p, own.get("top_p"), 1.0),
        top_k=_first(own.get("top_k"), 0),
        max_tokens=_first(request.max_tokens, settings.max_tokens, MAX_TOKENS),
        stop=tuple(dict.fromkeys((*request.stop, *settings.stop))),
        seed=request.seed,
        logprobs=request.logprobs,
    )


def not_followed(config: Mapping[str, Any]) -> list[str]:
    """What a generation config asks for in vain, in words."""
    asked = {name: config.get(name) for name in _NEUTRAL}
    return [
        f"{name}={value}"
        for name, value in asked.items()
        if value is not None and value != _NEUTRAL[name]
    ]


def one_each(sampling: Sampling, n: int) -> list[Sampling]:
    """The samplings of `n` answers, each with a seed of its own; the first keeps the request's."""
    return [replace(sampling, seed=_derived(sampling.seed, number)) for number in range(n)]


def _derived(seed: int, number: int) -> int:
    if number == 0:
        return seed
    digest = hashlib.sha256(f"{seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def _first(*values: T | None) -> T:
    """The first value that is set."""
    return next(value for value in values if value is not None)
