"""Readers: problems out of the files that CodeContests, TACO and APPS come in.

What the readers decide where the data leave it open:

- Every problem gets an `id` of its own: its name, then `name#2`, `name#3` for those that share
  it, in the order of the files. The same files give the same ids.
- The public tests of CodeContests are its `public_tests`; private and generated tests are
  hidden. TACO and APPS have one list: its first test is public, the rest is hidden.
- A problem without tests is yielded all the same; a judge cannot judge it.
- Limits of zero or none, and labels that say "unknown", are none.
- A megabyte is 2**20 bytes, as the contest sites mean it.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal

from evalcore_codecontests.readers import codecontests, taco
from evalcore_codecontests.readers.errors import ReadError, UnfitField
from evalcore_codecontests.readers.sources import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from evalcore_codecontests.problem import Problem

    Parse = Callable[[Mapping[str, Any], Callable[[str], str]], Problem]

__all__ = ["ReadError", "read_problems"]

_PARSERS: dict[str, Parse] = {"codecontests": codecontests.problem, "taco": taco.problem}
_MARKS = {"codecontests": codecontests.MARKS, "taco": taco.MARKS}
_COLUMNS = codecontests.COLUMNS | taco.COLUMNS


def read_problems(
    path: str | Path | Sequence[str | Path],
    *,
    split: str | None = None,
    format: Literal["auto", "codecontests", "taco"] = "auto",  # noqa: A002
) -> Iterator[Problem]:
    """Yield the problems of a data set, one at a time, in the order of its files.

    Args:
        path: a file, a folder, a glob, several of these, or the id of a data set on the Hugging
            Face hub (which takes the `datasets` package). Files are Parquet or Arrow (which
            take `pyarrow`), JSON Lines (`.jsonl`, `.jsonl.gz`), or the `.json` that
            CodeContests' own converter writes. Of a folder that holds several kinds, the first
            of these is read; of TACO's folder, the part `ALL`, which has each problem once.
        split: read only files of this split: those with the word in their name, as
            `test-00000-of-00001.parquet`, or in a folder of that name.
        format: the fields of the rows: CodeContests' own, or TACO's, which APPS shares. `auto`
            tells them apart row by row.

    Raises:
        ReadError: a file or a row is not what it should be; the message names the place.
    """
    parse = None if format == "auto" else _PARSERS[format]
    names = _Names()
    for row in rows_of(path, split, _COLUMNS):
        try:
            problem = (parse or _parser(row.values))(row.values, names.unique)
        except UnfitField as error:
            raise ReadError(f"{row.place}{_called(row.values)}, {error}") from None
        yield problem


def _parser(values: Mapping[str, Any]) -> Parse:
    for name, marks in _MARKS.items():
        if values.keys() & marks:
            return _PARSERS[name]
    raise UnfitField(
        "of the problem",
        sorted(values),
        "those of CodeContests (description, public_tests, ...) or TACO (question, ...)",
    )


def _called(values: Mapping[str, Any]) -> str:
    name = values.get("name") or values.get("id")
    return f" ({name})" if isinstance(name, str) else ""


class _Names:
    """Makes names unique, keeping no more than the names."""

    def __init__(self) -> None:
        self._uses: dict[str, int] = {}

    def unique(self, name: str) -> str:
        name = name or "unnamed"
        if name not in self._uses:
            self._uses[name] = 1
            return name
        for use in itertools.count(self._uses[name] + 1):
            candidate = f"{name}#{use}"
            if candidate not in self._uses:
                break
        self._uses[name] = use
        self._uses[candidate] = 1
        return candidate
