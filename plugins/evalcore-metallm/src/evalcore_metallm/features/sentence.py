"""Embeddings of sentences by sentence-transformers, which may or may not be installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore.errors import EvalcoreError
from evalcore_metallm.features.featuriser import Featuriser, with_bias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalcore_metallm.features.featuriser import Floats

__all__ = ["SentenceEmbeddings"]


class SentenceEmbeddings(Featuriser):
    """What a model of sentence-transformers makes of a query.

    Reimers and Gurevych, "Sentence-BERT" (EMNLP 2019), the features of MetaLLM.

    Args:
        model: its name on the Hugging Face hub, or a folder.
        device: where it runs; its own choice if None.

    Raises:
        EvalcoreError: if sentence-transformers is not installed, or the model is not found.
    """

    def __init__(self, model: str, device: str | None) -> None:
        self._model = _loaded(model, device)
        self._width = len(self._encoded([""])[0]) + 1

    @property
    def width(self) -> int:
        """The numbers of an embedding, and the constant."""
        return self._width

    def transform(self, queries: Sequence[str]) -> Floats:
        """The contexts, shape (n, d)."""
        if not queries:
            return np.ones((0, self._width))
        return with_bias(self._encoded(queries))

    def _encoded(self, queries: Sequence[str]) -> Floats:
        found = self._model.encode(list(queries), convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(found, dtype=np.float64)


def _loaded(model: str, device: str | None) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise EvalcoreError(
            "`sentence` features take sentence-transformers, which is not installed: "
            "pip install 'evalcore-metallm[sentence]'"
        ) from error
    try:
        return SentenceTransformer(model, device=device)
    except (OSError, ValueError) as error:
        raise EvalcoreError(f"`sentence` features: cannot load {model!r}: {error}") from error
