"""The task `labelled`: what is asked, and what counts as an answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evalcore.data import Attempt
from evalcore_metallm.labels import Labelled, LabelledSettings, label_in
from evalcore_metallm.logs.reading import LogError

SENTIMENT = {"0": "negative", "1": "positive"}


@pytest.fixture
def task(tmp_path):
    def made(text, name="data.tsv", **settings):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        keys = {"labels": SENTIMENT, "text": "sentence", **settings, "path": str(file)}
        return Labelled(LabelledSettings.model_validate(keys))

    return made


SENTENCES = "sentence\tlabel\tsplit\na fine film , for once\t1\tdev\nit drags .\t0\tdev\n"


def test_sentences_of_a_table(task):
    made = task(
        SENTENCES,
        question="Is what this sentence says of a film negative or positive?",
        metadata=["split"],
    )
    one, other = made.cases()
    assert one.sample.input == (
        "Is what this sentence says of a film negative or positive?\n\n"
        "a fine film , for once\n\n"
        "Answer with one of these labels and nothing else: negative or positive."
    )
    assert one.sample.public == "a fine film , for once"
    assert (one.sample.id, other.sample.id) == ("1", "2")
    assert one.sample.metadata == {"split": "dev"}
    scores = [made.score(one, Attempt(text)) for text in ("Positive.", "negative", "fine")]
    assert [score.value for score in scores] == [1.0, 0.0, 0.0]
    assert [score.label for score in scores] == ["right", "wrong", "unlabelled"]
    assert [score.details["answer"] for score in scores] == ["positive", "negative", None]
    assert made.score(other, Attempt("NEGATIVE")).value == 1.0


@pytest.mark.parametrize(
    ("row", "settings"),
    [
        ({"choices": ["red", "2", "blue"], "label": 1}, {"choices": "choices"}),
        ({"choices": ["red", "2"], "label": "B"}, {"choices": "choices", "answer_as": "letter"}),
        ({"choices": ["red", "2"], "label": "2"}, {"choices": "choices", "answer_as": "text"}),
        ({"choices": '["red", 2]', "label": "1"}, {"choices": "choices"}),
        ({"a": "red", "b": 2, "label": 1}, {"choices": ["a", "b"]}),
    ],
)
def test_choices_are_named_by_letters(task, row, settings):
    line = json.dumps({"id": "x", "sentence": "Which?", **row})
    made = task(line, "data.jsonl", labels={}, **settings)
    (case,) = made.cases()
    assert case.sample.id == "x"
    assert case.sample.input.startswith("Which?\n\nA. red\nB. 2\n")
    assert "Answer with the letter of the right choice and nothing else: A" in case.sample.input
    assert made.score(case, Attempt("B")).value == 1.0
    assert made.score(case, Attempt("b")).label == "unlabelled"


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("positive", "positive"),
        ("It is POSITIVE, not negative.", "positive"),
        ("negative\n\npositive", "negative"),
        ("positively", None),
        ("non_negative", None),
        ("", None),
    ],
)
def test_the_first_word_that_is_a_label(answer, label):
    assert label_in(answer, ("negative", "positive")) == label


@pytest.mark.parametrize(
    ("answer", "label"),
    [("B", "B"), ("The answer is (C).", "C"), ("a b", None), ("ABBA", None), ("E", None)],
)
def test_a_letter_must_be_as_it_is(answer, label):
    assert label_in(answer, tuple("ABCD")) == label


def test_a_label_that_begins_with_another_is_told_from_it():
    assert label_in("none of it", ("none", "none of it")) == "none of it"


@given(st.text(), st.sampled_from(["negative", "positive"]))
def test_a_label_before_all_else_is_found(rest, label):
    assert label_in(f"{label} {rest}", ("negative", "positive")) == label


@pytest.mark.parametrize(
    ("text", "settings", "words"),
    [
        ("sentence\tlabel\nfine\t2\n", {}, "found '2' as label, expected one of: 0, 1"),
        ("text\tlabel\nfine\t1\n", {}, "found no column 'sentence'"),
        ("sentence\tlabel\n", {}, "found no row"),
        (
            "sentence\tlabel\tc\nfine\t7\t[1, 2]\n",
            {"labels": {}, "choices": "c"},
            "found '7' as label, expected one of: 0, 1",
        ),
        (
            "sentence\tlabel\tc\nfine\t0\tred\n",
            {"labels": {}, "choices": "c"},
            "found 'red' as choices, expected a list of 2 to 26",
        ),
        (
            'sentence\tlabel\tc\nfine\tx\t["x", "x"]\n',
            {"labels": {}, "choices": "c", "answer_as": "text"},
            "found 'x' as label",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(task, text, settings, words):
    with pytest.raises(LogError, match=words):
        task(text, **settings).preflight()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"labels": {}}, "one of `labels`"),
        ({"choices": "c"}, "one of `labels`"),
        ({"labels": {"0": "Yes", "1": "yes"}}, "two labels or more"),
    ],
)
def test_settings_that_ask_for_nothing_are_refused(task, settings, words):
    with pytest.raises(ValidationError, match=words):
        task(SENTENCES, **settings)
