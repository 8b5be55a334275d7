"""What an endpoint's answers say: the texts, why they ended, their tokens, what was counted."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from evalcore.data import Generation, Token
from evalcore_openai.errors import EndpointError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evalcore.data import FinishReason

__all__ = ["counted", "read_chat", "read_completions"]

_LENGTH = {"length", "max_output_tokens", "max_tokens", "model_length"}
_REFUSAL = {"content_filter", "refusal", "safety"}
_BROKEN = {"abort", "cancelled", "error"}
_TOOLS = {"function_call", "tool_calls", "tool_use"}


def read_chat(answer: dict[str, Any], stop: Sequence[str], *, logprobs: bool) -> Generation:
    """The answers of the chat endpoint, the first with the others in it.

    What a reasoning model thought (`reasoning`, `reasoning_content`) is no part of its answer.

    Args:
        answer: the endpoint's, as JSON.
        stop: the texts that end an answer.
        logprobs: whether the tokens are wanted.

    Raises:
        ShapeError: if the object is not of the expected shape.
        EndpointError: if the answer cannot be used.
    """
    return _together(answer, lambda choice: _chat_choice(choice, stop, logprobs=logprobs))


def read_completions(answer: dict[str, Any], stop: Sequence[str], *, logprobs: bool) -> Generation:
    """The answers of the endpoint for plain completions; as `read_chat`, and with its errors."""
    return _together(answer, lambda choice: _plain_choice(choice, stop, logprobs=logprobs))


def counted(answer: dict[str, Any]) -> tuple[int, int] | None:
    """The prompt's and the answers' tokens as the endpoint counts them; `None` if it does not."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens", 0)
    if not isinstance(prompt, int) or not isinstance(completion, int):
        return None
    return (prompt, completion) if min(prompt, completion) >= 0 else None


def _together(answer: dict[str, Any], read: Callable[[Any], Generation]) -> Generation:
    try:
        choices = sorted(answer["choices"], key=lambda choice: choice.get("index") or 0)
        first, *others = [read(choice) for choice in choices]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ShapeError("expected an answer whose `choices` hold its text") from None
    prompt, completion = counted(answer) or (0, 0)
    return replace(first, prompt_tokens=prompt, completion_tokens=completion, others=tuple(others))


def _chat_choice(choice: Any, stop: Sequence[str], *, logprobs: bool) -> Generation:
    message = choice["message"]
    text, refusal = _text(message.get("content")), _text(message.get("refusal"))
    if refusal:
        return Generation(text or refusal, "refusal")
    tokens: tuple[Token, ...] = ()
    if logprobs:
        items = (choice.get("logprobs") or {}).get("content") or ()
        tokens = tuple(Token(item["token"], float(item["logprob"])) for item in items)
        _check_tokens(text, tokens)
    return _ended(Generation(text, _reason(choice, text), tokens=tokens), stop)


def _plain_choice(choice: Any, stop: Sequence[str], *, logprobs: bool) -> Generation:
    text = _text(choice["text"])
    tokens: tuple[Token, ...] = ()
    if logprobs:
        found = choice.get("logprobs") or {}
        pairs = zip(found.get("tokens") or (), found.get("token_logprobs") or (), strict=True)
        tokens = tuple(Token(token, float(logprob)) for token, logprob in pairs)
        _check_tokens(text, tokens)
    return _ended(Generation(text, _reason(choice, text), tokens=tokens), stop)


def _check_tokens(text: str, tokens: tuple[Token, ...]) -> None:
    if text and not tokens:
        raise EndpointError("the endpoint gives no log-probabilities, which the strategy asks for")


def _ended(answer: Generation, stop: Sequence[str]) -> Generation:
    """The answer up to the first stop text, which some endpoints leave in it."""
    ends = [end for end in map(answer.text.find, stop) if end >= 0]
    if not ends:
        return answer
    begins = accumulate((len(token.text) for token in answer.tokens), initial=0)
    kept = [token for token, begin in zip(answer.tokens, begins, strict=False) if begin < min(ends)]
    return replace(answer, text=answer.text[: min(ends)], finish_reason="stop", tokens=tuple(kept))


def _reason(choice: Any, text: str) -> FinishReason:
    """Why the answer ended; a word that means nothing of what is told apart counts as `stop`."""
    word = str(choice.get("finish_reason") or "").lower()
    if word in _BROKEN:
        raise ShapeError(f"expected a whole answer, found one that ended with {word!r}")
    if word in _TOOLS and not text:
        raise EndpointError("the model calls a tool instead of answering: offer it no tools")
    if word in _LENGTH:
        return "length"
    return "refusal" if word in _REFUSAL else "stop"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError  # of another shape than it should be
    return value
