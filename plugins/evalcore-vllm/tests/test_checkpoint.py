"""What a model's folder says besides weights, and what it is known by."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import needs_vllm

from evalcore.errors import EvalcoreError
from evalcore_vllm.checkpoint import Checkpoint
from evalcore_vllm.settings import VllmSettings

pytestmark = needs_vllm


@pytest.fixture
def copied(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "copied"))


def checkpoint(folder: Path, **settings: Any) -> Checkpoint:
    return Checkpoint(VllmSettings(model=str(folder), **settings))


def test_a_model_is_known_by_what_its_folder_holds(tiny: Path, copied: Path):
    known = checkpoint(tiny).identity
    assert known == checkpoint(tiny, serve=True).identity
    assert known == checkpoint(copied).identity
    assert " by vLLM " in known
    weights = copied / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert known != checkpoint(copied).identity


def test_two_threads_read_texts_each_by_itself(tiny: Path):
    found = checkpoint(tiny)
    assert found.measure._tokenizer is not found.prompts._tokenizer
    assert found.measure.count("Monday, Tuesday") > 1


def test_a_model_without_a_generation_config(copied: Path):
    (copied / "generation_config.json").unlink()
    assert checkpoint(copied).generation_config == {}


def test_what_is_not_followed_is_told(copied: Path, caplog: pytest.LogCaptureFixture):
    engine = {"override_generation_config": {"top_k": 5, "repetition_penalty": 1.2}}
    with caplog.at_level(logging.WARNING, "evalcore_vllm"):
        found = checkpoint(copied, engine=engine)
    assert found.generation_config["top_k"] == 5
    assert caplog.messages == ["not followed of the generation config: repetition_penalty=1.2"]


@pytest.mark.parametrize("missing", ["nowhere/at-all", "a/b/c"])
def test_a_model_that_is_not_there(missing):
    message = f"^the model '{missing}' cannot be read: .* Expected a folder .*HF_TOKEN"
    with pytest.raises(EvalcoreError, match=message):
        checkpoint(Path(missing))


def test_a_folder_without_a_tokenizer(copied: Path):
    for file in copied.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(EvalcoreError, match="cannot be read"):
        checkpoint(copied)
