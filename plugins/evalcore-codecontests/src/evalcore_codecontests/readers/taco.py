"""Rows of TACO and APPS: everything is text, with JSON and Python literals inside.

A problem whose `input_output` names a function (`fn_name`) is called: each input is the list of
arguments. Outputs are kept as they are, wrapped in a list of one element or not: what that
means is for a checker to say. JSON turns integer keys of dicts into texts; where all keys of an
argument or of an output are integers, they are turned back, as the data sets' scorers do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalcore_codecontests.problem import CallTest, Problem, Test
from evalcore_codecontests.readers import values
from evalcore_codecontests.readers.errors import UnfitField

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MARKS = frozenset({"question", "input_output"})
COLUMNS = MARKS | {
    "name",
    "id",
    "problem_id",
    "url",
    "starter_code",
    "source",
    "difficulty",
    "tags",
    "raw_tags",
    "time_limit",
    "memory_limit",
}
_ID_FIELDS = ("name", "id", "problem_id", "url")


def problem(row: Mapping[str, Any], unique: Callable[[str], str]) -> Problem:
    """Make a problem of a row; `unique` turns its name into its id.

    Raises:
        UnfitField: a field does not hold what it should.
    """
    fn_name, tests = _tests(row.get("input_output"))
    known_as = next((row[field] for field in _ID_FIELDS if row.get(field) not in (None, "")), "")
    return Problem(
        id=unique(str(known_as)),
        name=row.get("name") or "",
        statement=row.get("question") or "",
        public_tests=tests[:1],
        hidden_tests=tests[1:],
        time_limit=values.seconds("time_limit", row.get("time_limit")),
        memory_limit=values.size("memory_limit", row.get("memory_limit")),
        fn_name=fn_name,
        starter_code=row.get("starter_code") or "",
        source=values.known(row.get("source")),
        difficulty=values.known(row.get("difficulty")),
        tags=values.labels("tags", row.get("tags"))
        or values.labels("raw_tags", row.get("raw_tags")),
    )


def _tests(packed: Any) -> tuple[str | None, tuple[Test, ...] | tuple[CallTest, ...]]:
    tests = values.unpacked("input_output", packed)
    if not tests:
        return None, ()
    if not isinstance(tests, dict):
        raise UnfitField("input_output", tests, "{inputs, outputs} with or without fn_name")
    pairs = values.pairs("input_output", tests.get("inputs"), tests.get("outputs"))
    if fn_name := tests.get("fn_name"):
        return fn_name, tuple(
            CallTest(_arguments(given), _output(answer)) for given, answer in pairs
        )
    return None, tuple(
        Test(values.text("inputs", given), values.text("outputs", answer))
        for given, answer in pairs
    )


def _arguments(given: Any) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise UnfitField("inputs", given, "the list of arguments of the call")
    return tuple(map(_with_integer_keys, given))


def _output(output: Any) -> Any:
    if isinstance(output, list):
        return [_with_integer_keys(item) for item in output]
    return _with_integer_keys(output)


def _with_integer_keys(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    try:
        return {int(key): item for key, item in value.items()}
    except ValueError:
        return value
