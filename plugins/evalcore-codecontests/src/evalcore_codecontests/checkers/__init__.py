"""Checkers: does an output answer the test?

`tokens` is the rule to use. The others repeat, fault for fault, what the scoring programs of
published benchmarks accept, so that a score can be compared with a published one. A checker
sees outputs only: that the program ended well and in time is the judge's business.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalcore_codecontests.checkers import apps, codecontests, livecodebench, taco, tokens

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NAMES", "Checker", "get"]


@dataclass(frozen=True, slots=True)
class Checker:
    """A rule that compares what a program gave with what a test expects.

    Both functions take any input without raising and never evaluate it.

    Attributes:
        name: the name that `get` knows it by.
        summary: the rule in one line.
        stdio: `stdio(output, expected)` compares bytes written to standard output with the
            expected text.
        call: `call(result, expected)` compares the value a function returned with the expected
            one; both are made of `None`, booleans, numbers, strings, lists, tuples and dicts.
    """

    name: str
    summary: str
    stdio: Callable[[bytes, str], bool]
    call: Callable[[Any, Any], bool]


_CHECKERS = (
    Checker(
        "tokens",
        "tokens equal; floats to 1e-6 where a float is expected, integers exactly",
        tokens.stdio,
        tokens.call,
    ),
    Checker(
        "codecontests",
        "as CodeContests scores: case-free tokens, every number to 1e-5 absolute",
        codecontests.stdio,
        codecontests.call,
    ),
    Checker(
        "taco",
        "as TACO scores: whole text, else sets of characters",
        taco.stdio,
        taco.call,
    ),
    Checker(
        "apps",
        "as APPS scores: lines, else sets of tokens in any order, numbers to 3 decimals",
        apps.stdio,
        apps.call,
    ),
    Checker(
        "livecodebench",
        "as LiveCodeBench scores: line by line, numbers exactly as decimals",
        livecodebench.stdio,
        livecodebench.call,
    ),
)
_BY_NAME = {checker.name: checker for checker in _CHECKERS}

NAMES: tuple[str, ...] = tuple(_BY_NAME)


def get(name: str) -> Checker:
    """Return the checker of this name.

    Raises:
        ValueError: there is none; the message names the nearest.
    """
    try:
        return _BY_NAME[name]
    except KeyError:
        near = difflib.get_close_matches(name, NAMES, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(
            f"no checker is called {name!r}: {hint}the checkers are {', '.join(NAMES)}"
        ) from None
