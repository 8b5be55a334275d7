"""Properties that hold for every output, not only for those that someone thought of."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evalcore_codecontests import checkers
from evalcore_codecontests.checkers.text import to_bytes, to_text

tokens = checkers.get("tokens")

INTEGER = st.integers().map(str) | st.from_regex(r"-?[0-9]{1,60}", fullmatch=True)
FLOAT = st.floats(allow_nan=False, allow_infinity=False).map(repr)
WORD = st.text("abYESno#é0.", min_size=1, max_size=5)
TOKEN = INTEGER | FLOAT | WORD
TOKENS = st.lists(TOKEN, max_size=8)
BLANKS = st.text(" \t\n\r\v\f", min_size=1, max_size=3)
ANY_TEXT = st.text(st.characters(exclude_categories=()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def accepts(output: list[str], expected: list[str]) -> bool:
    return tokens.stdio(" ".join(output).encode(), " ".join(expected))


@given(ANY_TEXT)
def test_a_text_answers_itself(text):
    assert tokens.stdio(to_bytes(text), text)


@given(st.binary())
def test_bytes_survive_being_text(data):
    assert to_bytes(to_text(data)) == data


@pytest.mark.parametrize("name", checkers.NAMES)
@given(st.binary() | TOKENS.map(lambda words: " ".join(words).encode()), ANY_TEXT)
def test_no_output_raises(name, output, expected):
    assert checkers.get(name).stdio(output, expected) in (True, False)


@pytest.mark.parametrize("name", checkers.NAMES)
@given(JSON, JSON)
def test_no_value_raises(name, result, expected):
    assert checkers.get(name).call(result, expected) in (True, False)


@given(st.data(), TOKENS)
def test_blanks_between_tokens_do_not_matter(data, words):
    output = "".join(word + data.draw(BLANKS) for word in words)
    assert tokens.stdio((data.draw(BLANKS) + output).encode(), " ".join(words))


@given(st.data(), st.lists(INTEGER | WORD, min_size=2, max_size=8))
def test_the_order_of_tokens_matters(data, words):
    shuffled = data.draw(st.permutations(words))
    assume(any(not accepts([a], [b]) for a, b in zip(shuffled, words, strict=True)))
    assert not accepts(shuffled, words)


@given(st.data(), st.lists(TOKEN, min_size=1, max_size=8))
def test_a_token_repeated_or_left_out_matters(data, words):
    at = data.draw(st.integers(0, len(words) - 1))
    assert not accepts([*words[:at], words[at], *words[at:]], words)
    assert not accepts(words[:at] + words[at + 1 :], words)


@given(st.data(), st.lists(INTEGER, min_size=1, max_size=8))
def test_one_digit_of_one_integer_matters(data, words):
    at = data.draw(st.integers(0, len(words) - 1))
    word = words[at]
    place = data.draw(st.sampled_from([i for i, c in enumerate(word) if c.isdigit()]))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != word[place]]))
    changed = word[:place] + digit + word[place + 1 :]
    assert not accepts([*words[:at], changed, *words[at + 1 :]], words)


@given(st.lists(INTEGER | st.text("abYESno", min_size=1), max_size=5), st.data())
def test_without_floats_the_rule_is_symmetric(words, data):
    other = data.draw(st.permutations(words)) if data.draw(st.booleans()) else words
    other = [word.swapcase() for word in other] if data.draw(st.booleans()) else other
    assert accepts(words, other) == accepts(other, words)


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1.0), st.floats(1e-9, 1.0), st.sampled_from([1, -1]))
def test_nearer_is_never_worse(value, far, share, sign):
    scale = max(1.0, abs(value)) * 1e-5 * sign
    if accepts([repr(value + scale * far)], [repr(value)]):
        assert accepts([repr(value + scale * far * share)], [repr(value)])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_tolerance_is_one_millionth_absolute_or_relative(value):
    allowed = 1e-6 * max(1.0, abs(value))
    assume(math.isfinite(value + 2 * allowed))
    assert accepts([repr(value + allowed / 2)], [repr(value)])
    assert not accepts([repr(value + 2 * allowed)], [repr(value)])


@given(JSON)
def test_a_value_is_itself_wrapped_or_not(value):
    assert tokens.call(value, value)
    assert tokens.call(value, [value])


@given(st.lists(st.integers(), min_size=1), st.data())
def test_one_integer_of_a_returned_list_matters(values, data):
    at = data.draw(st.integers(0, len(values) - 1))
    changed = [*values[:at], values[at] + 1, *values[at + 1 :]]
    assert not tokens.call(changed, values)
    assert not tokens.call(values + values[-1:], values)
