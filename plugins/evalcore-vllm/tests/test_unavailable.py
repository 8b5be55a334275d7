"""Where vLLM cannot run, one line says so."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from conftest import needs_vllm

OPEN = """
import asyncio, sys
sys.modules.update(dict.fromkeys(sys.argv[3:]))
from evalcore.errors import EvalcoreError
from evalcore_vllm.model import Vllm
from evalcore_vllm.settings import VllmSettings

async def run():
    settings = {"dtype": "float32", "engine": {"enforce_eager": True}}
    await Vllm(VllmSettings(model=sys.argv[1], serve=sys.argv[2] == "serve", **settings)).open()

try:
    asyncio.run(run())
except EvalcoreError as error:
    print(error)
"""


def opened(*arguments: str, path: Path | None = None) -> str:
    """What the error says of a model that is opened in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN, *arguments],
        env=None if path is None else {**__import__("os").environ, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("way", ["in process", "serve"])
def test_without_vllm(way):
    """Also without transformers and torch, which come with vLLM."""
    said = opened("no-model", way, "vllm", "transformers", "torch")
    assert said.startswith("vLLM cannot run here: it is not installed; install a build of vLLM")
    assert said.count("\n") == 1


@needs_vllm
@pytest.mark.parametrize("way", ["in process", "serve"])
def test_a_build_for_another_machine(way, tiny, tmp_path):
    """A build whose version does not say cpu looks for a GPU, and there is none."""
    metadata = distribution("vllm")._path / "METADATA"
    folder = tmp_path / "vllm-0.32.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(metadata.read_text().replace("0.32.0+cpu", "0.32.0"))
    said = opened(str(tiny), way, path=tmp_path)
    assert said.startswith("vLLM cannot run here: its build is for none of this machine's devices;")
    assert said.count("\n") == 1
