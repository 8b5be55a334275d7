"""Whole runs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from endpoint import CREDENTIALS, REGION, Asked, Endpoint, Reply, echo, refused, spoken

SUMS = 24


@pytest.fixture
def sums(tmp_path: Path) -> str:
    rows = [{"question": f"{number} - {number - 2}?", "answer": "2"} for number in range(SUMS)]
    (tmp_path / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "sums.jsonl"


def spec(endpoint: Endpoint, sums: str, model: str = "us.meta.llama3-8b-instruct-v1:0") -> dict:
    return {
        "task": {"use": "jsonl", "path": sums},
        "models": {
            "it": {"use": "bedrock", "model": model, "region": REGION, "endpoint_url": endpoint.url}
        },
    }


def test_a_run_s_dollars(endpoint, evalcore_run, sums):
    endpoint.reply = lambda _: spoken("2", prompt=1000, completion=500)
    run = evalcore_run(spec(endpoint, sums))
    assert run.value("mean") == 1.0
    expected = (1000 * 0.30 + 500 * 0.60) / 1e6
    assert [record.usage.dollars for record in run.records] == pytest.approx([expected] * SUMS)


def test_what_may_pass_passes_and_is_paid_for_once(endpoint, evalcore_run, sums):
    """Each question fails at first, in one of three ways."""
    seen: Counter[str] = Counter()

    def reply(asked: Asked) -> Reply:
        (question,) = asked.texts
        seen[question] += 1
        if seen[question] > 1:
            return spoken("2", prompt=1000, completion=500)
        kinds = {
            0: refused("ThrottlingException", 429, retry_after="0.01"),
            1: refused("ServiceUnavailableException", 503, retry_after="0.01"),
            2: Reply(spoken("2").body, reset_after=20),
        }
        return kinds[int(question.split()[0]) % 3]

    endpoint.reply = reply
    run = evalcore_run(spec(endpoint, sums))
    assert [record.failure for record in run.records] == [None] * SUMS
    assert [record.usage.prompt_tokens for record in run.records] == [1000] * SUMS
    assert set(seen.values()) == {2}


def test_credentials_are_nowhere_after_a_run(endpoint, evalcore_run, sums):
    """The error of one call quotes everything that it can."""
    secrets = [CREDENTIALS.access_key, CREDENTIALS.secret_key, CREDENTIALS.token]

    def reply(asked: Asked) -> Reply:
        if asked.texts == ["3 - 1?"]:
            return refused("ValidationException", 400, " ".join(secrets))
        return echo(asked)

    endpoint.reply = reply
    run = evalcore_run(spec(endpoint, sums, "amazon.titan-text-lite-v1"))
    failed = [record for record in run.records if record.failure]
    assert len(failed) == 1
    assert "ValidationException" in failed[0].failure.message
    stored = b"".join(file.read_bytes() for file in run.path.rglob("*") if file.is_file())
    told = repr(run.records).encode()
    assert not [secret for secret in secrets if secret.encode() in stored + told]
