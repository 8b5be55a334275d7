"""Which cells of a run are drawn together, and of which drawing."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalcore.metric import Shown

__all__ = ["Drawn", "drawn"]


class Drawn(NamedTuple):
    """Models that are drawn together: of one task, and of one of its drawings.

    Attributes:
        of: What tells it from the others of the run, such as `task=spiky`; empty of the only one.
        models: The cells by what tells them from each other.
        found: What each has on record of the drawing.
    """

    of: str
    models: tuple[str, ...]
    found: tuple[Any, ...]


def drawn(cells: Sequence[Shown], path: str) -> list[Drawn]:
    """What cells have on record at a path, of a drawing of which most of them have it.

    Args:
        cells: of a run.
        path: as of `Scores.details`.

    Returns:
        A group for each setting of what is no model; nothing of groups without any such record.
    """
    groups: dict[str, list[Shown]] = {}
    for cell in cells:
        groups.setdefault(_others(cell), []).append(cell)
    made = []
    for of, members in groups.items():
        by_sample = [_by_sample(cell, path) for cell in members]
        counts = Counter(sample for found in by_sample for sample in found)
        if not counts:
            continue
        sample = min(counts, key=lambda code: (-counts[code], code))
        kept = [i for i, found in enumerate(by_sample) if sample in found]
        names = tuple(_model(members[i]) for i in kept)
        made.append(Drawn(of, names, tuple(by_sample[i][sample] for i in kept)))
    return made


def _by_sample(cell: Shown, path: str) -> dict[int, Any]:
    """What the first attempt at each sample has there."""
    found: dict[int, Any] = {}
    for sample, value in zip(cell.scores.sample.tolist(), cell.scores.details(path), strict=True):
        if value:
            found.setdefault(sample, value)
    return found


def _others(cell: Shown) -> str:
    return _written({k: v for k, v in cell.settings.items() if not k.startswith("models.")})


def _model(cell: Shown) -> str:
    models = {k: v for k, v in cell.settings.items() if k.startswith("models.")}
    if len(models) == 1:
        (only,) = models.values()
        return only if isinstance(only, str) else json.dumps(only)
    return _written(models) or cell.cell


def _written(settings: dict[str, Any]) -> str:
    return ", ".join(
        f"{key.rpartition('.')[2]}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in settings.items()
    )
