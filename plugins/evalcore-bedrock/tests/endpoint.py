"""An endpoint on loopback that speaks Bedrock's wire format for Converse, and misbehaves on demand.

What it is asked and what it answers is checked against the model of the service that botocore
ships, and each signature is computed anew.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.session import Session
from botocore.validate import ParamValidator

REGION = "us-east-1"
CREDENTIALS = Credentials("AKIDOFTHETESTS", "secret-key-of-the-tests", "token-of-the-tests")
CONVERSE = Session().get_service_model("bedrock-runtime").operation_model("Converse")

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/bedrock/aws4_request, "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Asked:
    """A call as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    raw: bytes

    @property
    def model(self) -> str:
        return unquote(self.path.removeprefix("/model/").removesuffix("/converse"))

    @property
    def texts(self) -> list[str]:
        """What is said in the dialogue, block by block."""
        return [block["text"] for turn in self.body["messages"] for block in turn["content"]]


@dataclass(frozen=True)
class Reply:
    """An answer as it is sent, `body` byte by byte."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    reset_after: int | None = None
    """Bytes of the body after which the connection is reset."""


def spoken(text: str, reason: str = "end_turn", prompt: int = 7, completion: int = 3) -> Reply:
    """An answer of the model."""
    return whole([{"text": text}], reason, prompt, completion)


def whole(blocks: list[dict], reason: str = "end_turn", prompt: int = 7, completion: int = 3):
    """An answer of the model in blocks, as the service's model has it."""
    response = {
        "output": {"message": {"role": "assistant", "content": blocks}},
        "stopReason": reason,
        "usage": {
            "inputTokens": prompt,
            "outputTokens": completion,
            "totalTokens": prompt + completion,
        },
        "metrics": {"latencyMs": 12},
    }
    found = ParamValidator().validate(response, CONVERSE.output_shape)
    assert not found.has_errors(), found.generate_report()
    return Reply(json.dumps(response).encode())


def refused(kind: str, status: int, message: str = "no", *, retry_after: str = "", **more: Any):
    """An answer of the service that is an error, with the type in its header."""
    headers = {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
    if retry_after:
        headers["Retry-After"] = retry_after
    return Reply(json.dumps({"message": message, **more}).encode(), status, headers)


def echo(asked: Asked) -> Reply:
    """A function of the request alone: a hash of it, with counts of words."""
    digest = hashlib.sha256(asked.path.encode() + asked.raw).hexdigest()
    words = sum(len(text.split()) for text in asked.texts)
    return spoken(f"answer {digest[:12]}", prompt=words, completion=2)


class Endpoint:
    """The server; `reply` is what it does, and may be changed at any time.

    With a certificate it speaks TLS.

    Attributes:
        asked: all calls so far.
        problems: what was wrong with them.
        most: the most calls that were under way at one time.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.reply: Callable[[Asked], Reply] = echo
        self.asked: list[Asked] = []
        self.problems: list[str] = []
        self.most = 0
        self.released = threading.Event()
        """Lets go of the calls that `hang` holds."""
        self._under_way = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def hang(self, asked: Asked) -> Reply:
        """Answer only when released."""
        self.released.wait()
        return echo(asked)

    def answer(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            self.problems += _problems(asked)
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        try:
            return self.reply(asked)
        finally:
            with self._lock:
                self._under_way -= 1


def _handler(endpoint: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = endpoint.answer(Asked(self.path, headers, json.loads(raw), raw))
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            with suppress(OSError):  # the other side has given up
                self.wfile.write(reply.body[: reply.reset_after])
            if reply.reset_after is not None:
                self._reset()

        def _reset(self) -> None:
            self.wfile.flush()
            at_once = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            self.close_connection = True
            self.connection.close()

        def finish(self) -> None:
            with suppress(OSError):  # the other side, or `_reset`, was faster
                super().finish()

        def log_message(self, *words: object) -> None:
            pass

    return Handler


def _problems(asked: Asked) -> list[str]:
    """What is wrong with a call."""
    problems = []
    if not re.fullmatch(r"/model/[^/]+/converse", asked.path):
        problems.append(f"the path is {asked.path}")
    found = ParamValidator().validate({"modelId": asked.model, **asked.body}, CONVERSE.input_shape)
    if found.has_errors():
        problems.append(found.generate_report())
    unknown = asked.body.keys() - CONVERSE.input_shape.members.keys()
    if unknown:
        problems.append(f"Converse knows no {unknown}")
    if "bearer" not in asked.headers.get("authorization", "").lower():
        problems += _signature_problems(asked)
    return problems


def _signature_problems(asked: Asked) -> list[str]:
    found = _AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
    if not found:
        return [f"not signed: {asked.headers}"]
    signed = {name: asked.headers[name] for name in found["headers"].split(";")}
    url = f"http://{asked.headers['host']}{asked.path}"
    request = AWSRequest("POST", url, headers=signed, data=asked.raw)
    request.context["timestamp"] = asked.headers["x-amz-date"]
    signer = SigV4Auth(CREDENTIALS, "bedrock", REGION)
    expected = signer.signature(
        signer.string_to_sign(request, signer.canonical_request(request)), request
    )
    if (found["key"], found["region"]) != (CREDENTIALS.access_key, REGION):
        return [f"signed by {found['key']} for {found['region']}"]
    return [] if expected == found["signature"] else ["the signature is wrong"]
