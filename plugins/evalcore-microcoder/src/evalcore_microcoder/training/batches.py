"""Batches of examples of about the same length, so that little is padding."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from random import Random

    from evalcore_microcoder.training.dialogue import Example

__all__ = ["Batch", "batches"]


class Batch(NamedTuple):
    """Examples as tensors of shape (rows, tokens), padded on their right.

    Attributes:
        ids: the tokens.
        targets: after which tokens one is learned, as booleans; the next one is what is learned.
    """

    ids: torch.Tensor
    targets: torch.Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on a device."""
        return Batch(self.ids.to(device), self.targets.to(device))


def batches(examples: Iterable[Example], tokens: int, rng: Random) -> list[Batch]:
    """All examples, in batches of at most so many tokens, shuffled.

    An example that is longer than that is a batch of its own.
    """
    ordered = sorted(examples, key=lambda example: len(example.ids))
    found = [_batch(rows) for rows in _cut(ordered, tokens)]
    rng.shuffle(found)
    return found


def _cut(ordered: Sequence[Example], tokens: int) -> Iterator[list[Example]]:
    """Neighbours in groups; the last of a group is its longest."""
    rows: list[Example] = []
    for example in ordered:
        if rows and len(example.ids) * (len(rows) + 1) > tokens:
            yield rows
            rows = []
        rows.append(example)
    if rows:
        yield rows


def _batch(rows: Sequence[Example]) -> Batch:
    shape = (len(rows), len(rows[-1].ids))
    ids = torch.zeros(shape, dtype=torch.long)
    targets = torch.zeros(shape, dtype=torch.bool)
    for row, example in enumerate(rows):
        end = len(example.ids)
        ids[row, :end] = torch.tensor(example.ids)
        targets[row, : end - 1] = torch.tensor(example.learned[1:])
    return Batch(ids, targets)
