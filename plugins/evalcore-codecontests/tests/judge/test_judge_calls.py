"""Programs of which a function is called."""

from __future__ import annotations

import collections
import contextlib
import decimal
import fractions
import json
import math
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalcore_codecontests.judge import Limits, Verdict
from evalcore_codecontests.judge.results import InvalidResultError, decode
from evalcore_codecontests.judge.sandbox import calls


def decoded(value):
    return decode(json.dumps({"value": calls.encode(value)}).encode())


def test_a_function(ask_call):
    judgement = ask_call("def f(a, b): return a + b", [((1, 2), 3), (("a", "b"), "ab")])
    assert judgement.verdict is Verdict.ACCEPTED, judgement
    assert [test.result for test in judgement.tests] == [3, "ab"]


def test_a_method_of_solution_with_the_usual_names_at_hand(ask_call):
    code = (
        "class Solution:\n"
        "    def f(self, n: List[int]) -> Optional[int]:\n"
        "        c = Counter(n); d = defaultdict(int); q = deque(n)\n"
        "        return heapq.nlargest(1, n)[0] + math.gcd(4, 6) + len(c) + bisect_left(n, 2)\n"
    )
    judgement = ask_call(code, [(([1, 2, 3],), 9)])
    assert judgement.verdict is Verdict.ACCEPTED, judgement


FORGE = """
import os
def forge(text):
    for fd in range(3, 9):
        try: os.write(fd, text)
        except OSError: pass
    os._exit(0)
"""


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("def f(x): return x", Verdict.WRONG_ANSWER),
        ("def f(x): print(x + 1); return x + 1", Verdict.ACCEPTED),
        ("def f(x): import sys; sys.stdout.close(); return x + 1", Verdict.ACCEPTED),
        ("if __name__ == '__main__': raise ValueError\ndef f(x): return x + 1", Verdict.ACCEPTED),
        ("f = lambda x: x + 1", Verdict.ACCEPTED),
        ("def f(x): return 1 // 0", Verdict.RUNTIME_ERROR),
        ("def f(x): raise SystemExit", Verdict.RUNTIME_ERROR),
        ("def f(x): exit()", Verdict.RUNTIME_ERROR),
        ("def f(x): raise GeneratorExit", Verdict.RUNTIME_ERROR),
        ("import os\ndef f(x): os._exit(0)", Verdict.RUNTIME_ERROR),
        ("def g(x): return x + 1", Verdict.RUNTIME_ERROR),
        ("class Solution:\n  def g(self, x): return x + 1", Verdict.RUNTIME_ERROR),
        ("def f(x): return input()", Verdict.RUNTIME_ERROR),
        ("def f(x:", Verdict.COMPILE_ERROR),
        ("def f(x):\n  while True: pass", Verdict.TIME_LIMIT),
        ("def f(x): return [0] * 10**11", Verdict.MEMORY_LIMIT),
        ("def f(x): return 'x' * (2 << 20)", Verdict.OUTPUT_LIMIT),
        ("class E:\n  __eq__ = lambda s, o: True\ndef f(x): return E()", Verdict.WRONG_ANSWER),
        ("class I(int):\n  __eq__ = lambda s, o: True\ndef f(x): return I()", Verdict.WRONG_ANSWER),
        ("def f(x):\n  y = []; y.append(y); return y", Verdict.WRONG_ANSWER),
        ("def f(x): yield 2", Verdict.WRONG_ANSWER),
        ("def f(x): return float('nan')", Verdict.WRONG_ANSWER),
        ("def f(x): return 10 ** 100000", Verdict.WRONG_ANSWER),
        (FORGE + "forge(b'{\"value\": 3}')", Verdict.WRONG_ANSWER),
        (FORGE + "forge(b'[1')", Verdict.WRONG_ANSWER),
    ],
)  # fmt: skip
def test_verdict(ask_call, code, verdict):
    limits = Limits(cpu_seconds=0.4, output_bytes=1 << 20)
    judgement = ask_call(code, [((1,), 2)], limits=limits)
    assert judgement.verdict is verdict, judgement


def test_every_test_starts_afresh(ask_call):
    code = "seen = []\ndef f(x):\n    x.append(0); seen.append(x); return len(seen)"
    judgement = ask_call(code, [(([],), 1)] * 3)
    assert judgement.verdict is Verdict.ACCEPTED, judgement


def test_a_traceback_shows_the_program_only(ask_call):
    judgement = ask_call("def f(x):\n    return x.y", [((1,), 2)])
    lines = judgement.tests[0].stderr.splitlines()
    assert lines[:3] == [
        "Traceback (most recent call last):",
        '  File "prog.py", line 2, in f',
        "    return x.y",
    ]


KINDS = ["int", "tuple", "set", "dict", "bytes", "value"]
BYTES = st.text() | st.binary()
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | BYTES,
    lambda inner: st.lists(inner)
    | st.lists(inner).map(tuple)
    | st.dictionaries(st.integers() | st.text() | st.tuples(st.integers()), inner)
    | st.sets(st.integers() | st.text()),
    max_leaves=20,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(plain)
def test_results_keep_value_and_type(value):
    back = decoded(value)
    assert back == value
    assert repr(back) == repr(value) or isinstance(value, (set, dict, list, tuple))


@given(st.integers(4000, 6000))
@settings(deadline=None, max_examples=5)
def test_integers_of_any_length_survive(digits):
    assert decoded(10**digits) == 10**digits


class Point(NamedTuple):
    x: int


@pytest.mark.parametrize(
    ("value", "plainly"),
    [
        (collections.defaultdict(int, a=1), {"a": 1}),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (collections.deque([1, 2]), [1, 2]),
        (Point(1), (1,)),
        (frozenset([1]), {1}),
        (-0.0, -0.0),
        (math.inf, math.inf),
    ],
)
def test_subclasses_count_as_what_they_extend(value, plainly):
    back = decoded(value)
    assert back == plainly
    assert type(back) is type(plainly)


def test_numpy_results_count_as_numbers_and_lists():
    numpy = pytest.importorskip("numpy")
    assert decoded([numpy.int64(3), numpy.array([[1.5]])]) == [3, [[1.5]]]


@pytest.mark.parametrize("value", [object(), decimal.Decimal(1), fractions.Fraction(1), 1j])
def test_other_types_are_refused_by_name(value):
    with pytest.raises(TypeError, match=type(value).__qualname__):
        calls.encode(value)


@settings(deadline=None, max_examples=100)
@given(
    st.binary()
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KINDS), inner),
    ).map(lambda value: repr(value).replace("'", '"').replace("None", "null").encode())
)  # fmt: skip
def test_forged_results_are_refused_or_read_but_never_break_the_judge(data):
    with contextlib.suppress(InvalidResultError):  # any other error fails the test
        decode(data)
