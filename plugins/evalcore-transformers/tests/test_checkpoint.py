"""What a model is, and what it says of itself."""

from __future__ import annotations

import json
import os
import shutil

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from opened_models import Opened, said

from evalcore_transformers import fingerprint as module
from evalcore_transformers.checkpoint import Checkpoint
from evalcore_transformers.fingerprint import fingerprint
from evalcore_transformers.settings import TransformersSettings
from evalcore_transformers.testing import QUESTIONS


@pytest.fixture
def copy(tiny, tmp_path):
    return shutil.copytree(tiny, tmp_path / "copy")


def with_generation_config(folder, **changes):
    path = folder / "generation_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return folder


def test_identity_needs_no_weights(copy):
    with (copy / "model.safetensors").open("r+b") as file:
        file.truncate(1000)
    model = Opened(copy)
    assert model.model.identity().endswith(" float32")
    model.close()


def test_identity_is_of_the_content_and_the_type(tiny, copy):
    def identity(folder, **settings):
        return Checkpoint(TransformersSettings(model=str(folder), **settings)).identity

    assert identity(copy) == identity(tiny)
    assert identity(copy, dtype="bfloat16") != identity(tiny)
    (copy / "README.md").write_text("of no matter")
    assert identity(copy) == identity(tiny)
    (copy / "chat_template.jinja").write_text("{{ 1 }}")
    assert identity(copy) != identity(tiny)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "generation_config.json"])
def test_fingerprints_change_with_each_byte(copy, name):
    before = fingerprint(copy)
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    assert fingerprint(copy) != before


def test_digests_of_large_files_are_kept(copy, tmp_path, monkeypatch):
    monkeypatch.setenv("EVALCORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_LARGE", 1000)
    before = fingerprint(copy)
    opened = []
    plain = type(copy).open
    monkeypatch.setattr(
        type(copy), "open", lambda path, *a, **k: opened.append(path.name) or plain(path, *a, **k)
    )
    assert fingerprint(copy) == before
    assert "model.safetensors" not in opened
    os.utime(copy / "model.safetensors", ns=(1, 1))
    assert fingerprint(copy) == before
    assert "model.safetensors" in opened


def test_digests_that_cannot_be_kept_are_made_again(copy, tmp_path, monkeypatch):
    monkeypatch.setenv("EVALCORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_LARGE", 1000)
    before = fingerprint(copy)
    (tmp_path / "cache/evalcore/transformers/digests.json").write_text("{")
    assert fingerprint(copy) == before


def test_the_generation_config_decides_where_nobody_else_does(copy):
    folder = with_generation_config(copy, do_sample=True, temperature=0.9, top_p=0.8, top_k=20)
    model = Opened(folder)
    question = "Go on from one."
    by_config, same, greedy = model.ask(
        said(question, seed=4, max_tokens=12),
        said(question, seed=4, max_tokens=12, temperature=0.9, top_p=0.8),
        said(question, seed=4, max_tokens=12, temperature=0.0),
    )
    model.close()
    assert by_config == same
    assert greedy.text == QUESTIONS["Go on from one."]
    hot = Opened(folder, temperature=50.0)
    assert hot.ask(said(question, seed=4, max_tokens=12)) != [by_config]
    hot.close()


def test_top_k_of_the_generation_config_holds(copy):
    model = Opened(with_generation_config(copy, do_sample=True, temperature=50.0, top_k=1))
    (answer,) = model.ask(said("Go on from one.", seed=4))
    model.close()
    assert answer.text == QUESTIONS["Go on from one."]


def test_what_is_not_followed_is_told(copy, caplog):
    Opened(with_generation_config(copy, repetition_penalty=1.3)).close()
    assert "not followed of the generation config: repetition_penalty=1.3" in caplog.text


def test_any_of_several_eos_tokens_ends_an_answer(copy):
    comma = 16
    model = Opened(with_generation_config(copy, eos_token_id=[1, 4, comma]))
    (answer,) = model.ask(said("Which two follow one?"))
    model.close()
    tokens = json.loads((copy / "tokenizer.json").read_text())["model"]["vocab"]
    assert tokens[","] == comma
    assert (answer.text, answer.finish_reason) == ("First two", "stop")


def test_dtypes(tiny):
    for dtype, expected in (("auto", torch.float32), ("bfloat16", torch.bfloat16)):
        checkpoint = Checkpoint(TransformersSettings(model=str(tiny), dtype=dtype))
        assert checkpoint.load().dtype == expected


def test_a_folder_is_found_from_the_folder_of_the_spec(tiny):
    context = {"base": tiny.parent}
    settings = TransformersSettings.model_validate({"model": tiny.name}, context=context)
    assert settings.model == str(tiny)
    hub = TransformersSettings.model_validate({"model": "org/name"}, context=context)
    assert hub.model == "org/name"


@given(st.sampled_from(["gpu", "cuda:", "cuda:x", "CPU", ""]))
def test_devices_are_checked_with_the_spec(device):
    with pytest.raises(ValueError, match="device"):
        TransformersSettings(model="m", device=device)


def test_tokens_of_the_hub_are_secrets(tiny, monkeypatch):
    from evalcore_transformers.model import Transformers

    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    model = Transformers(TransformersSettings(model=str(tiny)))
    assert list(model.secrets()) == ["hf_secret"]
