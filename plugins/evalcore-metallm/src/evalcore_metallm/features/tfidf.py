"""Latent semantic analysis: weighted words, reduced to the directions that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from evalcore.errors import EvalcoreError
from evalcore_metallm.features.featuriser import Featuriser, with_bias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore_metallm.features.featuriser import Arrays, Floats

__all__ = ["Tfidf"]


class Tfidf(Featuriser):
    """TF-IDF of words and runs of words, reduced by a truncated singular value decomposition.

    Deerwester et al., "Indexing by Latent Semantic Analysis" (JASIS 41, 1990), by scikit-learn.

    Args:
        components: singular vectors that are kept at most.
        ngrams: words in a run at most.
        min_queries: training queries that must hold a run.
        terms: runs that count at most.
    """

    def __init__(self, components: int, ngrams: int, min_queries: int, terms: int) -> None:
        self._most = components
        self._options = {"ngram_range": (1, ngrams), "dtype": np.float64}
        self._limits = {"min_df": min_queries, "max_features": terms}
        self._vectorizer: TfidfVectorizer | None = None
        self._components = np.zeros((0, 0))

    @property
    def width(self) -> int:
        """The singular vectors that were found, and the constant."""
        self._fitted()
        return len(self._components) + 1

    def fit(self, queries: Sequence[str]) -> None:
        """Find the words, their weights and the singular vectors.

        Raises:
            EvalcoreError: if the queries hold too few words.
        """
        vectorizer = TfidfVectorizer(**self._options, **self._limits)
        try:
            weights = vectorizer.fit_transform(queries)
        except ValueError as error:
            raise EvalcoreError(
                f"found no words to learn from in {len(queries)} training queries ({error}); "
                "lower `min_queries`, or use `hashing` features"
            ) from error
        kept = min(self._most, *weights.shape)
        svd = TruncatedSVD(kept, random_state=0).fit(weights)
        self._vectorizer = vectorizer
        # Half the size on disk, and more digits than the words' weights deserve.
        self._components = svd.components_.astype(np.float32).astype(np.float64)

    def transform(self, queries: Sequence[str]) -> Floats:
        """The contexts, shape (n, d)."""
        return with_bias(self._fitted().transform(queries) @ self._components.T)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[np.generic]]]:
        """The words, in the order of their columns; their weights and the singular vectors."""
        vectorizer = self._fitted()
        arrays = {"idf": vectorizer.idf_, "components": self._components.astype(np.float32)}
        return {"terms": vectorizer.get_feature_names_out().tolist()}, arrays

    def restore(self, meta: Mapping[str, Any], arrays: Arrays) -> None:
        """Take them over."""
        vectorizer = TfidfVectorizer(**self._options, vocabulary=meta["terms"])
        vectorizer.idf_ = np.asarray(arrays["idf"])
        self._vectorizer = vectorizer
        self._components = np.asarray(arrays["components"], dtype=np.float64)

    def _fitted(self) -> TfidfVectorizer:
        if self._vectorizer is None:
            raise EvalcoreError(
                "`tfidf` features learn from training queries, and have seen none; "
                "a router that starts cold takes `hashing` or `sentence`"
            )
        return self._vectorizer
