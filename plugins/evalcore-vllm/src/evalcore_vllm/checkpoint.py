"""What a model directory holds besides weights: tokenizer, generation config, and what it is."""

from __future__ import annotations

import hashlib
import json
import logging
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalcore.errors import EvalcoreError
from evalcore_vllm.environment import cannot_run, reason
from evalcore_vllm.prompts import Prompts
from evalcore_vllm.sampling import not_followed

if TYPE_CHECKING:
    from evalcore_vllm.settings import VllmSettings

__all__ = ["Checkpoint"]

_LOG = logging.getLogger(__name__)

_DECIDING = {".bin", ".jinja", ".json", ".model", ".py", ".safetensors", ".tiktoken", ".txt"}
"""Endings of files that can change an answer."""


class Checkpoint:
    """The files of a model, on this machine or fetched from the hub.

    Attributes:
        prompts: from requests to token ids.
        measure: the same for another thread, to count with.
        generation_config: how the model's authors sample; empty where they do not say.
        identity: the weights and the version of vLLM.

    Raises:
        PluginError: if transformers, which vLLM needs, cannot be imported.
        EvalcoreError: if there is no such model, or its files are not as expected.
    """

    def __init__(self, settings: VllmSettings) -> None:
        with cannot_run():
            from transformers import AutoTokenizer
            from transformers.utils.hub import cached_file

        def found(name: str) -> Path | None:
            path = cached_file(
                settings.model,
                name,
                revision=settings.revision,
                _raise_exceptions_for_missing_entries=False,
            )
            return Path(path) if path else None

        engine = settings.engine
        try:
            config, generation = found("config.json"), found("generation_config.json")
            tokenizer = AutoTokenizer.from_pretrained(
                engine.get("tokenizer", settings.model),
                revision=engine.get("tokenizer_revision", settings.revision),
                trust_remote_code=engine.get("trust_remote_code", False),
            )
        except Exception as error:
            raise EvalcoreError(
                f"the model {settings.model!r} cannot be read: {reason(error)} Expected a folder "
                "with config, tokenizer and weights, or a name on the Hugging Face hub (for one "
                "that is not public, with HF_TOKEN in the environment)."
            ) from error
        self.prompts = Prompts(tokenizer, chat=settings.chat)
        self.measure = Prompts(deepcopy(tokenizer), chat=False)
        self.generation_config: dict[str, Any] = {
            **(json.loads(generation.read_text()) if generation else {}),
            **engine.get("override_generation_config", {}),
        }
        if ignored := not_followed(self.generation_config):
            _LOG.warning("not followed of the generation config: %s", ", ".join(ignored))
        self.identity = f"{_weights(config)} by vLLM {version('vllm')}"


def _weights(config: Path | None) -> str:
    """The commit on the hub; of a folder, a digest of the files that decide its answers."""
    if config is None:
        return "weights without a config"
    folder = config.parent
    if folder.parent.name == "snapshots":
        return f"commit {folder.name}"
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.iterdir() if path.suffix in _DECIDING):
        with file.open("rb") as stream:
            own = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{file.name} {own}\n".encode())
    return f"files {digest.hexdigest()[:32]}"
