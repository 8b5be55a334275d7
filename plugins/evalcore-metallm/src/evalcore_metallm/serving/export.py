"""The log of a server as rows that `evalcore route evaluate` reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from evalcore_metallm.serving.database import read_only

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Export", "export", "is_exported"]


class Export(NamedTuple):
    """Choices of a deployed router, and how many requests were left out for which reason."""

    rows: list[dict[str, Any]]
    left_out: dict[str, int]


def export(state: Path) -> Export:
    """The choices in the state of a server, also of one that runs.

    A row is a request whose answer is from the arm that the policy picked, out of all arms: the
    propensity of others is not known, or is not that of a choice among all. Quality is nothing
    where nobody told.

    Raises:
        EvalcoreError: if the file is no state of a server, or is damaged.
    """
    with read_only(state) as connection:
        rows = [dict(zip(_COLUMNS, row, strict=True)) for row in connection.execute(_CHOICES)]
        left_out = {
            reason: connection.execute(f"{_COUNT} {which}").fetchone()[0]
            for reason, which in _LEFT_OUT.items()
        }
    for row in rows:
        if row["query"] is None:  # it was not kept
            del row["query"]
    return Export(rows, {reason: count for reason, count in left_out.items() if count})


def is_exported(file: Path) -> bool:
    """Whether all that a file holds is rows of an export; so it is if it holds nothing."""
    try:
        with file.open(encoding="utf-8") as lines:
            return all(_is_row(json.loads(line)) for line in lines)
    except (OSError, ValueError, RecursionError):
        return False


def _is_row(found: Any) -> bool:
    return isinstance(found, dict) and found.keys() | {"query"} == set(_COLUMNS)


_COLUMNS = (
    "id", "query", "arm", "quality", "cost", "prompt_tokens", "completion_tokens", "propensity",
)  # fmt: skip
_CHOICES = """
SELECT request.id, query, chosen, quality, dollars, prompt_tokens, completion_tokens, propensity
FROM request LEFT JOIN event USING (number)
WHERE status = 'answered' AND chosen = asked AND instr(allowed, '0') = 0
ORDER BY number
"""
_COUNT = "SELECT COUNT(*) FROM request WHERE"
_LEFT_OUT = {
    "has no whole answer": "status != 'answered'",
    "was answered by another arm": "status = 'answered' AND chosen != asked",
    "could not go to every arm": (
        "status = 'answered' AND chosen = asked AND instr(allowed, '0') > 0"
    ),
}
