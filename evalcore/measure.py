"""From the run store to results: each metric over the attempts of each cell."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import compress
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np

from evalcore.data import Result
from evalcore.encoding import decode
from evalcore.metric import Picture, Shown
from evalcore.stats import paired_difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from evalcore.data import Record
    from evalcore.metric import Column, Metric
    from evalcore.spec import Part
    from evalcore.stats import Estimate
    from evalcore.store import CellRow, Store

    Values = NDArray[np.float64]

__all__ = ["CellScores", "GroupResult", "differences", "draw", "measure"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GroupResult(Result):
    """One metric of the attempts at some of the samples, which have something in common.

    Attributes:
        group: what the samples have in common: a key of their metadata, and its value.
    """

    group: Mapping[str, Any] = field(hash=False)


def measure(
    store: Store, metrics: Sequence[Part], run: str, *, by: str = ""
) -> tuple[list[Result], list[str]]:
    """Measure every cell of a run, or every group of samples in it.

    Args:
        store: the run's store.
        metrics: as the spec has them.
        run: the run's directory, as the results are to name it.
        by: a key of the samples' metadata; the results are then each of one `CellScores.groups`.

    Returns:
        The results, by cell, group and metric in the spec's order, and the metrics that failed
        with their errors.
    """
    results: list[Result] = []
    problems: list[str] = []
    instances = _named(metrics)
    for scores in _scores(store, by):
        failed = int(scores.failed.sum())
        for name, metric in instances:
            with _reported(name, scores, problems):
                results += _results(run, scores, _parts(name, metric.compute(scores)), failed)
    return results, problems


def draw(store: Store, metrics: Sequence[Part]) -> tuple[list[Picture], list[str]]:
    """The pictures that metrics make of a run's cells, and the metrics that failed to."""
    pictures: list[Picture] = []
    problems: list[str] = []
    cells = [Shown(scores.cell, scores.settings, scores) for scores in _scores(store, "")]
    for name, metric in _named(metrics):
        try:
            pictures += [Picture(*picture) for picture in metric.pictures(cells)]
        except Exception as error:  # a plugin's metric may raise anything
            problems.append(f"metric {name} cannot draw: {type(error).__name__}: {error}")
    return pictures, problems


def differences(
    store: Store, metrics: Sequence[Part], run: str, baseline: CellScores, *, by: str = ""
) -> tuple[list[Result], list[str]]:
    """How much higher each cell is than the baseline, on the mean over the samples of both.

    Args:
        store: the run's store.
        metrics: as the spec has them; those that have no value per sample are left out.
        run: the run's directory, as the results are to name it.
        baseline: the cell to compare with, of this run or another.
        by: as for `measure`.

    Returns:
        As for `measure`; the results are called `METRIC-vs-CELL`.
    """
    results: list[Result] = []
    problems: list[str] = []
    instances = _named(metrics)
    cells = [scores for scores in _scores(store, by) if not scores.is_same(baseline)]
    for theirs in baseline.groups(by) if by else [baseline]:
        values: dict[str, Mapping[str, Values]] = {}
        for name, metric in instances:
            with _reported(name, theirs, problems):
                values[name] = _per_sample(name, metric, theirs)
        if not any(values.values()) and not problems:
            problems.append("no metric has a value for a sample alone, as `mean` has")
        for ours in (scores for scores in cells if scores.group == theirs.group):
            pair = _Pair(ours, theirs)
            for name, metric in instances:
                if against := values.get(name):
                    with _reported(name, ours, problems):
                        found = pair.differences(_per_sample(name, metric, ours), against)
                        results += _results(run, ours, found, pair.failed)
    return results, problems


class CellScores:
    """The attempts of one cell as columns, ordered by sample and attempt; see `Scores`.

    Attributes:
        group: of which samples the attempts are: a key of their metadata and its value; empty
            where they are of all samples.
    """

    def __init__(
        self,
        store: Store,
        cell: CellRow,
        group: Mapping[str, Any] | None = None,
        kept: NDArray[np.bool_] | None = None,
    ) -> None:
        self._store = store
        self._cell = cell
        self._kept = kept
        self.group = group or {}

    def __str__(self) -> str:
        """The cell and the group, in words."""
        return ", ".join(
            [f"cell {self.cell}", *(f"{key} {value}" for key, value in self.group.items())]
        )

    @property
    def cell(self) -> str:
        """The cell's name."""
        return self._cell.name

    @property
    def settings(self) -> dict[str, Any]:
        """The settings in which the cell differs from the others of its sweep."""
        return self._cell.changes

    def groups(self, key: str) -> list[CellScores]:
        """The attempts by what the metadata of their samples has under a key.

        A text is a list of what stands between its commas, and the samples with a list are in the
        group of each of its items. Those with nothing there are the group `None`, the last.
        """
        members = [_members(value) for value in self.details(f"metadata.{key}")]
        names = sorted({name for of_one in members for name in of_one}, key=_rank)
        return [
            CellScores(
                self._store,
                self._cell,
                {key: name},
                np.fromiter((name in of_one for of_one in members), np.bool_, len(members)),
            )
            for name in names
        ]

    def is_same(self, other: CellScores) -> bool:
        """Whether both are the same cell of the same store."""
        return (self._store.path, self._cell.id) == (other._store.path, other._cell.id)

    @cached_property
    def names(self) -> NDArray[np.str_]:
        """The samples by their codes, shape (S,)."""
        return np.array(list(dict.fromkeys(self._rows("sample"))), dtype=np.str_)

    def tally(self, mark: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many attempts at each sample have a mark, shape (S,)."""
        return np.bincount(self.sample[mark], minlength=self.names.size)

    def column(self, name: Column) -> NDArray[np.float64]:
        """One column, shape (n,); `value` is NaN where the attempt failed."""
        return np.fromiter(map(_number, self._rows(name)), dtype=np.float64)

    @cached_property
    def failed(self) -> NDArray[np.bool_]:
        """Which attempts failed, shape (n,)."""
        return np.fromiter(self._rows("failure IS NOT NULL"), dtype=np.bool_)

    @cached_property
    def sample(self) -> NDArray[np.int64]:
        """Which sample each attempt is of, as codes 0..S-1, shape (n,)."""
        return np.fromiter(_codes(self._rows("sample")), dtype=np.int64)

    @cached_property
    def attempt(self) -> NDArray[np.int64]:
        """Number of each attempt at its sample, from 0, shape (n,)."""
        return np.fromiter(self._rows("attempt"), dtype=np.int64)

    def labels(self) -> tuple[NDArray[np.int64], Sequence[str]]:
        """The label of each attempt as a code, shape (n,), and the sorted labels; -1 if failed."""
        found: dict[str, int] = {}
        coded = (
            -1 if label is None else found.setdefault(label, len(found))
            for label in self._rows("label")
        )
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
        for stored in self._rows("body"):
            body = decode(stored)
            for names, values in zip(ways, found, strict=True):
                values.append(_inside(body, names))
        return found if len(found) > 1 else found[0]

    def records(self) -> Iterator[Record]:
        """The full records, in the same order, one at a time."""
        return self._of_group(self._store.records(self._cell.id))

    def _rows(self, column: str) -> Iterator[Any]:
        return self._of_group(value for (value,) in self._store.column(self._cell.id, column))

    def _of_group(self, rows: Iterator[T]) -> Iterator[T]:
        return rows if self._kept is None else compress(rows, self._kept)


class _Pair:
    """Two cells at the samples that both have."""

    def __init__(self, ours: CellScores, theirs: CellScores) -> None:
        _, self._ours, self._theirs = np.intersect1d(
            ours.names, theirs.names, assume_unique=True, return_indices=True
        )
        self._against = theirs.cell
        scored = (ours.tally(~ours.failed), theirs.tally(~theirs.failed))
        failed = (ours.tally(ours.failed), theirs.tally(theirs.failed))
        self._scored = scored[0][self._ours] + scored[1][self._theirs]
        self.failed = int(failed[0][self._ours].sum() + failed[1][self._theirs].sum())

    def differences(
        self, ours: Mapping[str, Values], theirs: Mapping[str, Values]
    ) -> dict[str, Estimate]:
        """The difference of each part that both have."""
        return {
            f"{part}-vs-{self._against}": self._difference(values, theirs[part])
            for part, values in ours.items()
            if part in theirs
        }

    def _difference(self, ours: Values, theirs: Values) -> Estimate:
        """The mean over samples of how much higher ours is; `n` counts the attempts of both."""
        a, b = ours[self._ours], theirs[self._theirs]
        samples = np.flatnonzero(np.isfinite(a - b))
        estimate = paired_difference(a[samples], b[samples], samples, samples)
        return replace(estimate, n=int(self._scored[samples].sum()))


def _scores(store: Store, by: str) -> Iterator[CellScores]:
    """The attempts of each cell, or of each group of its samples."""
    for cell in store.cells():
        whole = CellScores(store, cell)
        yield from whole.groups(by) if by else [whole]


def _named(metrics: Sequence[Part]) -> list[tuple[str, Metric[Any]]]:
    """The metrics with their names; those that share one are told apart by what the spec writes."""
    uses = Counter(part.name for part in metrics)
    names = {part.name if uses[part.name] == 1 else _written(part): part for part in metrics}
    return [(name, part.create()) for name, part in names.items()]


def _written(part: Part) -> str:
    settings = [f"{key}={value}" for key, value in part.written.items() if key != "use"]
    return f"{part.written['use']}({','.join(settings)})" if settings else part.written["use"]


def _results(
    run: str, scores: CellScores, measured: Mapping[str, Estimate], failed: int
) -> list[Result]:
    row = partial(GroupResult, group=scores.group) if scores.group else Result
    return [
        row(
            run=run,
            cell=scores.cell,
            settings=scores.settings,
            metric=metric,
            value=_finite(estimate.value),
            low=_finite(estimate.low),
            high=_finite(estimate.high),
            n=estimate.n,
            failed=failed,
            axis=estimate.axis,
            at=None if estimate.at is None else _finite(estimate.at),
            of=estimate.of,
        )
        for metric, estimate in measured.items()
    ]


def _parts(name: str, measured: T | Mapping[str, T]) -> Mapping[str, T]:
    """What a metric returned, by its name or the names of its parts."""
    if isinstance(measured, Mapping):
        return {f"{name}/{part}": value for part, value in measured.items()}
    return {name: measured}


def _per_sample(name: str, metric: Metric[Any], scores: CellScores) -> Mapping[str, Values]:
    """The value of each part for each sample; nothing where the metric has none."""
    values = metric.per_sample(scores)
    found = {} if values is None else _parts(name, values)
    for part, of_part in found.items():
        if of_part.shape != scores.names.shape:
            raise ValueError(
                f"found values per sample of shape {of_part.shape} for {part}, expected one for "
                f"each of {scores.names.size} samples"
            )
    return found


@contextmanager
def _reported(name: str, scores: CellScores, problems: list[str]) -> Iterator[None]:
    """Turn an error into one more problem: a plugin's metric may raise anything."""
    try:
        yield
    except Exception as error:
        problems.append(f"metric {name}, {scores}: {type(error).__name__}: {error}")


def _members(value: Any) -> tuple[Any, ...]:
    """The names of the groups that a sample is in, by a value of its metadata."""
    items = value.split(",") if isinstance(value, str) else value
    items = items if isinstance(items, list) else [items]
    names = [item.strip() if isinstance(item, str) else item for item in items]
    return tuple(filter(_is_name, names)) or (None,)


def _is_name(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isnan(value)
    return isinstance(value, str | int) and value != ""


def _rank(name: Any) -> tuple[bool, bool, Any]:
    """What groups are sorted by: numbers, then texts, then those without a name."""
    return name is None, isinstance(name, str), name or 0


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
