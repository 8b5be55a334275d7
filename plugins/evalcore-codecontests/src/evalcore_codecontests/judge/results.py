"""What a called function returned, as its sandbox wrote it: read with the distrust it deserves."""

from __future__ import annotations

import json
from typing import Any

_MAX_DEPTH = 250


class InvalidResultError(ValueError):
    """The sandbox wrote no result, or one that cannot be compared; the message says which."""


def decode(data: bytes) -> Any:
    """The value that `sandbox.calls.encode` described.

    Raises:
        InvalidResultError: there is none, or it is of a type that cannot be compared.
    """
    try:
        message = json.loads(data)
        if "unsupported" in message:
            raise InvalidResultError(f"the function returned {str(message['unsupported'])[:200]}")
        return _value(message["value"], 0)
    except InvalidResultError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidResultError("the function's result is malformed") from error


def _value(coded: Any, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise InvalidResultError("the function's result is nested too deeply")
    if isinstance(coded, list):
        return [_value(item, depth + 1) for item in coded]
    if not isinstance(coded, dict):
        return coded
    ((kind, content),) = coded.items()
    if kind == "int":
        return int(content, 16)
    if kind == "bytes":
        return bytes.fromhex(content)
    if kind == "tuple":
        return tuple(_value(item, depth + 1) for item in content)
    if kind == "set":
        return {_value(item, depth + 1) for item in content}
    if kind == "dict":
        return {_value(key, depth + 1): _value(item, depth + 1) for key, item in content}
    raise InvalidResultError(f"the function's result has a part of unknown kind {kind!r}")
