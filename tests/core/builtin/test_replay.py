"""Recorded answers, and what is told where there is none."""

from __future__ import annotations

import asyncio
import json

import pytest

from evalcore import Generation, Request, RunError
from evalcore.builtin.replay import Replay, ReplaySettings


def replay(tmp_path, content, *requests):
    (tmp_path / "a.jsonl").write_text(content, encoding="utf-8")
    settings = ReplaySettings.model_validate({"path": "a.jsonl"}, context={"base": tmp_path})

    async def asked():
        model = Replay(settings)
        try:
            await model.open()
            return [await model.generate(Request((), sample=s, attempt=a)) for s, a in requests]
        finally:
            await model.close()

    return asyncio.run(asked())


ROWS = "\n".join(
    json.dumps(row, ensure_ascii=False)
    for row in [
        {"sample": "a", "answer": "één"},
        {"sample": 7, "answer": "seven", "prompt_tokens": 3, "completion_tokens": 4},
        {"sample": "a", "answer": "twee"},
    ]
)


def test_answers_by_sample_and_attempt(tmp_path):
    found = replay(tmp_path, f"\n{ROWS}\n\n", ("a", 1), ("a", 0), ("7", 0))
    assert found == [Generation("twee"), Generation("één"), Generation("seven", "stop", 3, 4)]


@pytest.mark.parametrize(
    ("sample", "attempt", "told"),
    [
        ("a", 2, "attempt 2 at sample 'a' is not recorded; .*a.jsonl has 2 answers for it"),
        ("b", 0, "attempt 0 at sample 'b' is not recorded; .*a.jsonl has no answer for it"),
    ],
)
def test_what_is_not_recorded(tmp_path, sample, attempt, told):
    with pytest.raises(LookupError, match=told):
        replay(tmp_path, ROWS, (sample, attempt))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{", r"a\.jsonl:4: expected"),
        ("[]", r"a\.jsonl:4: expected"),
        ('{"sample": "a"}', r"a\.jsonl:4: expected"),
        ('{"sample": "a", "answer": 3}', r"a\.jsonl:4: expected"),
        ('{"sample": null, "answer": "x"}', r"a\.jsonl:4: expected"),
        ('{"sample": "a", "answer": "x", "prompt_tokens": -1}', "found token counts"),
        ('{"sample": "a", "answer": "x", "prompt_tokens": "1"}', "found token counts"),
    ],
)
def test_rows_that_are_wrong(tmp_path, row, told):
    with pytest.raises(RunError, match=told):
        replay(tmp_path, f"{ROWS}\n{row}\n")
