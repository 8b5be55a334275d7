"""What is special to this plugin."""

import pytest
from evalcore import Settings
from evalcore.testing import record, scores_of, scripted

from evalcore_example.solved import Solved


def test_the_most_frequent_answer_wins(evalcore_offer, evalcore_run):
    answers = ["1", "2", "2"]
    evalcore_offer("scripted", scripted(lambda request: answers[request.call]))
    run = evalcore_run(
        {
            "task": {"use": "example-sums", "count": 1},
            "models": {"model": "scripted"},
            "strategy": {"use": "example-vote", "votes": 3},
        }
    )
    assert run.records[0].answer == "2"
    assert run.records[0].details["agreement"] == pytest.approx(2 / 3)


def test_one_right_attempt_solves_a_sample(tmp_path):
    records = [record("a", 0.0), record("a", 1.0, attempt=1), record("b", 0.0), record("c", None)]
    with scores_of(records, tmp_path / "run.db") as scores:
        estimate = Solved(Settings()).compute(scores)
    assert (estimate.value, estimate.n) == (0.5, 2)


def test_more_votes_are_better(evalcore_run):
    run = evalcore_run(
        {
            "task": {"use": "example-sums", "count": 100},
            "models": {"clerk": "example-clerk"},
            "strategy": "example-vote",
            "sweep": {"strategy.votes": [1, 9]},
        }
    )
    assert run.value("mean", "votes=9") > run.value("mean", "votes=1")
