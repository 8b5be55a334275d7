"""Queries as rows of numbers, saved and restored to the bit."""

from __future__ import annotations

import json
import sys
from functools import cache
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from evalcore.errors import EvalcoreError
from evalcore_metallm.features import FeatureSettings, make

QUERIES = [
    "how many apples are left",
    "how many pears are left",
    "who wrote the book of songs",
    "who wrote the letter",
    "prove that the sum is even",
    "prove that the product is odd",
]


class Encoder:
    """Stands for a model of sentence-transformers."""

    def __init__(self, model, device=None):
        if model == "absent":
            raise OSError("no such model")
        self.asked = model, device

    def encode(self, queries, **_):
        return np.array([[len(query), query.count("e"), 1.0] for query in queries], np.float32)


@pytest.fixture
def encoder(monkeypatch):
    module = ModuleType("sentence_transformers")
    module.SentenceTransformer = Encoder
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)


def featuriser(settings):
    return make(TypeAdapter(FeatureSettings).validate_python(settings))


def fitted(settings, queries=QUERIES):
    found = featuriser(settings)
    found.fit(queries)
    return found


@cache
def once_fitted(use):
    return fitted(use)


ALL = [{"use": "tfidf", "components": 4}, {"use": "hashing", "columns": 16}, "sentence"]


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("settings", ALL)
def test_rows_are_of_length_1_and_end_with_a_constant(settings):
    found = fitted(settings)
    contexts = found.transform(QUERIES)
    assert contexts.shape == (6, found.width)
    assert contexts.dtype == np.float64
    np.testing.assert_array_equal(contexts[:, -1], 1.0)
    np.testing.assert_allclose(np.linalg.norm(contexts[:, :-1], axis=1), 1.0)


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("settings", ALL)
def test_a_query_has_the_same_row_in_whatever_company(settings):
    found = fitted(settings)
    together = found.transform(QUERIES)
    apart = np.concatenate([found.transform([query]) for query in QUERIES])
    np.testing.assert_allclose(together, apart, atol=1e-12)


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("settings", ALL)
def test_what_is_restored_gives_the_same_rows_to_the_bit(settings):
    before = fitted(settings)
    meta, arrays = before.state()
    after = featuriser(settings)
    after.restore(json.loads(json.dumps(meta)), arrays)
    assert after.width == before.width
    new = [*QUERIES, "apples of the sum", "zzz", "", "who wrote who wrote"]
    np.testing.assert_array_equal(after.transform(new), before.transform(new))


@pytest.mark.parametrize("use", ["tfidf", "hashing"])
@given(query=st.text(max_size=40))
def test_any_text_has_a_finite_row(use, query):
    contexts = once_fitted(use).transform([query])
    assert np.isfinite(contexts).all()
    length = np.linalg.norm(contexts[0, :-1])
    assert length == 0 or abs(length - 1) < 1e-9


def test_tfidf_is_that_of_scikit_learn():
    weights = TfidfVectorizer(ngram_range=(1, 2), max_features=20_000).fit_transform(QUERIES)
    expected = TruncatedSVD(3, random_state=0).fit_transform(weights)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    contexts = fitted({"use": "tfidf", "components": 3}).transform(QUERIES)
    np.testing.assert_allclose(contexts[:, :-1], expected, atol=1e-5)


def test_fewer_queries_have_fewer_directions():
    assert fitted("tfidf").width == len(QUERIES) + 1
    assert fitted({"use": "tfidf", "components": 2}).width == 3
    assert fitted({"use": "tfidf", "terms": 4}).width == 5


def test_a_query_of_unknown_words_is_the_constant_alone():
    contexts = fitted("tfidf").transform(["zzz"])
    np.testing.assert_array_equal(contexts[0], np.eye(contexts.shape[1])[-1])


def test_rare_words_may_be_left_out():
    rare = fitted({"use": "tfidf", "min_queries": 2})
    assert set(rare.state()[0]["terms"]) >= {"how many", "who wrote", "prove that"}
    assert "apples" not in rare.state()[0]["terms"]


@pytest.mark.parametrize("queries", [["", "!"], ["the one", "another"]])
def test_queries_with_nothing_to_learn_from_are_told(queries):
    with pytest.raises(EvalcoreError, match="found no words to learn from in 2 training queries"):
        fitted({"use": "tfidf", "min_queries": 2}, queries)


@pytest.mark.parametrize(
    "ask", [lambda f: f.width, lambda f: f.transform([""]), lambda f: f.state()]
)
def test_tfidf_that_was_not_fitted_says_so(ask):
    with pytest.raises(EvalcoreError, match="learn from training queries, and have seen none"):
        ask(featuriser("tfidf"))


def test_hashing_needs_no_training():
    found = featuriser({"use": "hashing", "columns": 8})
    assert found.width == 9
    np.testing.assert_array_equal(
        found.transform(QUERIES), fitted({"use": "hashing", "columns": 8}).transform(QUERIES)
    )


@pytest.mark.usefixtures("encoder")
def test_sentence_embeddings_need_no_training():
    found = featuriser({"use": "sentence", "model": "mine", "device": "cpu"})
    assert found.width == 4
    assert found.transform([]).shape == (0, 4)


@pytest.mark.usefixtures("encoder")
def test_a_model_that_is_not_there_is_told():
    with pytest.raises(EvalcoreError, match="cannot load 'absent': no such model"):
        featuriser({"use": "sentence", "model": "absent"})


def test_without_sentence_transformers_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EvalcoreError, match=r"pip install 'evalcore-metallm\[sentence\]'"):
        featuriser("sentence")


@pytest.mark.parametrize("settings", ["word2vec", {"use": "hashing", "components": 3}, {}])
def test_unknown_features_and_settings_are_refused(settings):
    with pytest.raises(ValidationError):
        featuriser(settings)
