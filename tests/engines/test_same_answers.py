"""The same 200 prompts through every way to the same weights: the same texts, the same counts.

Each way is skipped where its engine is not installed; at least one other must be there to compare.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest

import evalcore

testing = pytest.importorskip("evalcore_transformers.testing")

pytestmark = pytest.mark.filterwarnings(
    "ignore:`torch.jit.script_method` is deprecated:DeprecationWarning"  # vLLM still uses it
)
READY_SECONDS = 240
CONTEXT = 256
SMALL = {
    "dtype": "float32",
    "max_model_len": CONTEXT,
    "startup_seconds": READY_SECONDS,
    "engine": {"block_size": 32, "enforce_eager": True, "max_num_seqs": 32},
}

needs_vllm = pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed")
needs_serving = pytest.mark.skipif(
    find_spec("uvicorn") is None, reason="the servers of transformers[serving] are not installed"
)


@pytest.fixture(scope="session", autouse=True)
def quiet_engines():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            "VLLM_CPU_KVCACHE_SPACE": "1",
            "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # one process for the engine, not two
        }.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return testing.tiny_model(tmp_path_factory.mktemp("weights") / "tiny", context=CONTEXT)


def dialogues():
    """200 questions that the model answers without doubt."""
    asked = random.Random(3).sample(sorted(testing.QUESTIONS), 200)
    return [(evalcore.Message("user", question),) for question in asked]


def texts():
    """The same as texts that are continued as they stand."""
    return [testing.PLAIN.format(question=question.content) for (question,) in dialogues()]


def answers(model, *, raw=True):
    """What a model answers, all asked at a time, through the chat template and without.

    Of each answer the text, the reason why it ended, and the tokens of its prompt and its own.
    """

    async def asked():
        async with evalcore.open_model(model) as opened:
            ask = partial(opened.generate, temperature=0, max_tokens=48)
            chats = [ask(dialogue) for dialogue in dialogues()]
            raws = [ask(text, raw=True) for text in texts()] if raw else []
            return await asyncio.gather(*chats, *raws)

    found = asyncio.run(asked())
    outlines = [(g.text, g.finish_reason, g.prompt_tokens, g.completion_tokens) for g in found]
    return outlines[:200], outlines[200:]


@pytest.fixture(scope="session")
def in_process(weights):
    """What transformers answers in process."""
    return answers({"use": "transformers", "model": str(weights), "dtype": "float32"})


def test_the_answers_are_the_ones_that_were_trained(in_process):
    chats, raws = in_process
    expected = [testing.QUESTIONS[question.content] for (question,) in dialogues()]
    assert [text for text, *_ in chats] == expected
    assert [text.strip() for text, *_ in raws] == expected
    assert {reason for _, reason, *_ in chats} == {"stop"}
    assert len({counts for *_, counts in chats}) > 5


@needs_vllm
@pytest.mark.parametrize("serve", [False, True], ids=["in process", "served"])
def test_vllm(weights, in_process, serve):
    model = {"use": "vllm", "model": str(weights), "serve": serve, **SMALL}
    assert answers(model) == in_process


@needs_vllm
def test_an_endpoint_of_vllm(weights, in_process, tmp_path):
    port = free_port()
    command = [
        *("vllm", "serve", weights, "--host", "127.0.0.1", "--port", port, "--dtype", "float32"),
        *("--enforce-eager", "--max-model-len", CONTEXT, "--max-num-seqs", 32, "--block-size", 32),
        *("--served-model-name", "tiny"),
    ]
    with serving(command, port, tmp_path / "log"):
        assert answers(endpoint(port, "tiny")) == in_process


@needs_serving
def test_an_endpoint_of_transformers(weights, in_process, tmp_path):
    port = free_port()
    command = [
        *("transformers", "serve", weights, "--host", "127.0.0.1", "--port", port),
        *("--device", "cpu", "--dtype", "float32"),
    ]
    with serving(command, port, tmp_path / "log"):
        # It has no endpoint for texts that are continued as they stand.
        assert answers(endpoint(port, str(weights)), raw=False)[0] == in_process[0]


def endpoint(port, model):
    return {
        "use": "openai",
        "model": model,
        "base_url": f"http://127.0.0.1:{port}/v1",
        "limits": {"concurrency": 16},
    }


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(command, port, log):
    """A server of somebody's, ready, as long as the context lasts."""
    words = [str(word) for word in command]
    words[0] = str(Path(sys.executable).parent / words[0])
    with log.open("wb") as stream:
        process = subprocess.Popen(
            words, stdout=stream, stderr=stream, start_new_session=True, env=dict(os.environ)
        )
        try:
            wait_until_ready(process, port, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(process, port, log):
    direct = build_opener(ProxyHandler({}))
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(errors="replace")[-3_000:]
        try:
            with direct.open(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"not ready after {READY_SECONDS} s: {log.read_text(errors='replace')[-3_000:]}")
