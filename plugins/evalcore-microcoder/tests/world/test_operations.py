from __future__ import annotations

import string
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import ORACLE

from evalcore_microcoder.world.operation import compiled
from evalcore_microcoder.world.operations import OPERATIONS
from evalcore_microcoder.world.source import SOURCES

NUMBER = st.integers(-9999, 9999)
WORD = st.text("aeinst" + string.ascii_lowercase, min_size=1, max_size=8)
VALUES = {
    "number": NUMBER,
    "numbers": st.lists(st.integers(-12, 12) | NUMBER, max_size=8),
    "word": WORD | st.just(""),
    "words": st.lists(st.sampled_from(["a", "ab", "ba", "net"]) | WORD, max_size=8),
    "table": st.lists(st.tuples(st.sampled_from("abc") | WORD, st.integers(-12, 12)), max_size=8),
}
TYPES = {"number": int, "numbers": list, "word": str, "words": list, "table": list}


def test_there_is_an_oracle_for_each_operation():
    assert ORACLE.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("name", OPERATIONS)
@given(data=st.data())
def test_the_code_computes_what_the_oracle_says(name, data):
    operation = OPERATIONS[name]
    step = operation.drawn(Random(data.draw(st.integers(0, 99))))
    value = data.draw(VALUES[operation.takes])
    result = compiled(step.code)(value)
    assert result == ORACLE[name](value, **dict(step.values))
    assert type(result) is TYPES[operation.gives]
    if operation.emptiness == "never":
        assert result not in ("", [])
    if operation.emptiness == "from empty" and value and operation.gives != "number":
        assert result


@pytest.mark.parametrize("name", OPERATIONS)
def test_phrasings_are_many_and_name_every_parameter(name):
    operation = OPERATIONS[name]
    assert len(set(operation.do)) >= 4
    assert len(set(operation.of)) >= 2
    assert len(operation.wrong) >= 2
    for phrasing in operation.of:
        assert phrasing.endswith("{a}")  # so that things of things read one way only
    for phrasing in operation.do + operation.of:
        named = phrasing + operation.note
        assert all(f"{{{parameter}}}" in named for parameter in operation.parameters)


def test_two_operations_on_a_type_never_share_their_code():
    codes = [(o.takes, o.code.format(a="a", k=1, c="c", d="d")) for o in OPERATIONS.values()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
@given(seed=st.integers(0, 2**32), size=st.integers(0, 8))
def test_inputs_keep_the_limits(source, seed, size):
    text = source.draw(Random(seed), size)
    value = source.parse(text)
    many = value if isinstance(value, list) else [value]
    assert len(many) == (size if source.type in {"numbers", "words", "table"} else 1)
    for part in many:
        for leaf in part if isinstance(part, tuple) else (part,):
            if isinstance(leaf, int):
                assert -99 <= leaf <= 99
            else:
                assert 1 <= len(leaf) <= 6
                assert set(leaf) <= set(string.ascii_lowercase)
