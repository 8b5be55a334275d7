"""A program's values as text, of bounded length and time, and without running any of its code.

A value is known by its exact type alone. To ask an object for its length or its elements, a class
for its name or its hash, or two objects which is less may all run code of the program, which would
then do in the traced run what it does in no other.
"""

from __future__ import annotations

import builtins
from collections import Counter, OrderedDict, defaultdict, deque
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

# A program may replace functions that we need after it: keep our own.
__builtins__ = vars(builtins).copy()  # type: ignore[assignment]

LONGEST = 100
"""Characters of a line or value; of a longer one half of them stand at its beginning, half at its
end."""
_LEVELS = 3
_ELEMENTS = 20
_PAIRS = 10
_SORTED = 1000
"""Elements of a set that are put in order; the first ones of a larger set are as they come."""
_LARGE_INT_BITS = 1024


def is_value(value: Any) -> bool:
    """Whether it is neither a function, nor a class, nor a module."""
    return not (callable(value) or issubclass(type(value), ModuleType))


def shown(value: Any) -> str:
    """The value as `repr` has it, but cut; of any but the usual types the name of its class."""
    return cut(_text(value, _LEVELS))


def cut(text: str) -> str:
    """The text without its middle, where it is long."""
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]}...{text[-half:]}"


def _text(value: Any, level: int) -> str:
    write = _WRITERS.get(id(type(value)))
    return write(value, level) if write else f"<{_class_name(type(value))}>"


def _class_name(kind: type) -> str:
    name = type.__dict__["__name__"].__get__(kind)  # a metaclass may have a `__name__` of its own
    return str.__str__(name)


def _plain(value: Any, level: int) -> str:
    return repr(value)


def _int(value: int, level: int = 0) -> str:
    size = value.bit_length()
    return repr(value) if size < _LARGE_INT_BITS else f"<int of {size} bits>"


def _str(value: str, level: int) -> str:
    text = repr(value[:LONGEST])
    if len(text) <= LONGEST:
        return text
    head = (LONGEST - 3) // 2
    tail = LONGEST - 3 - head
    text = repr(value[:head] + value[-tail:])
    return f"{text[:head]}...{text[-tail:]}"


def _bytes(value: bytes, level: int) -> str:
    return repr(value[:LONGEST])


def _range(value: range, level: int) -> str:
    parts = [value.start, value.stop] + [value.step] * (value.step != 1)
    return f"range({', '.join(map(_int, parts))})"


def _list(value: list[Any], level: int) -> str:
    return _between("[", value, "]", level)


def _tuple(value: tuple[Any, ...], level: int) -> str:
    return _between("(", value, ",)" if len(value) == 1 and level > 0 else ")", level)


def _deque(value: deque[Any], level: int) -> str:
    return _between("deque([", value, "])", level)


def _set(value: set[Any], level: int) -> str:
    return _between("{", _ordered(value), "}", level, len(value)) if value else "set()"


def _frozenset(value: frozenset[Any], level: int) -> str:
    if not value:
        return "frozenset()"
    return _between("frozenset({", _ordered(value), "})", level, len(value))


def _dict(value: dict[Any, Any], level: int) -> str:
    if level <= 0:
        return "{...}"
    pairs = list(islice(dict.items(value), _PAIRS))
    texts = [f"{_text(key, level - 1)}: {_text(item, level - 1)}" for key, item in pairs]
    return "{" + ", ".join(texts + ["..."] * (dict.__len__(value) > _PAIRS)) + "}"


def _between(
    opening: str, elements: Collection[Any], closing: str, level: int, count: int | None = None
) -> str:
    """The first elements, of `count` or all of them."""
    count = len(elements) if count is None else count
    if level <= 0 and count:
        return f"{opening}...{closing}"
    texts = [_text(element, level - 1) for element in list(islice(elements, _ELEMENTS))]
    return opening + ", ".join(texts + ["..."] * (count > _ELEMENTS)) + closing


def _ordered(elements: set[Any] | frozenset[Any]) -> list[Any]:
    """The elements in their order, where nothing of the program is asked for it."""
    if len(elements) > _SORTED:
        return list(islice(elements, _ELEMENTS))
    found = list(elements)
    if any(_are(kind, found) for kind in (int, float, str)):
        found.sort()
    return found


def _are(kind: type, values: Iterable[Any]) -> bool:
    return all(type(value) is kind for value in values)


# By identity, as a look-up by the class itself may ask it for its hash.
_WRITERS: dict[int, Callable[[Any, int], str]] = {
    id(kind): write
    for write, kinds in [
        (_plain, (type(None), bool, float, complex)),
        (_int, (int,)),
        (_str, (str,)),
        (_bytes, (bytes,)),
        (_range, (range,)),
        (_list, (list,)),
        (_tuple, (tuple,)),
        (_deque, (deque,)),
        (_set, (set,)),
        (_frozenset, (frozenset,)),
        (_dict, (dict, defaultdict, Counter, OrderedDict)),
    ]
    for kind in kinds
}
