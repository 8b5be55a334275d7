from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from servers import Endpoint

from evalcore.data import Continuation, Generation, Likelihood, Message, Request
from evalcore_openai.model import OpenAI
from evalcore_openai.settings import OpenAISettings

hypothesis_settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
hypothesis_settings.load_profile("no deadline")

VARIABLES = ("API_KEY", "BASE_URL", "ORG_ID", "PROJECT_ID", "CUSTOM_HEADERS", "LOG")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the SDK would read from the environment of whoever runs the tests."""
    for name in VARIABLES:
        monkeypatch.delenv(f"OPENAI_{name}", raising=False)


@pytest.fixture
def serve() -> Iterator[Callable[..., Endpoint]]:
    """Starts endpoints, and stops them at the end."""
    with ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(Endpoint(*args, **kwargs))


def model_at(url: str, **settings: Any) -> OpenAI:
    return OpenAI(OpenAISettings.model_validate({"model": "m", "base_url": url, **settings}))


def asked(model: OpenAI, *calls: Request | Continuation) -> list[Generation | Likelihood]:
    """The answers of a model that is opened for these calls alone, all at a time."""

    async def run() -> list[Generation | Likelihood]:
        await model.open()
        try:
            async with asyncio.timeout(60):  # what never ends is a failure, not a hang
                return await asyncio.gather(*map(_one, calls))
        finally:
            await model.close()

    def _one(call: Request | Continuation) -> Any:
        known = isinstance(call, Request)
        return model.generate(call) if known else model.loglikelihood(call)

    return asyncio.run(run())


def question(text: str = "Why?", **fields: Any) -> Request:
    return Request((Message("user", text),), **{"seed": 5, **fields})
