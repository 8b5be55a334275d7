"""`evalcore records RUN`."""

from __future__ import annotations

import csv
import json
import sys
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalcore.errors import RunError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from evalcore.data import Record


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("run", type=Path, metavar="RUN", help="directory of a run")
    parser.add_argument(
        "--format", choices=["jsonl", "csv", "parquet"], default="jsonl", help="[jsonl]"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the records to standard output."""
    from evalcore.rundir import open_store

    store = open_store(arguments.run)
    if isinstance(sys.stdout, TextIOWrapper):
        # Half a surrogate pair leaves as its escape, which is the one of JSON too.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        _FORMATS[arguments.format](rows_of(store.records()))
    finally:
        store.close()
    return 0


def rows_of(records: Iterable[Record]) -> Iterator[dict[str, Any]]:
    """Records as flat rows of scalars and JSON-ready values, as `evalcore records` prints them."""
    for r in records:
        yield {
            "cell": r.cell,
            "sample": r.sample,
            "attempt": r.attempt,
            "seed": r.seed,
            "value": r.score.value if r.score else None,
            "label": r.score.label if r.score else None,
            "failure": r.failure.kind if r.failure else None,
            "error": f"{r.failure.error}: {r.failure.message}" if r.failure else None,
            "answer": r.answer,
            "endings": " ".join(r.endings),
            "calls": r.usage.calls,
            "prompt_tokens": r.usage.prompt_tokens,
            "completion_tokens": r.usage.completion_tokens,
            "dollars": r.usage.dollars,
            "seconds": r.usage.seconds,
            "executions": r.usage.executions,
            "cached": r.usage.cached,
            "saved": r.usage.saved,
            "saved_tokens": r.usage.saved_tokens,
            "messages": [{"role": m.role, "content": m.content} for m in r.messages],
            "score_details": dict(r.score.details) if r.score else None,
            "details": dict(r.details),
            "metadata": dict(r.metadata),
        }


def _jsonl(rows: Iterator[dict[str, Any]]) -> None:
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


def _csv(rows: Iterator[dict[str, Any]]) -> None:
    writer = csv.DictWriter(sys.stdout, list(_COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_flat(row) for row in rows)


def _parquet(records: Iterator[dict[str, Any]]) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise RunError("Parquet needs pyarrow: pip install pyarrow") from None
    if sys.stdout.isatty():
        raise RunError("Parquet is no text; send it to a file: ... --format parquet > FILE")
    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in _COLUMNS.items()])
    with parquet.ParquetWriter(pa.PythonFile(sys.stdout.buffer, mode="w"), schema) as writer:
        while batch := list(islice(records, 1_000)):
            rows = [{name: _valid(value) for name, value in _flat(row).items()} for row in batch]
            writer.write_table(pa.Table.from_pylist(rows, schema))


_COLUMNS = {
    "cell": "string",
    "sample": "string",
    "attempt": "int64",
    "seed": "int64",
    "value": "float64",
    "label": "string",
    "failure": "string",
    "error": "string",
    "answer": "string",
    "endings": "string",
    "calls": "int64",
    "prompt_tokens": "int64",
    "completion_tokens": "int64",
    "dollars": "float64",
    "seconds": "float64",
    "executions": "int64",
    "cached": "int64",
    "saved": "float64",
    "saved_tokens": "int64",
    "messages": "string",
    "score_details": "string",
    "details": "string",
    "metadata": "string",
}
_FORMATS = {"jsonl": _jsonl, "csv": _csv, "parquet": _parquet}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """The row with what is not a scalar as JSON."""
    return {
        name: value
        if value is None or isinstance(value, str | int | float)
        else json.dumps(value, ensure_ascii=False)
        for name, value in row.items()
    }


def _valid(value: Any) -> Any:
    """The value with half a surrogate pair escaped: Parquet holds valid UTF-8 alone."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode()
    return value
