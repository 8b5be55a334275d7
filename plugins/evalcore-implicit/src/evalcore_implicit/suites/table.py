"""Task `table`: a table of one's own, whose rows are in and out of distribution by a column."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from evalcore.data import Case, Sample
from evalcore.errors import TaskError
from evalcore.settings import DataPath, Settings
from evalcore.task import Task
from evalcore_implicit.suites.csvfile import Missing, complete, read_csv
from evalcore_implicit.suites.drawing import Drawing, Shift, generator
from evalcore_implicit.suites.scoring import (
    Point,
    classification,
    predictions,
    regression,
    scored,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from evalcore.data import Attempt, Score
    from evalcore_implicit.suites.csvfile import CsvFile

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = ["Table", "TableSettings"]

_MOST_SHIFTS = 100
"""More values than these are those of another kind of column."""


class TableSettings(Settings):
    """A table, what of it is predicted from what, and which rows are learned from."""

    path: DataPath
    """A CSV file with a header."""
    delimiter: str = Field(",", min_length=1, max_length=1)
    """What stands between cells."""
    target: str | Annotated[tuple[str, ...], Field(min_length=1)]
    """Column to predict, or several of numbers."""
    kind: Literal["regression", "classification"] = "regression"
    """Whether the target is numbers or classes."""
    split: str
    """Column by whose values the rows are told apart."""
    train: str = "train"
    """Its value in rows to learn from, and to hold out as in distribution."""
    shifts: tuple[str, ...] | None = Field(None, min_length=1)
    """Its values in rows out of distribution, in the order of their distance; if not set, all
    others, as they first come in the file."""
    features: tuple[str, ...] | None = Field(None, min_length=1)
    """Columns of numbers to predict from; if not set, all but the target and `split`."""
    missing: Missing = "error"
    """Rows in which a feature or the target is missing."""
    reference: float = Field(0.2, gt=0, lt=1)
    """Share of the rows to learn from that is held out as in distribution, chosen by chance, and
    of each class alike."""
    drawings: int = Field(5, ge=1)
    """How many samples the task has, each with rows held out of its own."""
    seed: int = Field(0, ge=0, lt=2**32)
    """Of which rows are held out."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.kind == "classification" and len(self.targets) > 1:
            raise ValueError(f"found {len(self.targets)} target columns, expected one of classes")
        if self.train in (self.shifts or ()):
            raise ValueError(f"{self.train!r} is what is learned from, so it is none of `shifts`")
        for name in ("targets", "shifts", "features"):
            given: tuple[str, ...] = getattr(self, name) or ()
            if len(set(given)) < len(given):
                raise ValueError(f"found a name twice among the {name}: {', '.join(given)}")
        return self

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns to predict, also where there is one."""
        return (self.target,) if isinstance(self.target, str) else self.target


class _Rows(NamedTuple):
    """The rows of a table that can be used, by what they are for.

    Attributes:
        features: shape (rows, features).
        targets: numbers of shape (rows, targets), or classes of shape (rows,).
        classes: their names; none for numbers.
        known: indices of the rows to learn from and hold out.
        shifts: indices of the rows of each shift, by name.
    """

    features: Floats
    targets: NDArray[Any]
    classes: tuple[str, ...]
    known: Ints
    shifts: dict[str, Ints]


class Table(Task[TableSettings]):
    """Learn on the rows that a column names, predict the others.

    Each other value of the column is a shift, called by it, at 1, 2 and so on; rows held out are at
    0. Features and targets are given as they stand. The main measure is the root of the mean
    squared error, or the accuracy.
    """

    def cases(self) -> Iterator[Case]:
        """The drawings, each made when it is asked for."""
        return (self._case(number) for number in range(self.settings.drawings))

    def size(self) -> int:
        """The number of drawings."""
        return self.settings.drawings

    def preflight(self) -> None:
        """Read the table and divide it once.

        Raises:
            TaskError: if that cannot be done; the text names the line where there is one.
        """
        self._case(0)

    def score(self, case: Case, attempt: Attempt) -> Score:
        """The main measure on rows held out; on record, all measures at every shift.

        Raises:
            TaskError: if the answer is not a finite array for every shift, with a column for each
                target or class.
        """
        shifts: Sequence[Shift] = case.sample.public.shifts
        classes, truths = case.hidden
        classified = bool(classes)
        answered = predictions(attempt.answer, shifts, len(classes) or len(self.settings.targets))
        measured = classification if classified else _regression
        curve = [
            Point(shift.at, measured(outputs, truth), len(truth), not shift.at, shift.name)
            for shift, outputs, truth in zip(shifts, answered, truths, strict=True)
        ]
        if classified:
            return scored("split", "accuracy", "higher", curve)
        return scored("split", "rmse", "lower", curve)

    def _case(self, number: int) -> Case:
        rows = self._rows
        training, held_out = self._held_out(number)
        tested = [("held out", held_out), *rows.shifts.items()]
        shifts = tuple(
            Shift(float(at), rows.features[indices], name)
            for at, (name, indices) in enumerate(tested)
        )
        sample = Sample(
            f"drawing-{number}",
            f"Learn {', '.join(self.settings.targets)} from {len(training)} rows of a table and "
            f"predict it at {len(rows.shifts)} shifts.",
            Drawing(rows.features[training], rows.targets[training], shifts),
            {"drawing": number},
        )
        return Case(sample, (rows.classes, [rows.targets[indices] for _, indices in tested]))

    def _held_out(self, number: int) -> tuple[Ints, Ints]:
        """Indices of the rows to learn from, and of those held out, as many of each class."""
        rows, share = self._rows, self.settings.reference
        rng = generator(self.settings.seed, number)
        groups = [rows.known]
        if rows.classes:
            of_known = rows.targets[rows.known]
            groups = [rows.known[of_known == place] for place in range(len(rows.classes))]
        held: list[Ints] = []
        kept: list[Ints] = []
        for group in map(rng.permutation, groups):
            count = int(share * len(group))
            held.append(group[:count])
            kept.append(group[count:])
        training, held_out = np.concatenate(kept), np.concatenate(held)
        if not held_out.size:
            raise TaskError(
                f"`reference: {share:g}` of {rows.known.size} rows to learn from is none, "
                "expected one or more: of classes, each has its share; raise it, or add rows"
            )
        return np.sort(training), np.sort(held_out)

    @cached_property
    def _rows(self) -> _Rows:
        settings = self.settings
        file = read_csv(settings.path, settings.delimiter)
        features = _features(file, settings)
        if settings.kind == "regression":
            wanted = {name: file.numbers(name) for name in settings.targets}
        else:
            wanted = {name: file.present(name) for name in settings.targets}
        told = {settings.split: file.present(settings.split)}
        kept = complete(file, {**features, **wanted, **told}, settings.missing)
        rows = _by_value(file, settings, kept)
        known = rows.pop(settings.train)
        columns = np.stack(list(features.values()), axis=1)
        if settings.kind == "regression":
            return _Rows(columns, np.stack(list(wanted.values()), axis=1), (), known, rows)
        targets, classes = _classes(file, settings.targets[0], known, rows)
        return _Rows(columns, targets, classes, known, rows)


def _features(file: CsvFile, settings: TableSettings) -> dict[str, Floats]:
    """The columns to predict from, by their headers."""
    others = {file.title(name) for name in (*settings.targets, settings.split)}
    if settings.features is None:
        titles = [title for title in file.header if title not in others]
    else:
        titles = [file.title(name) for name in settings.features]
    if told := others.intersection(titles):
        raise TaskError(f"{min(told)!r} is the target or the split, so it is no feature")
    if not titles:
        raise TaskError(f"{file.path}: found no column but {', '.join(sorted(others))}")
    try:
        return {title: file.numbers(title) for title in titles}
    except TaskError as error:
        raise TaskError(f"{error}; name the columns of numbers under `features`") from None


def _by_value(file: CsvFile, settings: TableSettings, kept: NDArray[np.bool_]) -> dict[str, Ints]:
    """Indices of the rows kept by what they are for: to learn from, and each shift."""
    values = np.array(file.texts(settings.split))
    # In the order of the file; NumPy would sort them.
    found = [value for value in dict.fromkeys(values[kept].tolist()) if value != settings.train]
    wanted = found if settings.shifts is None else settings.shifts
    if len(wanted) > _MOST_SHIFTS:
        raise TaskError(
            f"{file.path}: found {len(wanted)} values of {settings.split!r}, expected at most "
            f"{_MOST_SHIFTS} shifts; name those wanted under `shifts`, or take another column"
        )
    rows = {value: np.flatnonzero(kept & (values == value)) for value in (settings.train, *wanted)}
    empty = [value for value, indices in rows.items() if not indices.size]
    if empty or not wanted:
        missing = repr(empty[0]) if empty else f"something else than {settings.train!r}"
        have = ", ".join(f"{value!r} ({np.sum(kept & (values == value))})" for value in found[:20])
        raise TaskError(
            f"{file.path}: found no complete row where {settings.split!r} is {missing}; the others "
            f"are {have or 'none'}: set `train` and `shifts` to values that it has"
        )
    return rows


def _classes(
    file: CsvFile, target: str, known: Ints, shifts: dict[str, Ints]
) -> tuple[Ints, tuple[str, ...]]:
    """The class of each row, 0 where it is not used, and the names of the classes."""
    texts = file.texts(target)
    names = tuple(sorted({texts[row] for row in known}))
    number = {name: place for place, name in enumerate(names)}
    if len(names) < 2:
        raise TaskError(f"{file.path}: found one class {names[0]!r} to learn, expected several")
    for shift, rows in shifts.items():
        for row in rows:
            if texts[row] not in number:
                raise TaskError(
                    f"{file.place(row)}: found the class {texts[row]!r} in {shift!r}, which is "
                    "none of those to learn from; leave such rows out of the file or of `shifts`"
                )
    return np.array([number.get(text, 0) for text in texts]), names


def _regression(outputs: Floats, truth: Floats) -> dict[str, float]:
    found = regression(outputs, truth, ("rmse", "mae", "r2"))
    # The truth of a shift may be constant, which leaves R2 without a value.
    return {name: value for name, value in found.items() if not math.isnan(value)}
