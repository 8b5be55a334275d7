"""Hashed words: features that need no training, for a router that starts cold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.feature_extraction.text import HashingVectorizer

from evalcore_metallm.features.featuriser import Featuriser, with_bias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalcore_metallm.features.featuriser import Floats

__all__ = ["Hashing"]


class Hashing(Featuriser):
    """Counts of words and of runs of words, each in the column that its hash names, with a sign.

    Weinberger et al., "Feature Hashing for Large Scale Multitask Learning" (ICML 2009).

    Args:
        columns: how many, without the constant.
        ngrams: words in a run at most.
    """

    def __init__(self, columns: int, ngrams: int) -> None:
        self._columns = columns
        self._vectorizer = HashingVectorizer(n_features=columns, ngram_range=(1, ngrams), norm=None)

    @property
    def width(self) -> int:
        """The columns and the constant."""
        return self._columns + 1

    def transform(self, queries: Sequence[str]) -> Floats:
        """The contexts, shape (n, d)."""
        return with_bias(self._vectorizer.transform(queries).toarray())
