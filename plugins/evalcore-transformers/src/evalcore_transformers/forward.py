"""Forward passes: which texts go through a model together, and how they are laid out."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from transformers import PreTrainedModel

__all__ = ["ROWS", "forward", "groups", "padded"]

T = TypeVar("T")

ROWS = 4
"""Products of matrices have a multiple of this number of rows, or many. For the rows that are left
when theirs are dealt out, libraries use other kernels, which sum in another order. Without such
rows, on the CPUs that we know, a row's result does not depend on the others."""

_MANY_ROWS = 12
"""From here on none are left: however many threads share the rows, each has enough."""


def groups(
    texts: Sequence[T], length: Callable[[T], int], device: torch.device, *, rows: int, tokens: int
) -> Iterator[list[T]]:
    """Which texts are read together.

    On a CPU those of the same length are, if they are not very short: else the others would cost a
    text padding and change the last bits of its numbers, and save nothing. A GPU has to be kept
    busy instead.

    Args:
        texts: in the order of their lengths, up or down.
        length: of a text, in tokens.
        device: of the model.
        rows: texts in a group at most.
        tokens: of a group at most, padding included, where it has more than one text.
    """
    group: list[T] = []
    for text in texts:
        if group:
            widths = length(group[0]), length(text)
            full = len(group) == rows or max(widths) * (len(group) + 1) > tokens
            alike = widths[0] == widths[1] >= _MANY_ROWS
            if full or (device.type == "cpu" and not alike):
                yield group
                group = []
        group.append(text)
    if group:
        yield group


def padded(rows: Sequence[Sequence[int]], device: torch.device) -> torch.Tensor:
    """Ids of shape (rows, longest), with zeros on the right, where no token sees them."""
    width = max(map(len, rows))
    return torch.tensor([[*ids, *[0] * (width - len(ids))] for ids in rows], device=device)


def forward(
    model: PreTrainedModel, ids: torch.Tensor, *, keep: int = 1, **arguments: Any
) -> torch.Tensor:
    """What the model says comes after each of the last `keep` ids of each row.

    Args:
        model: the model.
        ids: of shape (rows, ids).
        keep: ids of each row whose logits are wanted.
        arguments: of its forward pass; those that it does not know are left out.

    Returns:
        Logits of shape (rows, keep, vocabulary).

    Raises:
        EvalcoreError: if the GPU's memory does not hold as much.
    """
    known = _parameters(model.__class__)
    arguments = {name: value for name, value in arguments.items() if name in known}
    if "logits_to_keep" in known:
        arguments["logits_to_keep"] = min(-(-keep // ROWS) * ROWS, ids.shape[1])
    try:
        logits: torch.Tensor = model(input_ids=ids, **arguments).logits
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise EvalcoreError(
            f"the GPU's memory does not hold {len(ids)} requests at a time: set a smaller "
            f"`batch_size`, or a smaller `dtype` ({error})"
        ) from error
    return logits[:, -keep:]


@cache
def _parameters(kind: Any) -> frozenset[str]:
    """What the forward pass of a class of models knows."""
    return frozenset(inspect.signature(kind.forward).parameters)
