"""A CSV file with a header, read as columns of texts or of numbers."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import TYPE_CHECKING, Literal

import numpy as np

from evalcore.errors import TaskError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from evalcore.settings import DataPath

    Floats = NDArray[np.float64]

__all__ = ["CsvFile", "Missing", "complete", "read_csv"]

Missing = Literal["error", "skip"]
"""What to do with a row in which a value is missing."""

_NOTHING = frozenset({"", ".", "na", "n/a", "nan", "null", "none"})
"""What stands in cells where nothing stands, in lower case."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """All that a file holds.

    Attributes:
        path: of the file.
        header: names of the columns.
        rows: their cells, as many in each row as in the header.
        lines: of the file, from 1, in which each row begins.
    """

    path: Path
    header: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]

    def __len__(self) -> int:
        return len(self.rows)

    def place(self, row: int) -> str:
        """Where a row stands, for the text of an error."""
        return f"{self.path}:{self.lines[row]}"

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return bool(self._found(name))

    def title(self, name: str) -> str:
        """The header of the column that a name means, which may be in another case.

        Raises:
            TaskError: if there is no such column, or several.
        """
        return self.header[self._column(name)]

    def texts(self, name: str) -> list[str]:
        """The cells of a column without blanks around them.

        Raises:
            TaskError: as of `title`.
        """
        column = self._column(name)
        return [row[column].strip() for row in self.rows]

    def numbers(self, name: str) -> Floats:
        """The numbers of a column, shape (rows,); NaN where a cell is empty or says NA or alike.

        Raises:
            TaskError: as of `title`, or if something else than a finite number stands in a cell;
                the text names the line.
        """
        texts = self.texts(name)
        found = np.empty(len(texts))
        for row, text in enumerate(texts):
            number = _number(text)
            if number is None:
                raise TaskError(
                    f"{self.place(row)}: {name}: found {text!r:.60}, expected a finite number such "
                    "as 1234.5, without units or marks between thousands"
                )
            found[row] = number
        return found

    def present(self, name: str) -> Floats:
        """0 where something stands in a cell of a column and NaN where nothing does.

        Raises:
            TaskError: as of `title`.
        """
        nothing = [text.casefold() in _NOTHING for text in self.texts(name)]
        return np.where(nothing, np.nan, 0.0)

    def _column(self, name: str) -> int:
        found = self._found(name)
        if len(found) == 1:
            return found[0]
        have = ", ".join(map(repr, self.header))
        if found:
            raise TaskError(f"{self.path}: found {len(found)} columns {name!r} among {have}")
        other = next((sign for sign in ";\t|" if sign in self.header[0]), "")
        hint = f"; is {other!r} the delimiter? set `delimiter`" if other else ""
        raise TaskError(f"{self.path}: found no column {name!r}, expected it among {have}{hint}")

    def _found(self, name: str) -> list[int]:
        same = [column for column, title in enumerate(self.header) if title == name]
        wanted = name.casefold()
        return same or [i for i, title in enumerate(self.header) if title.casefold() == wanted]


def read_csv(path: DataPath, delimiter: str = ",") -> CsvFile:
    """Read one file, UTF-8 with or without a mark of byte order; blank lines are left out.

    Raises:
        TaskError: if the path means several files, the file has no header or no row, or a row is
            not CSV or is longer or shorter than the header; the text names the line.
    """
    files = path.files()
    if len(files) > 1:
        raise TaskError(f"found {len(files)} files at {path}, expected one CSV file")
    (file,) = files
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, row in _rows(file, delimiter):
        rows.append(row)
        lines.append(line)
    if len(rows) < 2:
        found = "a header and no rows" if rows else "nothing"
        raise TaskError(f"{file}: found {found}, expected a header and rows")
    header = tuple(title.strip() for title in rows[0])
    for line, row in islice(zip(lines, rows, strict=True), 1, None):
        if len(row) != len(header):
            raise TaskError(
                f"{file}:{line}: found {len(row)} cells, expected {len(header)} as in the header; "
                "is `delimiter` right?"
            )
    return CsvFile(file, header, rows[1:], lines[1:])


def complete(
    file: CsvFile, columns: Mapping[str, Floats], missing: Missing, setting: str = "missing"
) -> NDArray[np.bool_]:
    """Whether each row has a value in all columns, shape (rows,).

    Args:
        file: where the columns are from.
        columns: their numbers, by name, NaN where one is missing.
        missing: what to do where one is missing.
        setting: the name that `missing` has in a spec.

    Raises:
        TaskError: if one is missing and that is an error, or every row has to be left out.
    """
    there = np.ones(len(file), dtype=bool)
    for numbers in columns.values():
        there &= ~np.isnan(numbers)
    if missing == "error" and not there.all():
        row = int(np.argmin(there))
        name = next(name for name, numbers in columns.items() if np.isnan(numbers[row]))
        raise TaskError(
            f"{file.place(row)}: {name}: found {file.texts(name)[row]!r}, expected a value; "
            f"{int(np.sum(~there))} of {len(file)} rows lack one: fill them in, or leave them out "
            f"with `{setting}: skip`"
        )
    if not there.any():
        names = ", ".join(columns)
        raise TaskError(f"{file.path}: no row of {len(file)} has a value in each of: {names}")
    return there


def _rows(file: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with the lines in which they begin."""
    data = file.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TaskError(f"{file}:{line}: found {error.reason}, expected UTF-8") from None
    begin = 1
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if row:
                yield begin, row
            begin = reader.line_num + 1
    except csv.Error as error:
        raise TaskError(f"{file}:{begin}: not a row of CSV: {error}") from None


def _number(text: str) -> float | None:
    """A finite number, NaN where nothing stands, `None` where something else does."""
    if text.casefold() in _NOTHING:
        return math.nan
    if "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
