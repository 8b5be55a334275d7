from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
settings.load_profile("no deadline")

TASKS = Path(__file__).parent / "tasks"


@pytest.fixture(autouse=True, scope="session")
def _caches(tmp_path_factory):
    """What the libraries keep between runs goes to a folder of its own."""
    folder = tmp_path_factory.mktemp("caches")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVALCORE_CACHE", str(folder))
        patch.setenv("HF_HOME", str(folder / "hf"))
        yield


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A tiny trained model of transformers."""
    testing = pytest.importorskip("evalcore_transformers.testing")
    return testing.tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def hf():
    """Makes lm-eval's own model of transformers."""
    from lm_eval.models.huggingface import HFLM

    made = {}

    def make(folder, dtype="float64", batch_size=4):
        key = (folder, dtype, batch_size)
        if key not in made:
            made[key] = HFLM(str(folder), dtype=dtype, device="cpu", batch_size=batch_size)
        return made[key]

    return make
