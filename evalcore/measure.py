"""From the run store to results: each metric over the attempts of each cell."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from evalcore.data import Result
from evalcore.encoding import decode
from evalcore.stats import Estimate, paired_difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore.data import Record
    from evalcore.metric import Column
    from evalcore.spec import Part
    from evalcore.store import CellRow, Store

__all__ = ["CellScores", "differences", "measure"]


def measure(store: Store, metrics: Sequence[Part], run: str) -> tuple[list[Result], list[str]]:
    """Measure every cell of a run.

    Returns:
        The results, by cell and metric in the spec's order, and the metrics that failed with
        their errors.
    """
    results: list[Result] = []
    problems: list[str] = []
    instances = [(name, part.create()) for name, part in _names(metrics).items()]
    for cell in store.cells():
        scores = CellScores(store, cell)
        for name, metric in instances:
            try:
                measured = _named(name, metric.compute(scores))
                results += _rows(run, cell, measured, int(scores.failed.sum()))
            except Exception as error:  # a plugin's metric may raise anything
                text = f"metric {name}, cell {cell.name}: {type(error).__name__}: {error}"
                problems.append(text)
    return results, problems


def differences(store: Store, run: str, baseline: CellScores) -> list[Result]:
    """How much higher the mean score of each cell is than the baseline's, on the same samples."""
    results = []
    for cell in store.cells():
        scores = CellScores(store, cell)
        if scores.is_same(baseline):
            continue
        values, samples = scores.scored()
        against, common = baseline.scored()
        failed = int(scores.failed.sum() + baseline.failed.sum())
        found = {f"mean-vs-{baseline.cell}": paired_difference(values, against, samples, common)}
        results += _rows(run, cell, found, failed)
    return results


class CellScores:
    """The attempts of one cell as columns, ordered by sample and attempt; see `Scores`."""

    def __init__(self, store: Store, cell: CellRow) -> None:
        self._store = store
        self._cell = cell

    @property
    def cell(self) -> str:
        """The cell's name."""
        return self._cell.name

    def is_same(self, other: CellScores) -> bool:
        """Whether both are the same cell of the same store."""
        return (self._store.path, self._cell.id) == (other._store.path, other._cell.id)

    def scored(self) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
        """The scores of the attempts that did not fail, and the samples' names, shape (m,)."""
        kept = ~self.failed
        names = np.array([name for (name,) in self._store.column(self._cell.id, "sample")], "U")
        return self.column("value")[kept], names[kept]

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

    @overload
    def details(self, path: str, /) -> list[Any]: ...
    @overload
    def details(self, path: str, second: str, /, *others: str) -> tuple[list[Any], ...]: ...
    def details(self, *paths: str) -> list[Any] | tuple[list[Any], ...]:
        """What each attempt has on record at a path, of length n; of several paths, each so."""
        ways = [_split(path) for path in paths]
        found: tuple[list[Any], ...] = tuple([] for _ in paths)
        for (stored,) in self._store.column(self._cell.id, "body"):
            body = decode(stored)
            for names, values in zip(ways, found, strict=True):
                values.append(_inside(body, names))
        return found if len(found) > 1 else found[0]

    def records(self) -> Iterator[Record]:
        """The full records, in the same order, one at a time."""
        return self._store.records(self._cell.id)


def _names(metrics: Sequence[Part]) -> dict[str, Part]:
    """The metrics by name; those that share one are told apart by what the spec writes."""
    uses = Counter(part.name for part in metrics)
    return {part.name if uses[part.name] == 1 else _written(part): part for part in metrics}


def _written(part: Part) -> str:
    settings = [f"{key}={value}" for key, value in part.written.items() if key != "use"]
    return f"{part.written['use']}({','.join(settings)})" if settings else part.written["use"]


def _rows(run: str, cell: CellRow, measured: Mapping[str, Estimate], failed: int) -> list[Result]:
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
        for metric, estimate in measured.items()
    ]


def _named(name: str, measured: Estimate | Mapping[str, Estimate]) -> Mapping[str, Estimate]:
    if isinstance(measured, Estimate):
        return {name: measured}
    return {f"{name}/{part}": estimate for part, estimate in measured.items()}


def _codes(samples: Iterator[str]) -> Iterator[int]:
    """Codes of samples that come sorted."""
    code, last = -1, None
    for sample in samples:
        if sample != last:
            code, last = code + 1, sample
        yield code


def _split(path: str) -> list[str]:
    """The names that lead into a record."""
    part, *names = path.split(".")
    if part not in {"score", "details", "metadata"} or not names:
        raise ValueError(
            f"found path {path!r}, expected `score.NAME`, `details.NAME` or `metadata.NAME`"
        )
    return [part, *names]


def _inside(value: Any, names: Iterable[str]) -> Any:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
