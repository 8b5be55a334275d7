"""Keys and values of the rows of a batch, each row in a slot of its own.

A slot holds a row's tokens from column 0 on, wherever the other rows have got to: rows join and
leave without moving the others. What lies right of a row's last token is masked. Columns are read
in blocks, so that a row's sums come in the same order however long its neighbours are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel

__all__ = ["Slots"]

_BLOCK = 32


class Slots:
    """The cache of a batch.

    Args:
        model: whose layers all keep keys and values of every token.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._device = model.device
        self._layers = [_SlotLayer() for _ in DynamicCache(config=model.config).layers]
        self._cache = Cache(layers=list(self._layers))

    def expect(self, slots: int) -> None:
        """Make room for so many rows when the next one comes."""
        for layer in self._layers:
            layer.expected = slots

    def fill(self, slot: int, cache: DynamicCache, row: int, length: int) -> None:
        """Put the first tokens of a row of another cache into a slot."""
        if not length:
            return
        for layer, source in zip(self._layers, cache.layers, strict=True):
            layer.reserve(slot + 1, _blocks(length + 1), source.keys, source.values)
            layer.keys[slot, :, :length] = source.keys[row, :, :length]
            layer.values[slot, :, :length] = source.values[row, :, :length]

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first tokens of one slot into another."""
        for layer in self._layers:
            layer.keys[target, :, :length] = layer.keys[source, :, :length]
            layer.values[target, :, :length] = layer.values[source, :, :length]

    def arrange(self, positions: Sequence[int]) -> dict[str, Any]:
        """Get ready for one more token in each of the first slots.

        Args:
            positions: the column of each slot that the token goes to.

        Returns:
            The arguments of the model's forward pass by which its rows find their slots.
        """
        columns = _blocks(max(positions) + 1)
        places = torch.tensor(positions, device=self._device)
        rows = torch.arange(len(positions), device=self._device)
        for layer in self._layers:
            layer.rows, layer.places, layer.columns = rows, places, columns
        seen = torch.arange(columns, device=self._device) <= places.unsqueeze(-1)
        return {
            "attention_mask": seen.long(),
            "position_ids": places.unsqueeze(-1),
            "past_key_values": self._cache,
            "use_cache": True,
        }


class _SlotLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values of one layer, of shape (slots, heads, columns, size of a head)."""

    rows: torch.Tensor
    places: torch.Tensor
    columns: int
    expected: int = 0

    def reserve(self, slots: int, columns: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Have at least so many slots and columns, for tensors like these."""
        if not self.is_initialized:
            self.lazy_initialization(keys, values)
            self.keys, self.values = _empty(keys), _empty(values)
        slots = max(slots, self.expected)
        if self.keys.shape[0] < slots or self.keys.shape[2] < columns:
            self.keys = _grown(self.keys, slots, columns)
            self.values = _grown(self.values, slots, columns)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Take each row's token to its column, and give what the rows are to look at."""
        count = len(self.rows)
        self.reserve(count, self.columns, key_states, value_states)
        self.keys[self.rows, :, self.places] = key_states[:, :, 0]
        self.values[self.rows, :, self.places] = value_states[:, :, 0]
        return self.keys[:count, :, : self.columns], self.values[:count, :, : self.columns]

    def get_seq_length(self) -> int:
        """Columns before the one that is being added."""
        return self.columns - 1

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Columns that are looked at, and the first of them."""
        return self.columns, 0


def _blocks(columns: int) -> int:
    return -(-columns // _BLOCK) * _BLOCK


def _empty(like: torch.Tensor) -> torch.Tensor:
    return like.new_zeros((0, like.shape[1], 0, like.shape[3]))


def _grown(old: torch.Tensor, slots: int, columns: int) -> torch.Tensor:
    """A larger copy, by half at least in the direction in which it grows.

    It begins as zeros, for what is masked is still multiplied by nothing: not even that may be
    infinite.
    """
    have_slots, heads, have_columns, size = old.shape
    slots = have_slots if slots <= have_slots else max(slots, have_slots * 3 // 2)
    if columns <= have_columns:
        columns = have_columns
    else:
        columns = _blocks(max(columns, have_columns * 3 // 2))
    new = old.new_zeros((slots, heads, columns, size))
    new[:have_slots, :, :have_columns] = old
    return new
