"""What a sweep leaves out."""

from __future__ import annotations

import pytest

from evalcore.spec import load_spec

HEAD = "evalcore: 1\nname: test\nreports: []\nstrategy: single\ntask: {use: jsonl, path: a.jsonl}\n"


@pytest.fixture
def cells(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": "1", "question": "?", "answer": "!"}\n')

    def named(sweep):
        (tmp_path / "spec.yaml").write_text(HEAD + sweep)
        return [cell.name for cell in load_spec(tmp_path / "spec.yaml").cells]

    return named


def test_a_list_in_an_exclusion_stands_for_each_of_its_values(cells):
    sweep = (
        "sweep:\n  attempts: [1, 2, 3]\n  seed: [0, 1]\n  exclude: [{attempts: [1, 3], seed: 1}]"
    )
    assert cells(sweep) == [
        "attempts=1,seed=0",
        "attempts=2,seed=0",
        "attempts=2,seed=1",
        "attempts=3,seed=0",
    ]


def test_a_list_that_is_a_value_of_the_sweep_is_that_value(cells):
    sweep = "sweep:\n  strategy.stop: [[a], [a, b]]\n  exclude: [{strategy.stop: [a]}]"
    assert cells(sweep) == ['stop=["a","b"]']
