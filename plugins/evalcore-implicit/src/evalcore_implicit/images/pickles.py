"""Pickled mappings of plain values and arrays of bytes, as the CIFAR archives hold them.

A pickle may call whatever it names. Here the names that such arrays are pickled with stand for
functions of this module, and every other name is refused.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np

__all__ = ["load_mapping"]


def load_mapping(content: bytes) -> dict[str, Any]:
    """What a pickle holds: numbers, texts, lists, and arrays of uint8.

    Texts of Python 2 are `bytes`, but for the names, which are `str`.

    Raises:
        pickle.UnpicklingError: if it refers to anything else, or is no mapping.
        Exception: whatever else a damaged pickle leads to.
    """
    found = _Restricted(io.BytesIO(content), encoding="bytes").load()
    if not isinstance(found, dict):
        raise pickle.UnpicklingError(f"it holds a {type(found).__name__}, not a mapping")
    return {_name(key): _plain(value) for key, value in found.items()}


class _Restricted(pickle.Unpickler):
    """Knows the names of an array of bytes, and no others."""

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name in a pickle."""
        known = _KNOWN.get(f"{module}.{name}")
        if known is None:
            raise pickle.UnpicklingError(f"it refers to {module}.{name}")
        return known


class _Type:
    """Stands for the type of an array, which is always uint8."""

    def __init__(self, code: Any, *_: Any) -> None:
        if code not in {"u1", b"u1"}:
            raise pickle.UnpicklingError(f"it has an array of type {code!r}")

    def __setstate__(self, state: Any) -> None:
        """Its byte order and fields, of which uint8 has none."""


class _Array:
    """Stands for an array while it is read."""

    def __init__(self, *_: Any) -> None:
        self.array = np.zeros(0, np.uint8)

    def __setstate__(self, state: Any) -> None:
        """Take the numbers from the state of a NumPy array."""
        _, shape, kind, by_columns, content = state
        if not isinstance(kind, _Type) or not isinstance(content, bytes):
            raise pickle.UnpicklingError("it has an array of something else than bytes")
        array = np.frombuffer(content, np.uint8)
        self.array = array.reshape(shape, order="F" if by_columns else "C")


def _encoded(text: str, encoding: str | bytes) -> bytes:
    """Bytes, as Python 3 pickles them for Python 2."""
    if encoding not in {"latin1", b"latin1"}:
        raise pickle.UnpicklingError(f"it has bytes encoded in {encoding!r}")
    return text.encode("latin1")


_KNOWN: dict[str, Any] = {
    "numpy.core.multiarray._reconstruct": _Array,
    "numpy._core.multiarray._reconstruct": _Array,
    "numpy.ndarray": _Array,
    "numpy.dtype": _Type,
    "_codecs.encode": _encoded,
}


def _name(key: Any) -> str:
    return key.decode("latin1") if isinstance(key, bytes) else str(key)


def _plain(value: Any) -> Any:
    return value.array if isinstance(value, _Array) else value
