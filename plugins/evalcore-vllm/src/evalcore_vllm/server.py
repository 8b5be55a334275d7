"""`vllm serve` beside the run: started, waited for, asked as an OpenAI endpoint, and stopped."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from evalcore.errors import EvalcoreError
from evalcore.model import TransientError
from evalcore_openai.answers import read_completions
from evalcore_openai.connection import Connection
from evalcore_openai.errors import ShapeError
from evalcore_openai.settings import OpenAISettings
from evalcore_vllm.arguments import command_line, engine_arguments
from evalcore_vllm.environment import additions, check_started
from evalcore_vllm.logs import Log
from evalcore_vllm.scoring import Scored

if TYPE_CHECKING:
    from evalcore.data import Generation
    from evalcore_vllm.sampling import Sampling
    from evalcore_vllm.settings import VllmSettings

__all__ = ["Server"]

_HOST = "127.0.0.1"
_GRACE = 20.0
"""Seconds that the server may take to end before it is killed."""


class Server:
    """A server with the same settings as the engine, and with the same answers.

    It listens on a free port of this machine alone, to those who know a key made for this run.

    Attributes:
        context: tokens of a prompt with its answer at most; known once it is open.
        key: that it asks for.
        process: that serves; `None` while there is none.
        url: where it listens; known once it is open.
    """

    def __init__(self, settings: VllmSettings) -> None:
        self._settings = settings
        self._log = Log(f"server-{secrets.token_hex(4)}")
        self.process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self.key = secrets.token_hex(16)
        self.context = 0
        self.url = ""

    async def open(self) -> None:
        """Start the server and wait until it is ready.

        Raises:
            EvalcoreError: if it ends instead, or is not ready in time; with the end of its log.
        """
        _keep_from_proxies()
        port = _free_port()
        self.process = self._started(port)
        self.url = f"http://{_HOST}:{port}/v1"
        self.context = await self._ready()
        model, key = self._settings.model, SecretStr(self.key)
        self._connection = Connection(OpenAISettings(model=model, base_url=self.url, api_key=key))
        await self._connection.open()

    async def close(self) -> None:
        """Stop the server and all its processes."""
        connection, self._connection = self._connection, None
        process, self.process = self.process, None
        if connection is not None:
            await connection.close()
        if process is not None:
            await asyncio.to_thread(_stop, process)

    async def complete(self, ids: list[int], sampling: Sampling) -> Generation:
        """Go on from a prompt.

        Raises:
            TransientError: if the same request may succeed later.
            EvalcoreError: if the server refuses it, or has ended.
        """
        body = {
            "model": self._settings.model,
            "prompt": ids,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "max_tokens": sampling.max_tokens,
            "stop": list(sampling.stop),
            "seed": sampling.seed,
            "logprobs": 0 if sampling.logprobs else None,
        }
        read = partial(read_completions, stop=sampling.stop, logprobs=sampling.logprobs)
        generation: Generation = await self._ask(body, read)
        return generation

    async def score(self, ids: list[int]) -> list[Scored]:
        """What the model says of each token but the first; errors as of `complete`."""
        body = {
            "model": self._settings.model,
            "prompt": ids,
            "temperature": 0,
            "max_tokens": 1,
            "prompt_logprobs": 1,
        }
        scored: list[Scored] = await self._ask(body, partial(_read_scored, ids=ids))
        return scored

    async def _ask(self, body: dict[str, Any], read: Any) -> Any:
        assert self._connection is not None, "the model is not open"
        try:
            return await self._connection.ask("/completions", body, read)
        except TransientError:
            self._check_alive()
            raise

    def _started(self, port: int) -> subprocess.Popen[bytes]:
        arguments = engine_arguments(self._settings)
        command = [
            *(sys.executable, "-P", "-m", "evalcore_vllm.serve", str(os.getpid())),
            *command_line(arguments),
            *("--host", _HOST, "--port", str(port)),
        ]
        environment = os.environ | additions(os.environ, self._log) | {"VLLM_API_KEY": self.key}
        with self._log.path.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                # Ctrl+C is for the run, which then finishes what is under way.
                start_new_session=True,
            )

    async def _ready(self) -> int:
        """Wait; returns what the model reads and writes at most, in tokens."""
        limit = time.monotonic() + self._settings.startup_seconds
        while time.monotonic() < limit:
            self._check_alive(starting=True)
            context = await asyncio.to_thread(self._asked_for_context)
            if context is not None:
                return context
            await asyncio.sleep(0.25)
        raise EvalcoreError(
            f"vllm serve was not ready after {self._settings.startup_seconds:g} s; give it more by "
            f"`startup_seconds` beside the model. Its log ends:\n{self._log.end()}"
        )

    def _asked_for_context(self) -> int | None:
        request = urllib.request.Request(  # noqa: S310 - http to this machine
            f"{self.url}/models", headers={"Authorization": f"Bearer {self.key}"}
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=5) as answer:
                return int(json.load(answer)["data"][0]["max_model_len"])
        except OSError:
            return None

    def _check_alive(self, *, starting: bool = False) -> None:
        assert self.process is not None
        status = self.process.poll()
        if status is not None:
            if starting:
                check_started(status, self._log.cause())
            raise EvalcoreError(f"vllm serve ended with status {status}{self._log.account()}")


def _read_scored(answer: dict[str, Any], ids: list[int]) -> list[Scored]:
    try:
        rows = answer["choices"][0]["prompt_logprobs"][1:]
        return [_scored(row, str(token)) for token, row in zip(ids[1:], rows, strict=True)]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ShapeError(f"expected log-probabilities ({type(error).__name__}: {error})") from None


def _scored(row: dict[str, dict[str, float]], token: str) -> Scored:
    own = row[token]["logprob"]
    return Scored(own, greedy=own >= max(other["logprob"] for other in row.values()))


def _keep_from_proxies() -> None:
    """What goes to this machine must not go to the proxy that the environment may name."""
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        os.environ[name] = ",".join(dict.fromkeys([*hosts, _HOST]))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
