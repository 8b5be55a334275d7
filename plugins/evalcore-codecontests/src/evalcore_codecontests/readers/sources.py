"""Rows out of files and data sets, one at a time: what is in them is not looked at here."""

from __future__ import annotations

import gzip
import importlib
import re
import zlib
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalcore_codecontests.readers.errors import ReadError
from evalcore_codecontests.readers.values import load_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from types import ModuleType

_BATCH = 4  # rows held at once; a row may have tens of megabytes of tests
_BUFFER = 1 << 20
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
# In the order of preference: a folder of Parquet may hold JSON files that describe it.
_KINDS = (".parquet", ".arrow", ".jsonl", ".jsonl.gz", ".json")


@dataclass(frozen=True, slots=True)
class Row:
    """One row, and where it stands for a reader of error messages."""

    place: str
    values: Mapping[str, Any]


def rows_of(
    path: str | Path | Sequence[str | Path], split: str | None, columns: AbstractSet[str]
) -> Iterator[Row]:
    """Yield rows of all files that `path` names, with the named columns at least.

    Raises:
        ReadError: there is no such file, none of that split, or one cannot be read.
    """
    for one in [path] if isinstance(path, str | Path) else path:
        files = _files(Path(one))
        if files is None:
            yield from _hub_rows(str(one), split)
            continue
        chosen = [file for file in files if split is None or _belongs(file, split)]
        if not chosen:
            raise ReadError(
                f"{one}: no file of the split {split!r} among {', '.join(f.name for f in files)};"
                " a file belongs to a split that its name or its folder names: give another"
                " split, or none to read all"
            )
        for file in chosen:
            yield from _file_rows(file, columns)


def _files(path: Path) -> list[Path] | None:
    """List the files that a path names in order; `None` when nothing is there."""
    if path.is_file():
        return [path]
    if path.is_dir():
        found = _in_folder(path / "ALL" if (path / "ALL").is_dir() else path)
        if not found:
            raise ReadError(f"{path}: holds no file that ends in {', '.join(_KINDS)}")
        return found
    if has_magic(str(path)):
        names = glob(str(path), recursive=True)  # noqa: PTH207  (Path has no absolute globs)
        found = sorted(file for file in map(Path, names) if file.is_file())
        if not found:
            raise ReadError(f"{path}: no file matches; quote a glob so that no shell expands it")
        return found
    return None


def _in_folder(folder: Path) -> list[Path]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    kinds = ([file for file in files if file.name.endswith(kind)] for kind in _KINDS)
    return next(filter(None, kinds), [])


def _belongs(file: Path, split: str) -> bool:
    return split == file.parent.name or split in re.split(r"[^A-Za-z0-9]+", file.name)


def _file_rows(file: Path, columns: AbstractSet[str]) -> Iterator[Row]:
    kind = next((kind for kind in _KINDS if file.name.endswith(kind)), None)
    if kind is None:
        raise ReadError(f"{file}: cannot be read; the readers know {', '.join(_KINDS)}")
    yield from _arrow_rows(file, columns) if kind in _KINDS[:2] else _json_rows(file)


def _json_rows(file: Path) -> Iterator[Row]:
    """Read JSON Lines, or an array that has each problem on a line of its own."""
    zipped = file.suffix == ".gz"
    number = 0
    with gzip.open(file) if zipped else file.open("rb") as lines:
        try:
            for number, line in enumerate(lines, start=1):
                place = f"{file}, line {number}"
                if (values := _json_row(place, line, file.suffix == ".json")) is not None:
                    yield Row(place, values)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise _damaged(file, f"after line {number}: {error}") from None


def _json_row(place: str, line: bytes, in_array: bool) -> dict[str, Any] | None:
    text = line.decode("utf-8", "surrogateescape").removeprefix("\ufeff").strip()
    if in_array:
        text = text.removesuffix(",")
    if not text or (in_array and text in "[]"):
        return None
    try:
        values = load_json(text)
    except ValueError as error:
        raise ReadError(f"{place}: not JSON ({error}); write one problem on each line") from None
    if not isinstance(values, dict):
        raise ReadError(
            f"{place}: found JSON of type {type(values).__name__}, expected an object; write one"
            " problem on each line"
        )
    return values


def _arrow_rows(file: Path, columns: AbstractSet[str]) -> Iterator[Row]:
    try:
        pyarrow = importlib.import_module("pyarrow")
    except ModuleNotFoundError:
        raise ReadError(
            f"{file}: reading it takes pyarrow, which is not installed: pip install pyarrow"
        ) from None
    batches = _parquet_batches if file.suffix == ".parquet" else _arrow_batches
    number = 0
    try:
        for batch in batches(pyarrow, file, columns):
            for values in _python_rows(pyarrow, batch):
                number += 1
                yield Row(f"{file}, row {number}", values)
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(file, f"after row {number}: {error}") from None


def _parquet_batches(_: ModuleType, file: Path, columns: AbstractSet[str]) -> Iterator[Any]:
    parquet = importlib.import_module("pyarrow.parquet")
    with parquet.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False) as table:
        # Solutions make up most of a file: they are not even decompressed.
        wanted = _wanted(file, table.schema_arrow.names, columns)
        yield from table.iter_batches(_BATCH, columns=wanted, use_threads=False)


def _arrow_batches(pyarrow: ModuleType, file: Path, columns: AbstractSet[str]) -> Iterator[Any]:
    with pyarrow.memory_map(str(file)) as mapped:
        seekable = mapped.read(6) == b"ARROW1"  # one of two formats goes by the name of Arrow
        mapped.seek(0)
        reader = (pyarrow.ipc.open_file if seekable else pyarrow.ipc.open_stream)(mapped)
        wanted = _wanted(file, reader.schema.names, columns)
        stored = map(reader.get_batch, range(reader.num_record_batches)) if seekable else reader
        for batch in stored:
            for start in range(0, len(batch), _BATCH):
                yield batch.select(wanted).slice(start, _BATCH)


def _wanted(file: Path, names: Sequence[str], columns: AbstractSet[str]) -> list[str]:
    wanted = [name for name in names if name in columns]
    if not wanted:
        raise ReadError(
            f"{file}: found the columns {', '.join(names)}, expected some of"
            f" {', '.join(sorted(columns))}"
        )
    return wanted


def _python_rows(pyarrow: ModuleType, batch: Any) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = batch.to_pylist()
    except UnicodeDecodeError:
        schema = pyarrow.schema([f.with_type(_as_bytes(pyarrow, f.type)) for f in batch.schema])
        table = pyarrow.Table.from_batches([batch]).cast(schema)
        rows = [_as_text(row) for row in table.to_pylist()]
    return rows


def _as_bytes(pyarrow: ModuleType, kind: Any) -> Any:
    """Return the type that has bytes wherever `kind` has text."""
    if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind):
        return pyarrow.large_binary()
    if pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind):
        return pyarrow.large_list(_as_bytes(pyarrow, kind.value_type))
    if pyarrow.types.is_struct(kind):
        return pyarrow.struct([f.with_type(_as_bytes(pyarrow, f.type)) for f in kind])
    return kind


def _as_text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    if isinstance(value, dict):
        return {name: _as_text(item) for name, item in value.items()}
    return value


def _hub_rows(name: str, split: str | None) -> Iterator[Row]:
    missing = f"{name}: there is no such file or folder"
    if not _HUB_ID.fullmatch(name):
        raise ReadError(f"{missing}; give a file, a folder, a glob or a hub id as owner/name")
    try:
        datasets = importlib.import_module("datasets")
    except ModuleNotFoundError:
        raise ReadError(
            f"{missing}; to read it from the Hugging Face hub: pip install datasets"
        ) from None
    loaded = datasets.load_dataset(name, split=split, streaming=True)
    parts = {split: loaded} if split else loaded
    for part, rows in parts.items():
        for number, values in enumerate(rows, start=1):
            yield Row(f"{name}, split {part}, row {number}", values)


def _damaged(file: Path, what: str) -> ReadError:
    on_one_line = " ".join(what.split())
    return ReadError(f"{file}, {on_one_line}; the file is damaged, cut off or of another kind")
