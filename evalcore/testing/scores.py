"""Scored attempts for the test of a metric, from a real run store."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from evalcore.data import Failure, Record, Score, Usage
from evalcore.measure import CellScores
from evalcore.store import Store
from evalcore.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["record", "scores_of"]

_CELL = "base"


def record(
    sample: str,
    value: float | None,
    *,
    attempt: int = 0,
    label: str = "",
    answer: Any = "",
    details: Mapping[str, Any] | None = None,
    strategy: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    usage: Usage | None = None,
) -> Record:
    """One attempt at a sample; `value` is its score, `None` where the attempt failed.

    `details` are those of the score, `strategy` is what the strategy put on record.
    """
    failed = value is None
    return Record(
        cell=_CELL,
        sample=sample,
        attempt=attempt,
        seed=0,
        answer=answer,
        score=None if value is None else Score(value, label, details or {}),
        failure=Failure("model", "RuntimeError", "the model failed") if failed else None,
        usage=usage or Usage(calls=1, prompt_tokens=10, completion_tokens=5),
        details=strategy or {},
        metadata=metadata or {},
    )


@contextmanager
def scores_of(records: Iterable[Record], file: Path) -> Iterator[CellScores]:
    """What `Metric.compute` is handed for these attempts, while the context lasts.

    Args:
        records: attempts made by `record`.
        file: where the run store is to be; nothing may be there.
    """
    store = Store.create(file)
    try:
        store.set_cells([(_CELL, "", {})])
        (cell,) = store.cells()
        errors: list[BaseException] = []
        with Writer(file, {_CELL: cell.id}, lambda batch: None, errors.append) as writer:
            for item in records:
                writer.put(item)
        if errors:
            raise errors[0]
        yield CellScores(store, cell)
    finally:
        store.close()
