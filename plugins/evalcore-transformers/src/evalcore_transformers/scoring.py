"""How likely given texts are: each of their tokens is scored once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from evalcore.data import Likelihood
from evalcore.errors import EvalcoreError
from evalcore_transformers.forward import forward, padded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel

__all__ = ["Score", "Window", "add_up", "score", "windows"]


class Window(NamedTuple):
    """Ids that are read at a time, the last one aside, of which the last `scored` are scored."""

    ids: tuple[int, ...]
    scored: int


class Score(NamedTuple):
    """How likely the scored ids of a window are: log-probability, and whether greedy gives them."""

    logprob: float
    greedy: bool


def windows(
    context: Sequence[int], text: Sequence[int], limit: int | None, *, rolling: bool
) -> list[Window]:
    """What has to be read so that every token of a text is scored once.

    Args:
        context: ids before the text, one at least.
        text: ids that are scored.
        limit: ids that can be read at a time; `None` where there is no limit.
        rolling: whether a text that is too long goes through in windows. Each begins with the last
            token of the one before; the last one begins as early as it can.

    Raises:
        EvalcoreError: if the ids are too many for one window and `rolling` is false.
    """
    whole = (*context, *text)
    if not text:
        return []
    if limit is None or len(whole) - 1 <= limit:
        return [Window(whole, len(text))]
    if not rolling:
        raise EvalcoreError(
            f"the context has {len(context)} tokens and the text after it {len(text)}, but the "
            f"model reads {limit} at most before the last: shorten the context"
        )
    found, done = [], len(context)
    while done < len(whole):
        end = min(done + limit, len(whole))
        found.append(Window(whole[max(0, end - limit - 1) : end], end - done))
        done = end
    return found


def score(model: PreTrainedModel, texts: Sequence[Sequence[Window]]) -> list[list[Score]]:
    """Score windows by one forward pass, under the model's own distribution.

    Args:
        model: that says how likely they are.
        texts: windows that differ in their last id at most stand together and are read once.

    Returns:
        The scores, in the same places.
    """
    read = [group[0].ids[:-1] for group in texts]
    ids = padded(read, model.device)
    ends = [len(row) - ids.shape[1] for row in read]  # columns of padding, negative
    keep = max(one.scored - end for group, end in zip(texts, ends, strict=True) for one in group)
    said = forward(model, ids, keep=keep).float().log_softmax(-1)
    return [
        [_score(said[row, keep + end - one.scored : keep + end], one) for one in group]
        for row, (group, end) in enumerate(zip(texts, ends, strict=True))
    ]


def add_up(parts: Sequence[tuple[Window, Score]]) -> Likelihood:
    """The likelihood of a text from its windows."""
    return Likelihood(
        logprob=sum(score.logprob for _, score in parts),
        greedy=all(score.greedy for _, score in parts),
        prompt_tokens=sum(len(window.ids) for window, _ in parts),
        tokens=sum(window.scored for window, _ in parts),
    )


def _score(said: torch.Tensor, window: Window) -> Score:
    """Args: said: log-probabilities of shape (scored ids, vocabulary)."""
    ids = torch.tensor(window.ids[-window.scored :], device=said.device)
    found = said.gather(-1, ids.unsqueeze(-1)).squeeze(-1)
    return Score(float(found.sum()), bool((said.argmax(-1) == ids).all()))
