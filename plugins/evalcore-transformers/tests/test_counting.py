"""The tokens of a text, counted without torch and without weights."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opened_models import raw
from transformers import AutoTokenizer

from evalcore_transformers.model import Transformers
from evalcore_transformers.settings import TransformersSettings


def model_of(name, **settings):
    return Transformers(TransformersSettings(model=str(name), **settings))


@pytest.fixture(scope="module")
def counters(untrained):
    return model_of(untrained), AutoTokenizer.from_pretrained(untrained)


@given(text=st.text(max_size=80))
def test_it_counts_what_the_tokenizer_makes_of_a_text(counters, text):
    model, tokenizer = counters
    assert model.count_tokens(text) == len(tokenizer(text, add_special_tokens=False)["input_ids"])


def test_it_counts_also_what_no_model_reads(counters):
    model, _ = counters
    assert model.count_tokens("Mon\ud83dday") == model.count_tokens("Mon?day")


def test_it_counts_what_the_model_is_asked_but_for_the_bos(opened, untrained):
    (answer,) = opened(untrained).ask(raw("Go on from Monday.", max_tokens=1))
    assert model_of(untrained).count_tokens("Go on from Monday.") == answer.prompt_tokens - 1


def test_neither_torch_nor_transformers_is_imported(untrained):
    program = (
        "import sys\n"
        "from evalcore_transformers.model import Transformers\n"
        "from evalcore_transformers.settings import TransformersSettings\n"
        f"model = Transformers(TransformersSettings(model={str(untrained)!r}))\n"
        "print(model.count_tokens('Monday') > 0, {'torch', 'transformers'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "True set()\n", done.stderr


def test_without_its_file_nothing_is_known(untrained, tmp_path):
    folder = shutil.copytree(untrained, tmp_path / "model")
    (folder / "tokenizer.json").unlink()
    assert model_of(folder).count_tokens("Monday") is None


def test_a_model_of_the_hub_is_counted_for_once_it_is_here(untrained, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    model = model_of("someone/tiny")
    assert model.count_tokens("Monday") is None
    kept = tmp_path / "models--someone--tiny"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text("0" * 40)
    (kept / "snapshots").mkdir()
    shutil.copytree(untrained, kept / "snapshots" / ("0" * 40))
    assert model.count_tokens("Monday") == model_of(untrained).count_tokens("Monday")
