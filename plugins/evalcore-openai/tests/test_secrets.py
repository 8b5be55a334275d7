"""A key is found nowhere: not in the run, the report, the cache, the output or the logs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import yaml
from conftest import model_at
from servers import RIGHT, Reply, right_answer

KEY = "sk-proj-5f8c1e07d2b94a63-and-a-tail-9d41b7"
PIECES = (KEY, KEY[:16], KEY[-16:])
MAIN = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from evalcore.cli import main
sys.exit(main())
"""
"""The command line with every logger told to say all it can."""

ECHOED = (("X-Your-Key", KEY), ("Set-Cookie", f"key={KEY}"))
FATES = {
    "answered": Reply(headers=ECHOED),
    "unauthorized": Reply(401, ECHOED, f'{{"error": {{"message": "bad key {KEY}"}}}}'.encode()),
    "refused at length": Reply(400, ECHOED, b"x" * 270 + KEY.encode() * 9),
    "broken": Reply(500, ECHOED, f"Traceback: Authorization: Bearer {KEY}".encode()),
    "cut off": Reply(200, ECHOED, f'{{"choices": "{KEY}'.encode()),
    "an error as an answer": Reply(200, ECHOED, json.dumps({"error": {KEY: KEY}}).encode()),
}
"""What becomes of each question; all but the first fail their attempts, and not so often in a row
that the endpoint counts as down."""


def telling(call):
    """An answer with the key in it, in the text and in all that nobody reads."""
    answer = right_answer(call)
    text = f"Your key is {KEY}, is it not? {KEY}{KEY}"
    answer["choices"][0]["message"] = {"content": text, "reasoning_content": KEY}
    return answer | {"id": KEY, "model": KEY}


@pytest.fixture
def command(tmp_path):
    """Runs the command line in a folder of its own with a key in the environment."""

    def run(*arguments, **variables):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI")}
        environment |= {"EVALCORE_CACHE": str(tmp_path / "cache"), "OPENAI_LOG": "debug"}
        done = subprocess.run(
            [sys.executable, "-c", MAIN, *arguments],
            cwd=tmp_path,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        (tmp_path / f"{arguments[0]}.out").write_text(done.stdout + done.stderr, encoding="utf-8")
        return done

    return run


@pytest.fixture
def write_spec(tmp_path):
    def write(fates, *, models=None, **model):
        rows = [{"id": str(i), "question": fate, "answer": ""} for i, fate in enumerate(fates)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "questions.jsonl").write_text(text, encoding="utf-8")
        document = {
            "evalcore": 1,
            "name": "told",
            "task": {"use": "jsonl", "path": "questions.jsonl"},
            "models": {"m": {"use": "openai", "model": "m", **model}},
            "cache": True,
            "limits": {"retry_wait": 0.02},
        }
        (tmp_path / "told.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")

    return write


def found_in(folder):
    """Every file that holds the key or the half of one, byte by byte."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 2
    return [
        (str(path.relative_to(folder)), piece)
        for path in files
        for piece in PIECES
        if piece.encode() in path.read_bytes()
    ]


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ({}, "OPENAI_API_KEY"),
        ({"api_key": "${A_KEY}"}, "A_KEY"),
        ({"headers": {"Authorization": "Bearer ${A_KEY}"}}, "A_KEY"),
    ],
)
def test_a_run_that_succeeds_and_fails(serve, command, write_spec, tmp_path, settings, variable):
    endpoint = serve(lambda call: FATES[call.question], answer=telling)
    write_spec(FATES, base_url=endpoint.url, **settings)
    done = command("run", "told.yaml", **{variable: KEY})
    assert done.returncode == 1, done.stderr
    assert "6 attempts, 5 failed" in done.stderr
    assert all(KEY in call.headers["authorization"] for call in endpoint.calls)

    records = command("records", "runs/told", "--format", "jsonl")
    assert records.stdout.count("[secret]") + records.stdout.count("${A_KEY}") >= len(FATES)
    assert {path.name for path in tmp_path.rglob("*")} >= {"run.db", "report.html"}
    assert any(path.is_file() for path in (tmp_path / "cache").rglob("*"))
    assert "DEBUG:openai" in done.stderr
    assert found_in(tmp_path) == []


def test_a_run_that_succeeds_and_is_answered_by_the_cache(serve, command, write_spec, tmp_path):
    endpoint = serve(lambda call: RIGHT, answer=telling)
    write_spec(["a", "b"], base_url=endpoint.url)
    assert command("run", "told.yaml", OPENAI_API_KEY=KEY).returncode == 0
    assert command("run", "told.yaml", "--fresh", OPENAI_API_KEY=KEY).returncode == 0
    assert len(endpoint.calls) == 2
    assert found_in(tmp_path) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"api_key": "${A_KEY}", "temperature": "${A_KEY}"}, "expected a number"),
        ({"api_key": "${A_KEY}", "base_url": "http://me:${A_KEY}@host/v1"}, "without credentials"),
        ({"api_key": ["${A_KEY}"]}, "api_key"),
        ({"modle": "${A_KEY}"}, "did you mean 'model'"),
        ({"extra_body": {"${A_KEY}": 1, "seed": "${A_KEY}"}}, "'seed' is decided by each request"),
    ],
)
def test_a_spec_that_is_refused(command, write_spec, tmp_path, settings, told):
    write_spec(["a"], **settings)
    for verb in ("check", "run"):
        done = command(verb, "told.yaml", A_KEY=KEY)
        assert done.returncode == 2
        assert told in done.stderr
    assert found_in(tmp_path) == []


def test_a_key_is_known_by_its_form_in_json_too():
    model = model_at("http://127.0.0.1:1/v1", api_key='sk"quo\\te-1234')
    assert {'sk"quo\\te-1234', 'sk\\"quo\\\\te-1234'} <= set(model.secrets())
