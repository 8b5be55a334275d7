"""From the run store to results: each metric over the attempts of each cell."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore.data import Result
from evalcore.stats import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore.data import Record
    from evalcore.metric import Column
    from evalcore.spec import Part
    from evalcore.store import CellRow, Store

__all__ = ["CellScores", "measure"]


def measure(store: Store, metrics: Sequence[Part], run: str) -> tuple[list[Result], list[str]]:
    """Measure every cell of a run.

    Returns:
        The results, by cell and metric in the spec's order, and the metrics that failed with
        their errors.
    """
    results: list[Result] = []
    problems: list[str] = []
    instances = [(part, part.create()) for part in metrics]
    for cell in store.cells():
        scores = CellScores(store, cell)
        for part, metric in instances:
            try:
                results += _rows(run, cell, part, metric.compute(scores), int(scores.failed.sum()))
            except Exception as error:  # a plugin's metric may raise anything
                text = f"metric {part.name}, cell {cell.name}: {type(error).__name__}: {error}"
                problems.append(text)
    return results, problems


class CellScores:
    """The attempts of one cell as columns, ordered by sample and attempt; see `Scores`."""

    def __init__(self, store: Store, cell: CellRow) -> None:
        self._store = store
        self._cell = cell

    def column(self, name: Column) -> NDArray[np.float64]:
        """One column, shape (n,); `value` is NaN where the attempt failed."""
        rows = self._store.column(self._cell.id, name)
        return np.fromiter((_number(value) for (value,) in rows), dtype=np.float64)

    @cached_property
    def failed(self) -> NDArray[np.bool_]:
        """Which attempts failed, shape (n,)."""
        rows = self._store.column(self._cell.id, "failure IS NOT NULL")
        return np.fromiter((value for (value,) in rows), dtype=np.bool_)

    @cached_property
    def sample(self) -> NDArray[np.int64]:
        """Which sample each attempt is of, as codes 0..S-1, shape (n,)."""
        rows = self._store.column(self._cell.id, "sample")
        return np.fromiter(_codes(sample for (sample,) in rows), dtype=np.int64)

    @cached_property
    def attempt(self) -> NDArray[np.int64]:
        """Number of each attempt at its sample, from 0, shape (n,)."""
        rows = self._store.column(self._cell.id, "attempt")
        return np.fromiter((value for (value,) in rows), dtype=np.int64)

    def labels(self) -> tuple[NDArray[np.int64], Sequence[str]]:
        """The label of each attempt as a code, shape (n,), and the sorted labels; -1 if failed."""
        found: dict[str, int] = {}
        rows = self._store.column(self._cell.id, "label")
        coded = (-1 if x is None else found.setdefault(x, len(found)) for (x,) in rows)
        codes = np.fromiter(coded, dtype=np.int64)
        names = sorted(found)
        order = np.array([names.index(name) for name in found] + [-1], dtype=np.int64)
        return order[codes], names

    def records(self) -> Iterator[Record]:
        """The full records, in the same order, one at a time."""
        return self._store.records(self._cell.id)


def _rows(
    run: str, cell: CellRow, part: Part, measured: Estimate | Mapping[str, Estimate], failed: int
) -> list[Result]:
    name = part.name
    named = {name: measured} if isinstance(measured, Estimate) else _parts(name, measured)
    return [
        Result(
            run=run,
            cell=cell.name,
            settings=cell.changes,
            metric=metric,
            value=_finite(estimate.value),
            low=_finite(estimate.low),
            high=_finite(estimate.high),
            n=estimate.n,
            failed=failed,
        )
        for metric, estimate in named.items()
    ]


def _parts(name: str, measured: Mapping[str, Estimate]) -> dict[str, Estimate]:
    return {f"{name}/{part}": estimate for part, estimate in measured.items()}


def _codes(samples: Iterator[str]) -> Iterator[int]:
    """Codes of samples that come sorted."""
    code, last = -1, None
    for sample in samples:
        if sample != last:
            code, last = code + 1, sample
        yield code


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
