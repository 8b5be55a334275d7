"""How likely a text is, read from a prompt that the endpoint gives back with its tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalcore.data import Likelihood
from evalcore_openai.answers import counted
from evalcore_openai.errors import EndpointError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["read_echo"]


def read_echo(answer: dict[str, Any], text: str) -> Likelihood:
    """How likely `text` is at the end of the prompt that is echoed.

    Its tokens are all that hold one of its characters: a token that begins before the text and
    ends in it is one of them, as the endpoint scored the prompt as a whole.

    Raises:
        ShapeError: if the object is not of the expected shape.
        EndpointError: if the endpoint does not echo, or does not say what is needed.
    """
    try:
        return _read(answer, text)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise ShapeError("expected an echo whose `choices` hold its tokens' likelihoods") from None


def _read(answer: dict[str, Any], text: str) -> Likelihood:
    found = answer["choices"][0].get("logprobs") or {}
    tokens, tops = found.get("tokens") or [], found.get("top_logprobs") or []
    counts = counted(answer)
    if counts is None:
        raise EndpointError(_CANNOT + "it counts no tokens")
    prompt_tokens, generated = counts
    end = len(tokens) - generated
    if end <= 0:
        raise EndpointError(_CANNOT + "it does not echo the prompt with log-probabilities")
    if not tops:
        raise EndpointError(_CANNOT + "it does not name the likeliest tokens (`top_logprobs`)")
    begin = _begin(tokens[:end], text)
    logprobs = found["token_logprobs"][begin:end]
    if None in logprobs:
        raise EndpointError(
            _CANNOT + "the first token of a prompt has no log-probability; put a context before it"
        )
    likeliest = [max(top.values()) for top in tops[begin:end]]
    greedy = all(own >= top for own, top in zip(logprobs, likeliest, strict=True))
    return Likelihood(float(sum(logprobs)), greedy, prompt_tokens, end - begin)


def _begin(tokens: Sequence[str], text: str) -> int:
    """Where the fewest last tokens begin that spell the text.

    Of a character that takes several tokens, the last spells it and those before are empty.
    """
    begin, length = len(tokens), 0
    while begin and length < len(text):
        begin -= 1
        length += len(tokens[begin])
    if not "".join(tokens[begin:]).endswith(text):
        raise EndpointError(_CANNOT + "the tokens that it echoes do not spell the text")
    while begin and not tokens[begin - 1]:
        begin -= 1
    return begin


_CANNOT = "the endpoint cannot tell how likely a given text is: "
