"""Processes: none is left behind, whatever happens, and what ends too early is told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import ENDLESS, SMALL, Elsewhere, answers, needs_vllm, question

from evalcore.errors import EvalcoreError
from evalcore.model import TransientError
from evalcore_vllm.model import Vllm
from evalcore_vllm.settings import VllmSettings

pytestmark = needs_vllm

BOTH_WAYS = """
import asyncio, json, sys
from evalcore_vllm.model import Vllm
from evalcore_vllm.settings import VllmSettings

async def run(settings):
    both = [Vllm(VllmSettings(**settings, serve=serve)) for serve in (False, True)]
    await asyncio.gather(*(model.open() for model in both))
    print("open", flush=True)
    await asyncio.sleep(1000)

asyncio.run(run(json.loads(sys.argv[1])))
"""


def model(tiny: Path, **settings) -> Vllm:
    return Vllm(VllmSettings(**{"model": str(tiny), **SMALL, **settings}))


def engines(process: int | None = None) -> list[Any]:
    """The engine processes of this process or another, and of the servers that it started."""
    psutil = pytest.importorskip("psutil")
    children = psutil.Process(process).children(recursive=True)
    alive = (child for child in children if child.status() != psutil.STATUS_ZOMBIE)
    return [child for child in alive if "EngineCore" in "".join(child.cmdline())]


def test_a_run_that_is_killed_leaves_nothing(tiny: Path):
    """Neither the engine nor the server is told, nor can the run clean up."""
    psutil = pytest.importorskip("psutil")
    command = [sys.executable, "-c", BOTH_WAYS, json.dumps({"model": str(tiny), **SMALL})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        try:
            assert run.stdout.readline() == "open\n"
            assert len(engines(run.pid)) == 2
            children = psutil.Process(run.pid).children(recursive=True)
        finally:
            run.kill()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []


def test_a_server_that_is_given_up_while_it_starts_is_gone(tiny: Path):
    served = model(tiny, serve=True)

    async def give_up() -> int:
        start = asyncio.create_task(served.open())
        while (process := served._backend.process) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        return process.pid

    group = asyncio.run(give_up())
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_a_server_that_takes_too_long(tiny: Path):
    with pytest.raises(EvalcoreError, match=r"not ready after 0.5 s; give it more by `startup_s"):
        answers(model(tiny, serve=True, startup_seconds=0.5))


def test_a_server_that_cannot_start(tiny: Path):
    with pytest.raises(
        EvalcoreError,
        match=r"^vllm serve ended with status 2: .*unrecognized arguments: --max-num-sqs=4\. "
        r"Its log ends:\n(    .+\n?)+$",
    ):
        answers(model(tiny, serve=True, engine={"max_num_sqs": 4}))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"engine": {"max_num_sqs": 4}}, r"no argument 'max_num_sqs'; did you mean max_num_seqs"),
        ({"max_model_len": 10**6}, r"^vLLM cannot run .*max_model_len \(1000000\) is greater than"),
        ({"dtype": "float33"}, r"^vLLM cannot run .*: dtype: Input should be .*'bfloat16'"),
    ],
)
def test_an_engine_that_cannot_start(engine: Elsewhere, tiny: Path, wrong, message):
    with pytest.raises(EvalcoreError, match=message):
        answers(model(tiny, **wrong))


def test_an_engine_whose_process_cannot_start(
    engine: Elsewhere, tiny: Path, monkeypatch: pytest.MonkeyPatch
):
    """The cause is not in the exception but in what the process logged."""
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "100000")
    with pytest.raises(EvalcoreError, match=r"^vLLM cannot run .*: ValueError: Available memory"):
        answers(model(tiny))


def test_ctrl_c_is_for_the_run_alone(ask):
    """A terminal sends it to the whole group, and the run ends what is under way with vLLM."""
    for process in engines():
        if os.getpgid(process.pid) == os.getpgrp():
            process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    (answer,) = ask(question("Go on from one."))
    assert answer.text == "On: two three four five six seven."


def test_an_engine_that_dies_is_told(backend: Elsewhere, ask):
    """The last test of the engine and the server that the session shares.

    What is under way does not wait for ever. What comes later is not to be tried again.
    """
    served = hasattr(backend.backend, "process")
    (process,) = (one for one in engines() if served == (one.ppid() != os.getpid()))
    killer = threading.Timer(0.3, process.kill)
    killer.start()
    with pytest.raises((EvalcoreError, TransientError)):
        ask(*[question(ENDLESS, raw=True, max_tokens=200) for _ in range(200)])
    killer.join()
    if served:
        backend.backend.process.wait()
    with pytest.raises(EvalcoreError, match=r"^(vLLM's engine|vllm serve) .*ended.*log ends:\n"):
        ask(question("Go on from one."))
