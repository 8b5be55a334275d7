"""Pydantic's errors in the words of a spec: what was found, what was expected, what is nearest."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from evalcore.document import path_of, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalcore.document import Place

__all__ = ["NAME", "explain"]

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
"""What a name may look like."""
_NAME_IN_WORDS = "letters, digits, '.', '_' and '-', a letter or digit first"


def explain(
    error: ValidationError, written: Any, model: type[BaseModel], owner: str
) -> Iterator[tuple[Place, str, bool]]:
    """The problems of a value, each once.

    Args:
        error: what pydantic says.
        written: the value as it was written.
        model: what the value was to be.
        owner: what the value belongs to, as a message names it.

    Yields:
        The place inside the value, the text, and whether the problem is the key itself. Where
        several forms are allowed, the text names them all.
    """
    items: dict[Place, list[Any]] = {}
    for item in error.errors(include_url=False):
        items.setdefault(_place_in(written, item["loc"]), []).append(item)
    for at, alike in items.items():
        text = _explain(alike, _value_at(written, at), at, model, owner)
        yield at, text, alike[0]["type"] == "extra_forbidden"


def _explain(items: list[Any], found: Any, at: Place, model: type[BaseModel], owner: str) -> str:
    kind = items[0]["type"]
    if kind == "extra_forbidden":
        return _unknown_key(str(at[-1]), _setting_names(model, at[:-1]), owner, at[:-1])
    if kind == "missing":
        return f"missing: {_owner(owner, at[:-1])} needs {at[-1]!r} here"
    if kind in {"value_error", "assertion_error"}:
        return f"found {short(found)}: {items[0]['ctx']['error']}"
    expected = " or ".join(dict.fromkeys(_expected(item) for item in items))
    return f"found {short(found)}, expected {expected}{_nearest(items[0], found)}"


def _unknown_key(key: str, names: list[str], owner: str, above: Place) -> str:
    near = get_close_matches(key, names, n=1, cutoff=0.5)
    if near:
        return f"found an unknown key {key!r}, did you mean {near[0]!r}?"
    known = f"has {', '.join(names)}" if names else "has no settings"
    return f"found an unknown key {key!r}; {_owner(owner, above)} {known}"


def _owner(owner: str, above: Place) -> str:
    return f"{path_of(above)!r} of {owner}" if above else owner


def _expected(item: Any) -> str:
    """What pydantic expected, in our words where its own are those of a programmer."""
    words = _EXPECTED.get(item["type"])
    if item["type"] == "string_pattern_mismatch" and item["ctx"]["pattern"] == NAME:
        return _NAME_IN_WORDS
    if words is not None:
        bounds = item.get("ctx", {}).items()
        return words.format(**{k: f"{v:g}" if isinstance(v, float) else v for k, v in bounds})
    return str(item["msg"]).removeprefix("Input should be ")


_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "keys with values (key: value)",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "a number greater than {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "less_than": "a number less than {lt}",
    "less_than_equal": "a number of at most {le}",
    "list_type": "a list",
    "model_type": "keys with values (key: value)",
    "string_pattern_mismatch": "a text of the form {pattern}",
    "string_too_long": "a text of at most {max_length} characters",
    "string_too_short": "a text of at least {min_length} characters",
    "string_type": "a text",
    "too_long": "{max_length} items or fewer",
    "too_short": "{min_length} item or more",
    "tuple_type": "a list",
}


def _nearest(item: Any, found: Any) -> str:
    if item["type"] not in {"literal_error", "enum"} or not isinstance(found, str):
        return ""
    near = get_close_matches(found, re.findall(r"'([^']*)'", item["ctx"]["expected"]), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _setting_names(model: type[BaseModel], above: Place) -> list[str]:
    """The names that the model has at a place inside it; none where that cannot be told."""
    for part in above:
        field = model.model_fields.get(str(part))
        forms = [field.annotation, *get_args(field.annotation)] if field else []
        inner = [form for form in forms if isinstance(form, type) and issubclass(form, BaseModel)]
        if not inner:
            return []
        model = inner[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def _place_in(written: Any, loc: tuple[Any, ...]) -> Place:
    """The place in the text that pydantic means; its other words name the forms of a union."""
    place: Place = ()
    for i, part in enumerate(loc):
        inside = isinstance(written, dict) and part in written
        listed = isinstance(written, list) and isinstance(part, int) and part < len(written)
        if inside or listed:
            place = (*place, part)
            written = written[part]
        elif i == len(loc) - 1 and isinstance(written, dict):
            place = (*place, part)
    return place


def _value_at(written: Any, place: Place) -> Any:
    for part in place:
        try:
            written = written[part]
        except (KeyError, IndexError, TypeError):
            return None
    return written
