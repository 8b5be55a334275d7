"""A model as it lies on disk: its weights are read when they are asked for, the rest at once."""

from __future__ import annotations

import logging
import threading
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers
from transformers.utils.hub import cached_file

from evalcore.errors import EvalcoreError
from evalcore_transformers.fingerprint import fingerprint
from evalcore_transformers.presence import check_presence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transformers import PreTrainedModel

    from evalcore_transformers.settings import TransformersSettings

__all__ = ["Checkpoint"]

_LOG = logging.getLogger(__name__)

_LIMITS = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length")
"""What configs call the number of tokens that a model reads at most, the usual name first."""
_NOT_APPLIED = {
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "encoder_no_repeat_ngram_size": 0,
    "min_p": 0.0,
    "typical_p": 1.0,
    "num_beams": 1,
    "bad_words_ids": None,
    "suppress_tokens": None,
    "forced_eos_token_id": None,
    "forced_bos_token_id": None,
    "begin_suppress_tokens": None,
    "sequence_bias": None,
    "min_length": 0,
    "min_new_tokens": 0,
}
"""Fields of generation configs that are not followed, with the values at which they do nothing."""

_LOADED: weakref.WeakValueDictionary[tuple[str, ...], PreTrainedModel] = (
    weakref.WeakValueDictionary()
)
"""Weights that somebody computes with: cells of a sweep that differ in less share them."""
_LOADING = threading.Lock()


class Checkpoint:
    """A model on disk or on the hub.

    Args:
        settings: which, and where it is to compute.

    Attributes:
        tokenizer: its tokenizer.
        generation: its generation config.
        ends: ids of the tokens that end an answer.
        limit: tokens that it reads at most; `None` where its config names no limit.
        identity: what decides its answers: commit or content, and the type of its numbers.

    Raises:
        EvalcoreError: if it is not there, or cannot be computed with here.
    """

    def __init__(self, settings: TransformersSettings) -> None:
        self._settings = settings
        self._where: dict[str, Any] = {
            "pretrained_model_name_or_path": settings.model,
            "revision": settings.revision or "main",
            "trust_remote_code": settings.trust_remote_code,
        }
        check_presence(settings)
        self._device = _device(settings.device)
        with _explained(settings):
            self._config = transformers.AutoConfig.from_pretrained(**self._where)
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(**self._where)
            self.generation = self._generation()
        self.ends = _ends(self.generation, self.tokenizer)
        self.limit = _limit(self._config.get_text_config(decoder=True))
        self.identity = self._identity()

    def load(self) -> PreTrainedModel:
        """Read the weights, and put them where they compute.

        Raises:
            EvalcoreError: if they are not there, broken, or too large.
        """
        key = (self._settings.model, self.identity, str(self._device))
        with _LOADING:
            model = _LOADED.get(key)
            if model is None:
                model = _LOADED[key] = self._read()
        return model

    def _read(self) -> PreTrainedModel:
        with _explained(self._settings), _without_progress():
            model, report = transformers.AutoModelForCausalLM.from_pretrained(
                **self._where,
                config=self._config,
                dtype=self._settings.dtype,
                output_loading_info=True,
            )
            _check_whole(report)
            model = model.to(self._device).eval().requires_grad_(False)
        # What the config asks for is decided by the requests' sampling, never within a loop.
        model.generation_config = transformers.GenerationConfig()
        whole: PreTrainedModel = model
        return whole

    def _generation(self) -> transformers.GenerationConfig:
        name, where = self._settings.model, self._where["revision"]
        there = cached_file(
            name,
            "generation_config.json",
            revision=where,
            _raise_exceptions_for_missing_entries=False,
        )
        if there:
            found = transformers.GenerationConfig.from_pretrained(name, revision=where)
        else:
            found = transformers.GenerationConfig.from_model_config(self._config)
        ignored = [
            f"{name}={getattr(found, name)}"
            for name, neutral in _NOT_APPLIED.items()
            if getattr(found, name, None) not in (None, neutral)
        ]
        if ignored:
            _LOG.warning("not followed of the generation config: %s", ", ".join(ignored))
        return found

    def _identity(self) -> str:
        commit = getattr(self._config, "_commit_hash", None)
        folder = Path(self._settings.model)
        content = fingerprint(folder) if folder.is_dir() else f"commit {commit}"
        wanted = self._settings.dtype
        dtype = self._config.dtype if wanted == "auto" else wanted
        return f"{content} {str(dtype or wanted).removeprefix('torch.')}"


def _check_whole(report: dict[str, Any]) -> None:
    """Refuse a model of which some weights would be made up by chance."""
    absent = sorted({*report["missing_keys"], *(str(key[0]) for key in report["mismatched_keys"])})
    if absent:
        more = f" and {len(absent) - 5} more" if len(absent) > 5 else ""
        raise EvalcoreError(
            f"the weights lack {', '.join(absent[:5])}{more}, or have them in another shape: this "
            "is no whole causal language model"
        )


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


def _ends(generation: transformers.GenerationConfig, tokenizer: Any) -> frozenset[int]:
    named = generation.eos_token_id
    found = {*(named if isinstance(named, list) else [named]), tokenizer.eos_token_id}
    return frozenset(found - {None})


def _limit(config: Any) -> int | None:
    for name in _LIMITS:
        value = getattr(config, name, None)
        if isinstance(value, int) and value > 0:
            return value
    return None


@contextmanager
def _explained(settings: TransformersSettings) -> Iterator[None]:
    """Say of an error of transformers which model it is about and what was expected."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise EvalcoreError(
            f"the weights of {settings.model!r} do not fit into the memory of the GPU: {error}"
        ) from error
    except Exception as error:
        raise EvalcoreError(
            f"the model {settings.model!r} cannot be opened: {error}\nExpected a folder with "
            "config, tokenizer and weights, or a name on the Hugging Face hub (for one that is not "
            "public, with HF_TOKEN in the environment)"
        ) from error


@contextmanager
def _without_progress() -> Iterator[None]:
    """Keep transformers from drawing bars over the run's own display."""
    logging_ = transformers.utils.logging
    shown = logging_.is_progress_bar_enabled()
    logging_.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging_.enable_progress_bar()
