from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from hypothesis import settings as hypothesis_settings

from evalcore.data import Continuation, Message, Request
from evalcore_vllm.model import Backend, Vllm
from evalcore_vllm.settings import VllmSettings

for name, examples in {"few": 25, "many": 100}.items():
    # A busy machine is no failure.
    hypothesis_settings.register_profile(name, max_examples=examples, deadline=None)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "few"))

os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "HTTP_PROXY": "http://127.0.0.1:9",  # where nobody listens, as on a machine behind a proxy
    "OMP_NUM_THREADS": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # one process for the engine, not two
}

CONTEXT = 256
SMALL = {
    "dtype": "float32",
    "max_model_len": CONTEXT,
    "startup_seconds": 240,
    "engine": {
        "block_size": 32,
        "disable_log_stats": False,
        "enforce_eager": True,
        "max_num_seqs": 32,
    },
}
"""Settings with which an engine starts soon and takes little memory."""

ENDLESS = "~"
"""What the tiny model goes on with until its context is full."""

needs_vllm = pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed")


class Elsewhere:
    """A backend on the loop of another thread, so that tests with loops of their own share it."""

    def __init__(self, backend: Backend, loop: asyncio.AbstractEventLoop) -> None:
        self.backend = backend
        self.context = backend.context
        self._loop = loop

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def complete(self, *args: Any) -> Any:
        return await self._there(self.backend.complete(*args))

    async def score(self, *args: Any) -> Any:
        return await self._there(self.backend.score(*args))

    async def _there(self, call: Coroutine[Any, Any, Any]) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, self._loop))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that answers some questions without doubt."""
    testing = pytest.importorskip("evalcore_transformers.testing")
    return testing.tiny_model(tmp_path_factory.mktemp("model") / "tiny", context=CONTEXT)


@pytest.fixture(scope="session")
def tokenizer(tiny: Path) -> Any:
    """The model's own."""
    transformers = pytest.importorskip("transformers")
    return transformers.AutoTokenizer.from_pretrained(tiny)


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The loop of the engine and the server that the whole session shares."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def engine(tiny: Path, loop: asyncio.AbstractEventLoop) -> Iterator[Elsewhere]:
    """The engine in process."""
    from evalcore_vllm.engine import Engine

    yield from _opened(Engine(VllmSettings(model=str(tiny), **SMALL)), loop)


@pytest.fixture(scope="session")
def server(tiny: Path, loop: asyncio.AbstractEventLoop) -> Iterator[Elsewhere]:
    """The server beside the run."""
    from evalcore_vllm.server import Server

    yield from _opened(Server(VllmSettings(model=str(tiny), **SMALL)), loop)


@pytest.fixture(params=["engine", "server"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """The one and the other; models that are made in this test use it."""
    found = request.getfixturevalue(request.param)
    monkeypatch.setattr("evalcore_vllm.model._backend", lambda _: found)
    return found


@pytest.fixture
def ask(backend: Elsewhere, tiny: Path) -> Callable[..., list[Any]]:
    """Asks a model with these settings, all at a time."""

    def asked(*calls: Request | Continuation, **settings: Any) -> list[Any]:
        return answers(Vllm(VllmSettings(**{"model": str(tiny), **SMALL, **settings})), *calls)

    return asked


def answers(model: Vllm, *calls: Request | Continuation) -> list[Any]:
    async def run() -> list[Any]:
        await model.open()
        try:
            return await asyncio.gather(*map(one, calls))
        finally:
            await model.close()

    def one(call: Request | Continuation) -> Coroutine[Any, Any, Any]:
        return model.generate(call) if isinstance(call, Request) else model.loglikelihood(call)

    return asyncio.run(run())


def question(text: str, **fields: Any) -> Request:
    return Request((Message("user", text),), **fields)


async def metric(backend: Elsewhere, name: str) -> float:
    """One of vLLM's own metrics."""
    return await asyncio.to_thread(_metric, backend.backend, name)


async def running(backend: Elsewhere) -> float:
    """Requests in the engine's batch."""
    return await metric(backend, "vllm:num_requests_running")


def _metric(backend: Any, name: str) -> float:
    from prometheus_client import REGISTRY
    from prometheus_client.parser import text_string_to_metric_families

    families = REGISTRY.collect()
    if hasattr(backend, "url"):
        with urlopen(f"{backend.url.removesuffix('/v1')}/metrics") as answer:
            families = text_string_to_metric_families(answer.read().decode())
    samples = (sample for family in families for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name == name)


def _opened(backend: Backend, loop: asyncio.AbstractEventLoop) -> Iterator[Elsewhere]:
    asyncio.run_coroutine_threadsafe(backend.open(), loop).result()
    try:
        yield Elsewhere(backend, loop)
    finally:
        asyncio.run_coroutine_threadsafe(backend.close(), loop).result()
