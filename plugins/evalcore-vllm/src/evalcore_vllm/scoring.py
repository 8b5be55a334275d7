"""How likely a text is, put together from what the engine says of each of its tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from evalcore.data import Likelihood
from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Scored", "Window", "add_up", "windows"]


class Scored(NamedTuple):
    """What the engine says of a token that it read."""

    logprob: float
    greedy: bool


class Window(NamedTuple):
    """Ids that are read at a time, of which the likelihoods of the last `scored` count."""

    ids: list[int]
    scored: int


def windows(context: list[int], text: list[int], limit: int, *, rolling: bool) -> list[Window]:
    """What has to be read so that every token of a text is scored once.

    Args:
        context: ids before the text, one at least.
        text: ids that are scored.
        limit: ids that can be read at a time, two at least.
        rolling: whether a text that is too long goes through in windows. Each but the last begins
            with the token before it; the last is as long as it can be.

    Raises:
        EvalcoreError: if context and text are too long for one window and `rolling` is false.
    """
    whole = context + text
    if len(whole) <= limit:
        return [Window(whole, len(text))] if text else []
    if not rolling:
        raise EvalcoreError(
            f"the context has {len(context)} tokens and the text after it {len(text)}; the model "
            f"reads at most {limit} together"
        )
    found = []
    done = len(context)
    while done < len(whole):
        end = min(done + limit - 1, len(whole))
        found.append(Window(whole[max(0, end - limit) : end], end - done))
        done = end
    return found


def add_up(parts: Sequence[tuple[Window, list[Scored]]]) -> Likelihood:
    """The likelihood of a text from its windows, each with what is said of its tokens."""
    scored = [token for window, tokens in parts for token in tokens[len(tokens) - window.scored :]]
    return Likelihood(
        logprob=sum(token.logprob for token in scored),
        greedy=all(token.greedy for token in scored),
        prompt_tokens=sum(len(window.ids) for window, _ in parts),
        tokens=len(scored),
    )
