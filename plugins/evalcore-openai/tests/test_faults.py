"""A whole run against an endpoint that misbehaves: nothing lost, recorded twice or billed twice."""

from __future__ import annotations

import json
import math
import random
import threading
import time
from collections import Counter

import pytest
from servers import FAULTS, RIGHT, STALLS, Call, Reply, words

REQUESTS = 5_000
SLOW = {"drip that ends": Reply(drip=0.02, pieces=10)}
PRICE = {"prompt": 3.0, "completion": 15.0}


class Schedule:
    """Faults by a seed: the same for the same question and the same try at it.

    No question meets more than three in a row nor the same one twice, so that each can be answered
    within the retries that a run has by default.
    """

    def __init__(self, seed: int, share: float) -> None:
        self._seed = seed
        self._share = share
        self.happened: Counter[str] = Counter()

    def __call__(self, call: Call) -> Reply:
        chance = random.Random(f"{self._seed} {call.question}")
        kinds = chance.sample([*FAULTS, *STALLS, *SLOW], 3)
        fates = [kind if chance.random() < self._share else "" for kind in kinds]
        fate = fates[call.number] if call.number < 3 else ""
        self.happened[fate] += 1
        return (FAULTS | STALLS | SLOW | {"": RIGHT})[fate]


@pytest.fixture
def spec(tmp_path):
    """A spec of so many questions, without its model's address."""

    def write(url, count, **limits):
        rows = [
            {"id": f"q{i}", "question": f"What is {i} {'and again ' * (i % 5)}?", "answer": ""}
            for i in range(count)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "questions.jsonl").write_text(text, encoding="utf-8")
        model = {"use": "openai", "model": "m", "base_url": url, "price": PRICE}
        return {
            "task": {"use": "jsonl", "path": "questions.jsonl"},
            "models": {"policy": {**model, "limits": limits}},
            "metrics": ["mean", "cost"],
            "limits": {"concurrency": 64, "retry_wait": 0.1},
        }, rows

    return write


def test_a_misbehaving_endpoint_costs_no_answer_and_no_dollar(serve, spec, evalcore_run):
    schedule = Schedule(seed=3, share=0.15)
    endpoint = serve(schedule)
    document, rows = spec(endpoint.url, REQUESTS, seconds=2.5)
    run = evalcore_run(document)

    assert set(schedule.happened) == {"", *FAULTS, *STALLS, *SLOW}, "a kind of fault was not met"
    assert len(endpoint.calls) > REQUESTS

    assert run.outcome.status == "finished"
    assert [record.failure for record in run.records if record.failure] == []
    asked = {row["id"]: row["question"] for row in rows}
    assert Counter(record.sample for record in run.records) == Counter(list(asked))
    assert endpoint.answered.keys() == set(asked.values())

    for record in run.records:
        question, usage = asked[record.sample], record.usage
        assert record.answer.startswith(f"{question} seed ")
        assert usage.calls == 1
        assert usage.prompt_tokens == len(words(question))
        assert usage.completion_tokens == len(words(record.answer))
        assert usage.dollars == _dollars(usage.prompt_tokens, usage.completion_tokens)

    prompt = sum(len(words(row["question"])) for row in rows)
    completion = prompt + 4 * REQUESTS  # an answer is its question and four words
    assert sum(record.usage.prompt_tokens for record in run.records) == prompt
    assert sum(record.usage.completion_tokens for record in run.records) == completion
    ledger = run.outcome.progress.ledger
    assert ledger.calls == REQUESTS
    assert math.isclose(ledger.dollars, _dollars(prompt, completion), rel_tol=1e-9)
    assert math.isclose(run.value("cost/prompt-tokens") * REQUESTS, prompt, rel_tol=1e-9)
    assert math.isclose(run.value("cost/completion-tokens") * REQUESTS, completion, rel_tol=1e-9)


def test_an_outage_is_waited_for_and_not_hammered(serve, spec, evalcore_run):
    """The endpoint is down until a second after the first call of its outage."""
    until: list[float] = []
    asked_meanwhile = 0
    lock = threading.Lock()

    def plan(call):
        nonlocal asked_meanwhile
        with lock:
            if len(endpoint.calls) < 200:
                return RIGHT
            until.append(time.monotonic() + 1.0)
            if time.monotonic() > until[0]:
                return RIGHT
            asked_meanwhile += 1
            return FAULTS["broken"]

    endpoint = serve(plan)
    document, rows = spec(endpoint.url, 1_000)
    document["limits"] = {"concurrency": 64}
    run = evalcore_run(document)
    assert run.outcome.status == "finished"
    assert not any(record.failure for record in run.records)
    assert endpoint.answered == Counter(row["question"] for row in rows)
    assert asked_meanwhile <= 64 + 10, "more calls than were in flight and a few probes"


def _dollars(prompt, completion):
    return (prompt * PRICE["prompt"] + completion * PRICE["completion"]) / 1e6
