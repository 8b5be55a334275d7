"""Values of metrics as data that JSON can hold, and back, each of the type that it had.

lm-eval hands its aggregation functions what the task gave for each document: mostly numbers, but
also tuples of texts, arrays of probabilities or whole documents. Numbers, texts, lists and
dictionaries stand as they are; what JSON has no form for stands in an object with one key that
names its type.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["pack", "unpack"]


def pack(value: Any) -> Any:
    """The value as JSON-ready data.

    Raises:
        TypeError: if it holds an object of another type.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value.item() if isinstance(value, np.generic) else value
    if isinstance(value, np.generic):
        return pack(value.item())
    if isinstance(value, list):
        return [pack(item) for item in value]
    if isinstance(value, tuple):
        return {"~tuple": [pack(item) for item in value]}
    if isinstance(value, np.ndarray):
        return {"~array": [value.dtype.str, pack(value.tolist())]}
    if isinstance(value, dict):
        return _pack_mapping(value)
    raise TypeError(f"a value of type {type(value).__name__} cannot be kept in a record")


def unpack(value: Any) -> Any:
    """What `pack` was given."""
    if isinstance(value, list):
        return [unpack(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"~tuple": items}:
            return tuple(unpack(item) for item in items)
        case {"~array": [dtype, items]}:
            return np.array(unpack(items), dtype=dtype)
        case {"~dict": items}:
            return {unpack(key): unpack(item) for key, item in items}
    return {key: unpack(item) for key, item in value.items()}


def _pack_mapping(value: dict[Any, Any]) -> dict[str, Any]:
    if all(isinstance(key, str) and not key.startswith("~") for key in value):
        return {key: pack(item) for key, item in value.items()}
    return {"~dict": [[pack(key), pack(item)] for key, item in value.items()]}
