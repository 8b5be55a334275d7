from __future__ import annotations

import fcntl
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before anything imports the hub's client

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings
from opened_models import Opened

from evalcore_transformers.testing import tiny_model

settings.register_profile(  # a busy machine is no failure; the models are shared on purpose
    "quiet", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("quiet")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Small models are slower with more, and the machine has other things to do."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny model, trained: once, however many processes share the tests."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "tiny.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = shared / "tiny"
        return folder if folder.exists() else tiny_model(folder)


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model with random weights: it is sure of nothing."""
    return tiny_model(tmp_path_factory.mktemp("models") / "untrained", trained=False)


@pytest.fixture(scope="session")
def opened() -> Iterator[Callable[..., Opened]]:
    """Opens models by folder and settings, each once for all tests."""
    models: dict[object, Opened] = {}

    def open_once(folder: Path, **settings: object) -> Opened:
        key = (folder, *sorted(settings.items()))
        if key not in models:
            models[key] = Opened(folder, **settings)
        return models[key]

    yield open_once
    for model in models.values():
        model.close()
