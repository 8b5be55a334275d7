"""Many answers at a time: rows join and leave the batch between its steps."""

from __future__ import annotations

import logging
from itertools import groupby
from typing import TYPE_CHECKING

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer

from evalcore_transformers.forward import ROWS, forward, groups, padded
from evalcore_transformers.sampling import choose
from evalcore_transformers.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from transformers import PreTrainedModel

    from evalcore_transformers.answers import Answer

__all__ = ["Batch", "can_batch"]

_LOG = logging.getLogger(__name__)

_TOKENS = 16384
"""Tokens of prompts, padding included, that are read at a time at most, where there are several."""

_BY_LENGTH = frozenset({"dynamic", "longrope"})
"""Position embeddings that change for all rows with the longest of them."""


class Batch:
    """The rows of a model that are being decoded.

    Args:
        model: one that `can_batch`.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._slots = Slots(model)
        self.rows: list[Answer] = []

    def join(self, newcomers: Sequence[Answer]) -> None:
        """Let rows join: their prompts are read but for the last token, equal ones once."""
        ordered = sorted(newcomers, key=lambda row: (len(row.prompt), row.prompt))
        unique = [list(rows) for _, rows in groupby(ordered, key=lambda row: row.prompt)]
        self._slots.expect(len(self.rows) + len(newcomers))
        for group in self._groups(unique):
            cache = _read(self._model, [rows[0].prompt[:-1] for rows in group])
            for number, rows in enumerate(group):
                for row in rows:
                    self._slots.fill(len(self.rows), cache, number, len(row.prompt) - 1)
                    self.rows.append(row)

    def step(self) -> list[Answer]:
        """Give each row its next token; those that it ended leave and are returned."""
        rows = self.rows
        idle = [0] * (-len(rows) % ROWS)
        tokens = [(row.ids or row.prompt)[-1] for row in rows] + idle
        places = [_length(row) for row in rows] + idle
        arrangement = self._slots.arrange(places)
        ids = torch.tensor(tokens, device=self._model.device).unsqueeze(-1)
        logits = forward(self._model, ids, **arrangement)[: len(rows), -1]
        chosen = choose(logits, [row.sampling for row in rows], [len(row.ids) for row in rows])
        self._note_logprobs(logits, chosen)
        for row, token in zip(rows, chosen.tolist(), strict=True):
            row.add(token)
        ended = [row for row in rows if row.reason]
        if ended:
            self.leave(ended)
        return ended

    def leave(self, rows: Sequence[Answer]) -> None:
        """Take rows out of the batch; the last ones move into their slots."""
        leaving = set(map(id, rows))
        for slot in reversed(range(len(self.rows))):
            if id(self.rows[slot]) in leaving:
                last = self.rows.pop()
                if slot < len(self.rows):
                    self._slots.move(len(self.rows), slot, _length(last))
                    self.rows[slot] = last
        if not self.rows:
            self._slots = Slots(self._model)

    def _groups(self, prompts: Sequence[list[Answer]]) -> Iterator[list[list[Answer]]]:
        """Which prompts, each with its rows, are read together."""
        return groups(
            prompts,
            lambda rows: len(rows[0].prompt) - 1,
            self._model.device,
            rows=len(prompts),
            tokens=_TOKENS,
        )

    def _note_logprobs(self, logits: torch.Tensor, chosen: torch.Tensor) -> None:
        """Keep what the model itself, whatever the sampling, says of the chosen tokens."""
        asking = [i for i, row in enumerate(self.rows) if row.logprobs]
        if asking:
            places = torch.tensor(asking, device=logits.device)
            scores = logits[places].float().log_softmax(-1)
            found = scores.gather(-1, chosen[places].unsqueeze(-1)).squeeze(-1).tolist()
            for i, score in zip(asking, found, strict=True):
                self.rows[i].scores.append(score)


def can_batch(model: PreTrainedModel) -> bool:
    """Whether rows of any lengths may share this model's steps.

    They may where every layer keeps the keys and values of all tokens and a position means the same
    whatever the other rows are: not with sliding windows and recurrent states. The last word has a
    trial with two rows.
    """
    config = model.config.get_text_config(decoder=True)
    rope = getattr(config, "rope_parameters", None) or {}
    plain = all(type(layer) is DynamicLayer for layer in DynamicCache(config=config).layers)
    if plain and rope.get("rope_type") not in _BY_LENGTH:
        try:
            return _rows_agree(model)
        except Exception:
            _LOG.debug("the trial of a batch failed", exc_info=True)
    return False


def _rows_agree(model: PreTrainedModel) -> bool:
    """Whether two rows of different lengths are answered in a batch as each is alone."""
    prompts = [list(range(3, 10)), list(range(6, 9))]
    alone = [model(torch.tensor([ids], device=model.device)).logits[0, -1] for ids in prompts]
    slots = Slots(model)
    for slot, ids in enumerate(prompts):
        slots.fill(slot, _read(model, [ids[:-1]]), 0, len(ids) - 1)
    last = torch.tensor([[ids[-1]] for ids in prompts], device=model.device)
    arrangement = slots.arrange([len(ids) - 1 for ids in prompts])
    together = forward(model, last, **arrangement)[:, -1]
    return all(
        bool((one - other).abs().max() < 0.05 * (one.max() - one.min()))
        for one, other in zip(alone, together, strict=True)
    )


def _read(model: PreTrainedModel, prompts: Sequence[Sequence[int]]) -> DynamicCache:
    """The keys and values of prompts, which may be empty if all are."""
    cache = DynamicCache()
    if any(prompts):
        ids = padded(prompts, model.device)
        forward(model, ids, past_key_values=cache, use_cache=True)
    return cache


def _length(row: Answer) -> int:
    """Tokens of a row that its slot holds."""
    return len(row.prompt) + len(row.ids) - 1
