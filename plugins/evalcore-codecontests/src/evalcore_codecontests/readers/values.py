"""Values out of the many spellings that the data sets have for them."""

from __future__ import annotations

import ast
import json
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from evalcore_codecontests.readers.errors import UnfitField

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_VALUE = frozenset({"", "none", "null", "nan", "unknown", "n/a"})
_PROTO_DURATION = re.compile(r"(?:seconds:\s*(\d+))?\s*(?:nanos:\s*(\d+))?")
_AMOUNT = re.compile(r"(?:[\d.]+\s*(?:-|to)\s*)?(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)\.?")
_SECONDS = {
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
}
_BYTES = {
    **dict.fromkeys(("", "b", "byte", "bytes"), 1),
    **dict.fromkeys(("k", "kb", "kib", "kilobyte", "kilobytes"), 2**10),
    **dict.fromkeys(("m", "mb", "mib", "megabyte", "megabytes", "mebibytes"), 2**20),
    **dict.fromkeys(("g", "gb", "gib", "gigabyte", "gigabytes", "gibibytes"), 2**30),
}


def load_json(text: str) -> Any:
    """Parse JSON, with integers of any length.

    Raises:
        ValueError: `text` is not JSON, or nested too deep.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise ValueError("nested too deep") from None
    except ValueError:  # an integer longer than `int` takes; the limit is the process's own
        return json.loads(text, parse_int=_integer)


def unpacked(field: str, value: Any) -> Any:
    """Return what a text holds as JSON or as a Python literal; other values as they are."""
    if not isinstance(value, str):
        return value
    if value.strip().lower() in _NO_VALUE:
        return None
    try:
        return load_json(value)
    except ValueError:
        pass
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise UnfitField(field, value, "JSON or a Python literal inside the text") from None


def text(field: str, value: Any) -> str:
    r"""Return a text, or a list of lines joined by `\n`; numbers become their digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(text(field, line) for line in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(Decimal(value))  # `str` of an integer has a limit of digits
    if isinstance(value, float):
        return str(value)
    raise UnfitField(field, value, "a text or a list of lines")


def pairs(field: str, inputs: Any, outputs: Any) -> list[tuple[Any, Any]]:
    """Return the inputs with their outputs, from two lists that either may be missing."""
    inputs, outputs = inputs or [], outputs or []
    if not (isinstance(inputs, list) and isinstance(outputs, list)):
        raise UnfitField(field, (inputs, outputs), "a list of inputs and a list of outputs")
    if len(inputs) != len(outputs):
        found = f"{len(inputs)} inputs and {len(outputs)} outputs"
        raise UnfitField(field, found, "as many outputs as inputs", "mend or drop the problem")
    return list(zip(inputs, outputs, strict=True))


def known(value: Any) -> str:
    """Return a label as it is, or "" for none and for one that says "unknown"."""
    return "" if value is None or str(value).upper().startswith("UNKNOWN") else str(value)


def label(field: str, value: Any, names: Mapping[int, str]) -> str:
    """Return the name of an enumerated value, given by number or by name; "" for unknown.

    Labels decide nothing: a number that has no name is kept.
    """
    if value is None or (isinstance(value, str) and not value.isdecimal()):
        return known(value)
    try:
        return names[int(value)]
    except (KeyError, ValueError, TypeError):
        return str(value)


def labels(field: str, value: Any) -> tuple[str, ...]:
    """Return a list of labels, which may be written inside a text; the empty ones dropped.

    Labels decide nothing: what is no list of them is kept as one.
    """
    try:
        items = unpacked(field, value)
    except UnfitField:
        items = value
    listed = items if isinstance(items, list | tuple) else [items]
    return tuple(str(item) for item in listed if item)


def seconds(field: str, value: Any) -> float | None:
    """Return a duration in seconds; none when it is zero or absent.

    A duration is a number of seconds, `{seconds, nanos}` with numbers or texts inside, that
    message as protocol buffers print it, or free text as "2.0 seconds". Of a range, the longer.
    """
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = unpacked(field, value)
    if isinstance(value, str) and (proto := _PROTO_DURATION.fullmatch(value.strip())):
        value = {"seconds": proto[1], "nanos": proto[2]}
    if isinstance(value, dict):
        total = _plain(field, value.get("seconds")) + _plain(field, value.get("nanos")) / 1e9
    else:
        total = _amount(field, value, _SECONDS, "seconds, as 2, {seconds, nanos} or '2 seconds'")
    return total or None


def size(field: str, value: Any) -> int | None:
    """Return a size in bytes, from a number or a text as "256 megabytes"; none when zero."""
    return int(_amount(field, value, _BYTES, "bytes, as 268435456 or '256 megabytes'")) or None


def _amount(field: str, value: Any, units: Mapping[str, float], expected: str) -> float:
    if value is None or str(value).strip().lower() in _NO_VALUE:
        return 0.0
    if type(value) in (int, float) and 0 <= value < math.inf:
        return float(value)
    parsed = _AMOUNT.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if parsed is None or parsed[2] not in units:
        raise UnfitField(field, value, expected, "leave it empty where there is no limit")
    return float(parsed[1]) * units[parsed[2]]


def _plain(field: str, value: Any) -> float:
    return _amount(field, value, {"": 1.0}, "a number of seconds or nanoseconds")


def _integer(digits: str) -> int:
    return int(Decimal(digits))
