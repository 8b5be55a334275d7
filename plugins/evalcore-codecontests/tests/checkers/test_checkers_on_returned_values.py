"""What each checker says of values that a function returned."""

from __future__ import annotations

import math

import pytest

from evalcore_codecontests import checkers

ALL = ("tokens", "codecontests", "apps", "taco", "livecodebench")

# Result, expected value, and whether tokens, APPS (and TACO) and LiveCodeBench accept.
VALUES = [
    (3, 3, "YYY"),
    (3, 4, "nnn"),
    ((1, 2), [1, 2], "YYY"),
    ([(1, 2)], [[1, 2]], "Ynn"),
    ([(1, 2)], [[[1, 2]]], "YYn"),
    ([(1, 2), 3], [[[1, 2], 3]], "Ynn"),
    (5, [5], "YYn"),
    (5, [5, 6], "nYn"),
    ([5], [[5]], "YYn"),
    (5, [[5]], "nnn"),
    ([], [], "YYY"),
    (None, [None], "YYn"),
    (True, 1, "YYY"),
    (1, True, "nYY"),
    (True, True, "YYY"),
    (True, 1.0, "nYY"),
    (9.0, 9, "YYY"),
    (9, 9.0, "YYY"),
    (9.5, 9, "nnn"),
    (0.1 + 0.2, 0.3, "Ynn"),
    (0.30001, 0.3, "nnn"),
    (10**18 + 1, 10**18, "nnn"),
    (float(10**18), 10**18, "YYY"),
    (10**400, 1.0, "nnn"),
    (math.inf, math.inf, "YYY"),
    (math.nan, 1.0, "nnn"),
    ("yes", "YES", "nnn"),
    ("1", 1, "nnn"),
    (1, "1", "nnn"),
    (None, False, "nnn"),
    ({1: 2}, {"1": 2}, "Ynn"),
    ({1: 2, "1": 2}, {"1": 2, "2": 2}, "nnn"),
    ({"a": [0.5]}, {"a": [0.5000001]}, "Ynn"),
    ({"a": 1}, {"b": 1}, "nnn"),
    ([1, 2], [2, 1], "nnn"),
    ([1, 2], {"1": 2}, "nnn"),
    ({0: 1}, [1], "nnn"),
    ({1, 2}, [1, 2], "nnn"),
]


@pytest.mark.parametrize(("result", "expected", "verdicts"), VALUES)
def test_values_compare_as_each_rule_says(result, expected, verdicts):
    tokens, apps, livecodebench = (flag == "Y" for flag in verdicts)
    verdict = {name: checkers.get(name).call(result, expected) for name in ALL}
    assert verdict == {
        "tokens": tokens,
        "codecontests": tokens,
        "apps": apps,
        "taco": apps,
        "livecodebench": livecodebench,
    }


def test_nan_is_the_expected_nan():
    assert checkers.get("tokens").call(
        [math.nan],
        [
            math.nan,
        ][:1],
    )
    assert checkers.get("tokens").call(float("nan"), math.nan)


@pytest.mark.parametrize("name", ALL)
def test_values_nested_deeper_than_python_recurses_do_not_raise(name):
    deep: list = []
    other: list = []
    for _ in range(100_000):
        deep, other = [deep], [other]
    assert not checkers.get(name).call(deep, [other, 1])
    assert isinstance(checkers.get(name).call(deep, other), bool)


def test_deep_values_are_compared_to_the_end_by_tokens():
    deep, other = [1], [2]
    for _ in range(100_000):
        deep, other = [deep, 0], [other, 0]
    assert checkers.get("tokens").call(deep, deep)
    assert not checkers.get("tokens").call(deep, other)


def test_integers_longer_than_python_prints_are_compared():
    digits = 10**5000
    assert checkers.get("tokens").call({digits: digits}, {digits: digits})
    assert not checkers.get("tokens").call(digits, digits + 1)
