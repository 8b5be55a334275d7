"""Rows of CodeContests: as Parquet from the hub, as JSON from its own converter.

Two numberings of `source` are in use. The hub's counts without a gap; the protocol buffers',
which the converter keeps, have AtCoder at 6 and Aizu at 7. Only 6 is ambiguous, and the layout
of the tests settles it: two parallel lists on the hub, a list of pairs from the converter.
`difficulty` is numbered as in the protocol buffers everywhere, with 18 left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalcore_codecontests.problem import Problem, Test
from evalcore_codecontests.readers import values
from evalcore_codecontests.readers.errors import UnfitField

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MARKS = frozenset({"description", "public_tests", "private_tests", "generated_tests"})
COLUMNS = MARKS | {
    "name",
    "source",
    "difficulty",
    "cf_tags",
    "untranslated_description",
    "time_limit",
    "memory_limit_bytes",
    "input_file",
    "output_file",
}

_SOURCES = {0: "", 1: "CODECHEF", 2: "CODEFORCES", 3: "HACKEREARTH", 4: "CODEJAM"}
_HUB_SOURCES = {**_SOURCES, 5: "ATCODER", 6: "AIZU", 7: "AIZU"}
_PROTO_SOURCES = {**_SOURCES, 5: "ATCODER", 6: "ATCODER", 7: "AIZU"}
_NAMED = ("", "EASY", "MEDIUM", "HARD", "HARDER", "HARDEST", "EXTERNAL")
_DIFFICULTIES = {
    **dict(enumerate(_NAMED)),
    **dict(enumerate("ABCDEFGHIJK", start=7)),
    **dict(enumerate("LMNOPQRSTUV", start=19)),
}


def problem(row: Mapping[str, Any], unique: Callable[[str], str]) -> Problem:
    """Make a problem of a row; `unique` turns its name into its id.

    Raises:
        UnfitField: a field does not hold what it should.
    """
    name = row.get("name") or ""
    public = _tests("public_tests", row)
    hidden = _tests("private_tests", row) + _tests("generated_tests", row)
    files = row.get("input_file") or "", row.get("output_file") or ""
    sources = _PROTO_SOURCES if isinstance(row.get("public_tests"), list) else _HUB_SOURCES
    return Problem(
        id=unique(name),
        name=name,
        statement=row.get("description") or row.get("untranslated_description") or "",
        public_tests=public,
        hidden_tests=hidden,
        time_limit=values.seconds("time_limit", row.get("time_limit")),
        memory_limit=values.size("memory_limit_bytes", row.get("memory_limit_bytes")),
        source=values.label("source", row.get("source"), sources),
        difficulty=values.label("difficulty", row.get("difficulty"), _DIFFICULTIES),
        tags=values.labels("cf_tags", row.get("cf_tags")),
        files=files if any(files) else None,
    )


def _tests(field: str, row: Mapping[str, Any]) -> tuple[Test, ...]:
    tests = values.unpacked(field, row.get(field))
    if tests is None:
        return ()
    try:
        if isinstance(tests, list):
            inputs, outputs = [t["input"] for t in tests], [t["output"] for t in tests]
        else:
            inputs, outputs = tests["input"], tests["output"]
    except (KeyError, TypeError):
        raise UnfitField(field, tests, "tests that have an input and an output") from None
    return tuple(
        Test(values.text(field, given), values.text(field, answer))
        for given, answer in values.pairs(field, inputs, outputs)
    )
