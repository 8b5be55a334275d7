"""Programs of which one function is called: `fn(*args)`, or the method of `class Solution`."""

from __future__ import annotations

import builtins
import json
import marshal
import os
import sys
from typing import TYPE_CHECKING, Any

from .python_program import become_python, compile_program, execute, fresh_module

if TYPE_CHECKING:
    from pathlib import Path

# Names that sites for such problems define before the text of a solution.
HEADER = """\
import bisect, collections, copy, datetime, functools, heapq, itertools, math, operator, random
import re, string, sys, time
from bisect import bisect_left, bisect_right, insort, insort_left, insort_right
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque, namedtuple
from copy import deepcopy
from fractions import Fraction
from functools import cache, cmp_to_key, lru_cache, partial, reduce
from heapq import *
from itertools import *
from math import ceil, comb, cos, exp, fabs, factorial, floor, gcd, inf, isqrt, lcm, log, log2
from math import perm, pi, sin, sqrt, tan
from typing import *
"""
# A program may replace functions that we need after it: keep our own.
__builtins__ = vars(builtins).copy()  # type: ignore[assignment]
_exit = os._exit

_MODULE = "solution"
_MAX_DEPTH = 200
_PLAIN_INT_BITS = 63


class CallProgram:
    """A program compiled once; each run calls its function on arguments of its own.

    Attributes:
        code: the program, compiled.
    """

    may_execute = False
    may_fork = False

    def __init__(self, path: Path, function: str) -> None:
        self._path = path
        self._function = function
        self.code = compile_program(path)
        become_python(path)
        self._names: dict[str, Any] = {}
        exec(HEADER, self._names)  # noqa: S102 - our own text

    def run(self, extra: list[int]) -> None:
        """Call the function, write what it returned, and end this process."""
        report, arguments, result = extra
        os.close(report)
        args = read_arguments(arguments)
        status = execute(lambda: _write(result, self.act(*args)))
        execute(sys.stdout.flush)
        _exit(status)

    def act(self, *args: Any) -> Any:
        """Call the function."""
        module = fresh_module(_MODULE, self._path)
        module.__dict__.update(self._names, __name__=_MODULE, __builtins__=builtins)
        exec(self.code, module.__dict__)  # noqa: S102 - the very purpose
        function = module.__dict__.get(self._function)
        if not callable(function):
            solution = module.__dict__.get("Solution")
            if solution is None:
                raise NameError(f"name {self._function!r} is not defined")
            function = getattr(solution(), self._function)
        return function(*args)


def read_arguments(fd: int) -> tuple[Any, ...]:
    """What the function is to be called with, as the judge wrote it."""
    args: tuple[Any, ...] = marshal.loads(os.pread(fd, os.fstat(fd).st_size, 0))  # noqa: S302
    return args


def _write(fd: int, value: Any) -> None:
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 10 * _MAX_DEPTH))
    try:
        encoded = {"value": encode(value)}
    except TypeError as error:
        encoded = {"unsupported": str(error)}
    data = json.dumps(encoded).encode()
    while data:
        data = data[os.write(fd, data) :]


def encode(value: Any, depth: int = 0) -> Any:
    """A result as JSON that keeps its types; subclasses count as what they extend.

    Raises:
        TypeError: a value of another type, or nested too deeply; the message says which.
    """
    if depth > _MAX_DEPTH:
        raise TypeError(f"a result nested over {_MAX_DEPTH} levels deep")
    kinds = type(value).__mro__
    if value is None or value is True or value is False:
        return value
    if int in kinds:
        return _encode_int(int.__add__(value, 0))
    if float in kinds:
        return float.__add__(value, 0.0)
    if str in kinds:
        return str.__str__(value)
    if bytes in kinds or bytearray in kinds:
        return {"bytes": bytes(value).hex()}
    return _encode_container(value, kinds, depth + 1)


def _encode_int(value: int) -> Any:
    return value if value.bit_length() <= _PLAIN_INT_BITS else {"int": hex(value)}


def _encode_container(value: Any, kinds: tuple[type, ...], depth: int) -> Any:
    if list in kinds:
        return [encode(item, depth) for item in list.__iter__(value)]
    if tuple in kinds:
        return {"tuple": [encode(item, depth) for item in tuple.__iter__(value)]}
    if dict in kinds:
        pairs = dict.items(value)
        return {"dict": [[encode(key, depth), encode(item, depth)] for key, item in pairs]}
    if set in kinds or frozenset in kinds:
        return {"set": [encode(item, depth) for item in value]}
    if _is(value, "collections", "deque"):
        return [encode(item, depth) for item in value]
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return encode(value.tolist(), depth)
    raise TypeError(f"a result of type {type(value).__qualname__}")


def _is(value: Any, module: str, name: str) -> bool:
    kind = type(value)
    return kind.__module__ == module and kind.__qualname__ == name
