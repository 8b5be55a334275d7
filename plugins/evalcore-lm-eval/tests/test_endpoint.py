"""lm-eval's models behind an endpoint, on a socket that sometimes fails."""

from __future__ import annotations

import gc
import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("tenacity", reason="lm-eval[api] is not installed")


class Endpoint(ThreadingHTTPServer):
    """Says `Tuesday.` to everything; the first `failures` requests get a status instead."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.failures = 0
        self.status = 503
        self.seen = []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, body))
        failing = len(self.server.seen) <= self.server.failures
        text = " It comes Tuesday."
        choice = {"index": 0, "text": text, "message": {"content": text}}
        answer = json.dumps({"choices": [choice]}).encode()
        self.send_response(self.server.status if failing else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        with suppress(BrokenPipeError):  # who asked may have given up
            self.wfile.write(answer)

    def log_message(self, *arguments):
        """Nothing: a test that fails shows what it needs."""


@pytest.fixture
def endpoint():
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
    gc.collect()  # lm-eval leaves tasks whose errors nobody has looked at: asyncio logs them now


def spec(endpoint, tiny, tmp_path, model, path, **more):
    (tmp_path / "q.jsonl").write_text(
        "".join(f'{{"question": "What comes after {i}?", "answer": "x"}}\n' for i in range(5))
    )
    arguments = {"model": "m", "base_url": f"http://127.0.0.1:{endpoint.server_port}{path}",
                 "tokenizer": str(tiny), "tokenizer_backend": "huggingface", "max_retries": 1,
                 **more}  # fmt: skip
    return {
        "task": {"use": "jsonl", "path": "q.jsonl"},
        "models": {"m": {"use": "lm-eval", "model": model, "model_args": arguments}},
        "strategy": {"use": "single", "max_tokens": 7, "system": "Be brief."},
        "metrics": ["mean"],
        "limits": {"retry_wait": 0.01},
    }


@pytest.mark.parametrize("concurrent", [1, 4])
def test_completions(concurrent, endpoint, tiny, tmp_path, evalcore_run):
    endpoint.failures = 2
    more = {"num_concurrent": concurrent, "tokenized_requests": False}
    given = spec(endpoint, tiny, tmp_path, "local-completions", "/v1/completions", **more)
    given["models"]["m"]["chat"] = False
    run = evalcore_run(given)
    assert not [record.failure for record in run.records if record.failure]
    assert [record.answer for record in run.records] == [" It comes Tuesday."] * 5
    assert run.outcome.progress.ledger.retries > 0
    path, body = endpoint.seen[-1]
    assert path == "/v1/completions"
    assert body["prompt"].startswith("Be brief.\n\nWhat comes after")
    assert body["max_tokens"] == 7
    assert run.records[0].usage.prompt_tokens > 5


def test_dialogues(endpoint, tiny, tmp_path, evalcore_run):
    path = "/v1/chat/completions"
    more = {"tokenized_requests": False}
    run = evalcore_run(spec(endpoint, tiny, tmp_path, "local-chat-completions", path, **more))
    assert [record.answer for record in run.records] == [" It comes Tuesday."] * 5
    _, body = endpoint.seen[0]
    assert [turn["role"] for turn in body["messages"]] == ["system", "user"]


def test_what_will_not_pass_fails_at_once(endpoint, tiny, tmp_path, evalcore_run):
    endpoint.failures, endpoint.status = 10**6, 401
    more = {"tokenized_requests": False}
    given = spec(endpoint, tiny, tmp_path, "local-completions", "/v1/completions", **more)
    run = evalcore_run(given, limit=1)
    (record,) = run.records
    assert record.failure.kind == "model"
    assert "401" in record.failure.message
    assert run.outcome.progress.ledger.retries == 0
