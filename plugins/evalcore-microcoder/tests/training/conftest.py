from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before anything imports the hub's client

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from evalcore_microcoder.training.recipe import Options, Recipe

SMALL = {"size": "tiny", "steps": 24, "tokens": 1024, "tried": 6, "tested": 4, "pause": 0.0}
"""A reduced run: all stages with a checkpoint after every step, in seconds."""


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """The reduced run, not disturbed by anything."""
    recipe = Recipe(Options(folder=tmp_path_factory.mktemp("trained"), **SMALL))
    recipe.run()
    return recipe


@pytest.fixture
def tokenizer_folder(trained: Recipe) -> Path:
    return trained.model.parents[1] / "tokenizer"


@pytest.fixture
def options(tokenizer_folder: Path, tmp_path: Path) -> Callable[..., Options]:
    """Options of the reduced run in a folder of its own, which has the tokenizer already."""
    shutil.copytree(tokenizer_folder, tmp_path / "tokenizer")

    def changed(**others: object) -> Options:
        return Options(folder=tmp_path, **{**SMALL, **others})

    return changed
