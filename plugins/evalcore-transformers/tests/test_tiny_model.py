"""The tiny model is what other tests rely on."""

from __future__ import annotations

import json

import pytest
from opened_models import raw, said

from evalcore_transformers.fingerprint import fingerprint
from evalcore_transformers.testing import ENDLESS, PLAIN, QUESTIONS, tiny_model


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_it_answers_every_question(opened, tiny, dtype):
    model = opened(tiny, dtype=dtype)
    chats = model.ask(*map(said, QUESTIONS))
    assert [answer.text for answer in chats] == list(QUESTIONS.values())
    plain = model.ask(*(raw(PLAIN.format(question=question)) for question in QUESTIONS))
    assert [answer.text for answer in plain] == [f" {answer}" for answer in QUESTIONS.values()]
    assert {answer.finish_reason for answer in chats + plain} == {"stop"}


def test_it_goes_on_without_an_end(opened, tiny):
    (answer,) = opened(tiny).ask(raw(ENDLESS, max_tokens=200))
    assert (answer.text, answer.finish_reason) == (200 * ENDLESS, "length")


def test_there_are_200_questions():
    assert len(QUESTIONS) >= 200


def test_it_is_the_same_every_time(untrained, tmp_path):
    assert fingerprint(tiny_model(tmp_path / "again", trained=False)) == fingerprint(untrained)
    other = tiny_model(tmp_path / "other", trained=False, seed=1)
    assert fingerprint(other) != fingerprint(untrained)


def test_its_context_can_be_chosen(tmp_path):
    folder = tiny_model(tmp_path, context=64, trained=False)
    assert json.loads((folder / "config.json").read_text())["max_position_embeddings"] == 64
