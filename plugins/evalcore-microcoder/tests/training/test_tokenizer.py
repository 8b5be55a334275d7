from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from evalcore_microcoder.training.tokenizer import ROLES, new_tokenizer
from evalcore_microcoder.world import problems


@pytest.fixture
def tokenizer(tokenizer_folder):
    return AutoTokenizer.from_pretrained(tokenizer_folder)


@given(text=st.text())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_written_and_read_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(text=st.text(alphabet="abc xyz019=+-[](),.:\n", max_size=60))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_text_like_that_of_the_world_is_written_and_read_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_a_digit_is_never_part_of_a_longer_piece(tokenizer):
    for piece in tokenizer.get_vocab():
        letters = piece.removeprefix("Ġ")
        assert len(letters) == 1 or not any(letter in "0123456789" for letter in letters), piece


def test_what_is_said_in_every_dialogue_is_a_piece(tokenizer):
    assert tokenizer.tokenize(" in one fenced code block") == ["ĠinĠoneĠfencedĠcodeĠblock"]


def test_markers_are_one_piece_each(tokenizer):
    assert all(len(tokenizer.encode(marker)) == 1 for marker in ROLES.values())


def test_the_same_texts_give_the_same_tokenizer():
    texts = [problem.statement for problem in islice(problems("training"), 200)]
    first, second = (new_tokenizer(texts).backend_tokenizer.to_str() for _ in range(2))
    assert first == second
