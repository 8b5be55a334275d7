"""The features there are, with their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from evalcore.settings import Settings

if TYPE_CHECKING:
    from evalcore_metallm.features.featuriser import Featuriser

__all__ = ["FeatureSettings", "HashingSettings", "SentenceSettings", "TfidfSettings", "make"]


class TfidfSettings(Settings):
    """Words weighted by how rare they are, then the directions in which queries differ most."""

    use: Literal["tfidf"] = "tfidf"
    components: int = Field(256, ge=1)
    """Directions that are kept, at most; fewer training queries have fewer."""
    ngrams: int = Field(2, ge=1)
    """Words in a run at most."""
    min_queries: int = Field(1, ge=1)
    """Training queries that must hold a run of words, for it to count."""
    terms: int = Field(20_000, ge=2)
    """Runs of words that count at most, the most frequent ones; they are saved with the router."""


class HashingSettings(Settings):
    """Words counted in the column that their hash names; needs no training queries."""

    use: Literal["hashing"] = "hashing"
    columns: int = Field(256, ge=1)
    """How many."""
    ngrams: int = Field(2, ge=1)
    """Words in a run at most."""


class SentenceSettings(Settings):
    """Embeddings of a model of sentence-transformers, as those of MetaLLM."""

    use: Literal["sentence"] = "sentence"
    model: str = "sentence-transformers/all-mpnet-base-v2"
    """Its name on the Hugging Face hub, or a folder."""
    device: str | None = None
    """Where it runs, such as `cpu` or `cuda`; its own choice if not set."""


def _spelt_out(value: Any) -> Any:
    return {"use": value} if isinstance(value, str) else value


FeatureSettings = Annotated[
    Annotated[TfidfSettings | HashingSettings | SentenceSettings, Field(discriminator="use")],
    BeforeValidator(_spelt_out),
]
"""Settings of one of them, told apart by `use`; a bare name stands for its defaults."""


def make(settings: TfidfSettings | HashingSettings | SentenceSettings) -> Featuriser:
    """A featuriser that has learned nothing yet.

    Raises:
        EvalcoreError: if it takes a library that is not installed.
    """
    match settings:
        case TfidfSettings():
            from evalcore_metallm.features.tfidf import Tfidf

            return Tfidf(settings.components, settings.ngrams, settings.min_queries, settings.terms)
        case HashingSettings():
            from evalcore_metallm.features.hashing import Hashing

            return Hashing(settings.columns, settings.ngrams)
        case SentenceSettings():
            from evalcore_metallm.features.sentence import SentenceEmbeddings

            return SentenceEmbeddings(settings.model, settings.device)
