"""A sweep over prompts and feedback: what its cells share is asked once, and told before."""

from __future__ import annotations

import json

from doubling import HALF_RIGHT, RIGHT, WORDS, Doubling

from evalcore.cli import main
from evalcore.testing import scripted


def test_cells_that_begin_alike_ask_once(
    evalcore_run, evalcore_offer, monkeypatch, tmp_path, capsys
):
    asked = []

    def reply(request):
        asked.append(request.messages)
        if request.messages[-1].content.partition("Before")[1]:
            return WORDS
        return HALF_RIGHT if request.call < 2 else RIGHT

    monkeypatch.setenv("EVALCORE_CACHE", str(tmp_path / "cache"))
    evalcore_offer("doubling", Doubling)
    evalcore_offer("author", scripted(reply))
    spec = {
        "task": "offered:doubling",
        "models": {"author": "offered:author"},
        "strategy": {"use": "multi-turn", "reasoning": "explain-io", "max_turns": 2},
        "sweep": {
            "strategy.instruction": ["none", "docstrings"],
            "strategy.feedback": ["binary", "failed-tests", "all-tests"],
        },
        "attempts": 2,
        "cache": True,
    }
    run = evalcore_run(spec)
    assert run.outcome.code == 0
    assert [record.usage.calls for record in run.records] == [3] * 12
    assert len({record.details["turns"] for record in run.records}) == 1
    reasoning, programs, repairs = (
        [messages for messages in asked if len(messages) == length] for length in (1, 3, 5)
    )
    assert (len(reasoning), len(programs), len(repairs)) == (2, 2 * 2, 2 * 2 * 3)
    file = tmp_path / "spec.json"
    file.write_text(json.dumps({"evalcore": 1, "name": "grid", **spec}))
    capsys.readouterr()
    assert main(["check", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["at_most"]["calls"] == len(asked) == 18
