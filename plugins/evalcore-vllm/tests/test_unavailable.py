"""Where vLLM cannot run, one line says so."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from conftest import SMALL, answers, needs_vllm

from evalcore.errors import PluginError
from evalcore_vllm.model import Vllm
from evalcore_vllm.settings import VllmSettings

NO_DEVICE = "vLLM cannot run here: its build is for none of this machine's devices; install"
NO_INSTRUCTION = NO_DEVICE.replace(
    "is for none of this machine's devices",
    "uses instructions that this machine's processor does not have",
)
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
        env=os.environ | ({"PYTHONPATH": str(path)} if path else {}),
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


def test_without_vllm_is_told_before_anything_is_opened(monkeypatch):
    model = Vllm(VllmSettings(model="no-model"))
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(PluginError, match="vLLM cannot run here: it is not installed"):
        model.preflight()


@needs_vllm
def test_a_build_for_another_machine(engine, tiny, monkeypatch):
    """It finds no platform."""
    from vllm import platforms

    monkeypatch.setattr(platforms, "_current_platform", platforms.interface.UnspecifiedPlatform())
    with pytest.raises(PluginError) as caught:
        answers(Vllm(VllmSettings(model=str(tiny), **SMALL)))
    assert str(caught.value).startswith(NO_DEVICE)


@needs_vllm
def test_a_server_of_a_build_for_another_machine(tiny, tmp_path):
    """A build whose version does not say cpu looks for a GPU, and there is none.

    A processor without AVX-512 ends the process when it loads that build's library.
    """
    metadata = distribution("vllm")._path / "METADATA"
    folder = tmp_path / "vllm-0.32.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(metadata.read_text().replace("0.32.0+cpu", "0.32.0"))
    said = opened(str(tiny), "serve", path=tmp_path)
    assert said.startswith((NO_DEVICE, NO_INSTRUCTION))
    assert said.count("\n") == 1
