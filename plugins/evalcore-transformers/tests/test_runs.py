"""Whole runs of specs."""

from __future__ import annotations

import json

import pytest

from evalcore_transformers.testing import PLAIN, QUESTIONS


@pytest.fixture
def spec(tiny, tmp_path):
    rows = [{"question": question, "answer": answer} for question, answer in QUESTIONS.items()]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return {
        "task": {"use": "jsonl", "path": "questions.jsonl"},
        "models": {"tiny": {"use": "transformers", "model": str(tiny)}},
        "strategy": "single",
        "metrics": ["mean"],
        "limits": {"concurrency": 64},
    }


def test_a_run_answers_every_question(evalcore_run, spec):
    run = evalcore_run(spec)
    assert run.outcome.code == 0
    assert run.value("mean") == 1.0
    assert len(run.records) == len(QUESTIONS)
    assert all(record.usage.completion_tokens > 1 for record in run.records)


def test_samples_do_not_depend_on_the_concurrency(evalcore_run, spec):
    spec["models"]["tiny"] |= {"temperature": 1.5, "max_tokens": 8}
    runs = [
        evalcore_run({**spec, "limits": {"concurrency": count}}, out=f"run-{count}", limit=24)
        for count in (1, 5, 64)
    ]
    answers = [[record.answer for record in run.records] for run in runs]
    assert answers[0] == answers[1] == answers[2]
    assert len(set(answers[0])) > 20


def test_a_run_of_another_model_is_another_run(evalcore_run, spec, untrained):
    first = evalcore_run(spec, limit=4)
    other = evalcore_run(
        {**spec, "models": {"tiny": {"use": "transformers", "model": str(untrained)}}},
        limit=4,
        out="other",
    )
    identities = [
        json.loads((run.path / "provenance.json").read_text())["models"] for run in (first, other)
    ]
    assert "sha256" in str(identities[0])
    assert identities[0] != identities[1]


def test_questions_as_plain_texts(evalcore_run, spec, tmp_path):
    rows = [
        {"question": PLAIN.format(question=question), "answer": answer}
        for question, answer in QUESTIONS.items()
    ]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    spec["models"]["tiny"]["chat"] = False
    assert evalcore_run(spec, limit=40).value("mean") == 1.0
