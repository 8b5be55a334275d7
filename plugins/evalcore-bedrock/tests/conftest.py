from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from endpoint import CREDENTIALS, REGION, Endpoint, echo
from hypothesis import settings

from evalcore.data import Generation, Message, Request
from evalcore_bedrock.model import Bedrock
from evalcore_bedrock.settings import BedrockSettings

settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
settings.load_profile("no deadline")

HELLO = Request((Message("user", "Hello"),))
VARIABLES = (
    "AWS_CA_BUNDLE",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    "AWS_PROFILE",
    "AWS_REGION",
)


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The AWS configuration of the tests, and nothing of the machine's."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", CREDENTIALS.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CREDENTIALS.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", CREDENTIALS.token)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="session")
def server() -> Iterator[Endpoint]:
    with Endpoint() as server:
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 with its key, which no machine trusts."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl on this machine to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=tests -keyout key -out crt"
    name = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command.split(), *name], cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key").read_bytes() + (folder / "crt").read_bytes())
    return both


@pytest.fixture
def endpoint(server: Endpoint) -> Iterator[Endpoint]:
    """The server, answering a hash of the request, and with no calls so far.

    No test may send what the service's own model does not allow.
    """
    server.reply = echo
    server.asked.clear()
    server.problems.clear()
    server.most = 0
    server.released.clear()
    yield server
    server.released.set()
    assert server.problems == []


@pytest.fixture
def ask(endpoint: Endpoint) -> Callable[..., Generation]:
    """Asks a model with some settings one request."""

    def asked(request: Request | str = "Hello", **changes: Any) -> Generation:
        if isinstance(request, str):
            request = Request((Message("user", request),))
        return asyncio.run(answer(endpoint, request, **changes))

    return asked


async def answer(endpoint: Endpoint, request: Request, **changes: Any) -> Generation:
    model = Bedrock(settings_for(endpoint, **changes))
    await model.open()
    try:
        return await model.generate(request)
    finally:
        await model.close()


def settings_for(endpoint: Endpoint, **changes: Any) -> BedrockSettings:
    written = {"model": "test.model-v1:0", "region": REGION, "endpoint_url": endpoint.url}
    return BedrockSettings.model_validate({**written, **changes})
