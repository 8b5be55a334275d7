"""Rows of JSON Lines, CSV, TSV and Parquet files, each with its place for errors."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import TextIO

__all__ = ["LogError", "Row", "read_rows"]


class LogError(EvalcoreError):
    """A log that cannot be read as asked; its text begins with the file and the line."""


class Row(NamedTuple):
    """An object of a file.

    Attributes:
        place: its file and line, from 1; of Parquet its file and row.
        values: by column. Of CSV and TSV all are texts, and None where the file has nothing.
    """

    place: str
    values: Mapping[str, Any]


def read_rows(files: Iterable[Path]) -> Iterator[Row]:
    """The rows of files, one after the other.

    What a file holds is told by the ending of its name. `.jsonl`: its lines end with a line feed
    alone, for texts may hold other line separators. `.csv` and `.tsv`: a header comes first; TSV
    knows no quotes. These may end with `.gz` besides. `.parquet`: as it is.

    Raises:
        LogError: if a file is of no such kind, or does not hold what its name says.
    """
    for file in files:
        try:
            yield from _rows(file)
        except UnicodeDecodeError as error:
            raise LogError(f"{file}: expected text in UTF-8: {error}") from error
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise LogError(f"{file}: expected a whole gzip file: {error}") from error
        except OSError as error:
            raise LogError(f"{file}: {error.strerror or error}") from error


def _rows(file: Path) -> Iterator[Row]:
    name = file.name.lower()
    if name.endswith(".parquet"):
        yield from _parquet_rows(file)
        return
    kind = name.removesuffix(".gz").rpartition(".")[2]
    if kind not in ("jsonl", "csv", "tsv"):
        raise LogError(f"{file}: expected a name that ends with .jsonl, .csv, .tsv or .parquet")
    with _opened(file) as text:
        yield from _json_rows(file, text) if kind == "jsonl" else _table_rows(file, text, kind)


def _opened(file: Path) -> TextIO:
    opened = gzip.open if file.name.lower().endswith(".gz") else open
    return opened(file, "rt", encoding="utf-8-sig", newline="\n")


def _json_rows(file: Path, text: TextIO) -> Iterator[Row]:
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        place = f"{file}:{number}"
        try:
            values = json.loads(line)
        except ValueError as error:
            raise LogError(f"{place}: expected a JSON object: {error}") from error
        if not isinstance(values, dict):
            raise LogError(f"{place}: found {type(values).__name__}, expected a JSON object")
        yield Row(place, values)


def _table_rows(file: Path, text: TextIO, kind: str) -> Iterator[Row]:
    if kind == "csv":
        lines = csv.reader(text, strict=True)
    else:
        lines = csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
    try:
        header = next(lines, [])
        if len(set(header)) < len(header):
            twice = next(name for name in header if header.count(name) > 1)
            raise LogError(f"{file}:{lines.line_num}: the header has the column {twice!r} twice")
        for cells in lines:
            if not cells:
                continue
            place = f"{file}:{lines.line_num}"
            if len(cells) != len(header):
                raise LogError(
                    f"{place}: found {len(cells)} fields, expected {len(header)} as in the header"
                )
            yield Row(place, {name: cell or None for name, cell in zip(header, cells, strict=True)})
    except csv.Error as error:
        raise LogError(f"{file}:{lines.line_num}: {error}") from error


def _parquet_rows(file: Path) -> Iterator[Row]:
    import pyarrow
    from pyarrow import parquet

    number = 0
    try:
        with parquet.ParquetFile(file) as table:
            for batch in table.iter_batches():
                for values in batch.to_pylist(maps_as_pydicts="strict"):
                    number += 1
                    yield Row(f"{file}: row {number}", values)
    except pyarrow.ArrowException as error:
        raise LogError(f"{file}: expected a Parquet file: {error}") from error
    except KeyError as error:
        raise LogError(f"{file}: after row {number}: a map with a key twice: {error}") from error
