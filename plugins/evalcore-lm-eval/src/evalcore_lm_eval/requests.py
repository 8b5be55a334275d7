"""The requests of a document, as a strategy sees them: light, immutable, without the document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalcore.data import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lm_eval.api.instance import Instance

__all__ = [
    "Completion",
    "Likeliness",
    "Prompt",
    "Request",
    "Requests",
    "WholeText",
    "WholeTextLikeliness",
    "completion",
    "from_instance",
]

Prompt = str | tuple[Message, ...]
"""What stands before an answer: a text as it is, or a dialogue for the model's chat template."""

_LENGTHS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
"""The names that lm-eval knows for the length limit, the one that counts first."""
_DEFAULT_LENGTH = 256
_OF_SAMPLING = frozenset({"top_k", "min_p", "typical_p", "temperature", "top_p"})
"""Arguments that say nothing where the likeliest token is taken."""
_NEUTRAL = {"use_cache": (True, False), "num_beams": (1,), "repetition_penalty": (1.0,)}
"""Arguments that a request has no place for, with the values at which they change nothing."""


class WholeText(str):
    """The empty context of a text that is scored whole, as perplexity tasks do.

    To any model it is `""`. The model `lm-eval` tells it from the empty context of an answer, for
    lm-eval has two methods for the two, which differ where a tokenizer puts a token before texts.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Another one than that of `""`, so that a cache keeps the two apart."""
        return "WholeText('')"


@dataclass(frozen=True, slots=True)
class Completion:
    """A text is wanted that goes on from the prompt (`generate_until`)."""

    prompt: Prompt
    stop: tuple[str, ...]
    max_tokens: int
    temperature: float
    top_p: float | None


@dataclass(frozen=True, slots=True)
class Likeliness:
    """It is asked how likely a text is after the prompt (`loglikelihood`)."""

    prompt: Prompt
    text: str


@dataclass(frozen=True, slots=True)
class WholeTextLikeliness:
    """It is asked how likely a whole text is (`loglikelihood_rolling`)."""

    text: str


Request = Completion | Likeliness | WholeTextLikeliness


@dataclass(frozen=True, slots=True)
class Requests:
    """All requests of one document.

    Attributes:
        requests: in the order in which the task wants their responses.
        repeats: responses wanted to each.
    """

    requests: tuple[Request, ...]
    repeats: int = 1


def from_instance(instance: Instance) -> Request:
    """The request that an lm-eval instance makes.

    Raises:
        ValueError: if it asks for what a request of evalcore has no place for.
    """
    match instance.request_type, instance.args:
        case "generate_until", (prompt, arguments):
            return completion(prompt, arguments)
        case "loglikelihood", (prompt, text):
            return Likeliness(prompt, text)
        case "loglikelihood_rolling", (text,):
            return WholeTextLikeliness(text)
    raise ValueError(
        f"a request of type {instance.request_type!r} with {len(instance.args)} arguments, "
        "expected a text, or a prompt and what is to follow it"
    )


def completion(prompt: Prompt, arguments: Mapping[str, Any]) -> Completion:
    """A completion with the meaning that lm-eval gives to generation arguments.

    Nothing is sampled unless a temperature above 0 is named and `do_sample` is not false.

    Raises:
        ValueError: if an argument has no place in a request and would change the answer.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    lengths = [given.pop(name) for name in _LENGTHS if name in given]
    sample = given.pop("do_sample", True)
    temperature = float(given.pop("temperature", 0.0)) if sample else 0.0
    until = given.pop("until", ())
    top_p = given.pop("top_p", None) if temperature else None
    _refuse_foreign(given, sampling=temperature > 0)
    return Completion(
        prompt,
        tuple(text for text in _as_texts(until) if text),
        int(lengths[0]) if lengths else _DEFAULT_LENGTH,
        temperature,
        None if top_p is None else float(top_p),
    )


def _as_texts(until: str | Sequence[str]) -> Sequence[str]:
    return (until,) if isinstance(until, str) else until


def _refuse_foreign(arguments: Mapping[str, Any], *, sampling: bool) -> None:
    for name, value in arguments.items():
        if not sampling and name in _OF_SAMPLING:
            continue
        if value not in _NEUTRAL.get(name, ()):
            raise ValueError(
                f"the generation argument {name}={value!r} has no place in a request of evalcore; "
                f"set it at the model if it can, and take it away with "
                f"`generation_kwargs: {{{name}: null}}`"
            )
