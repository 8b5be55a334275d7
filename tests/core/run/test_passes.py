"""A strategy that learns makes the attempts of one number one after the other."""

from __future__ import annotations

import asyncio

import pytest
from parts import outline, records, run, samples, task_of

from evalcore import Attempt, Case, RunError, Sample, Score, Settings, Strategy


class Learner(Strategy[Settings]):
    """Answers with what it was told before, in this pass."""

    learns = True

    def __init__(self, settings):
        super().__init__(settings)
        self.told = {}

    async def attempt(self, sample, context):
        await asyncio.sleep(0)
        before = self.told.setdefault(context.number, [])
        return Attempt(" ".join(before), details={"place": len(before)})

    def learn(self, sample, outcome):
        value = "failed" if outcome.value is None else f"{outcome.value:g}"
        told = f"{sample.id}:{value}:{outcome.attempt.details.get('place')}"
        self.told.setdefault(outcome.number, []).append(told)


def passes(folder):
    """The ids of each pass, in the order in which they were learned from."""
    found = {}
    for record in records(folder):
        found.setdefault(record.attempt, []).append((record.details["place"], record.sample))
    return {number: [name for _, name in sorted(places)] for number, places in found.items()}


@pytest.fixture(autouse=True)
def _parts(offered):
    offered("made", Learner)


def by_hand(case, attempt):
    return Score(float(len(attempt.answer)))


def test_each_attempt_knows_all_that_came_before_it_in_its_pass(tmp_path, offered):
    offered("numbers", task_of(12, score=by_hand, workers=3))
    assert run(tmp_path, attempts=3, limits={"concurrency": 8}).code == 0
    orders = passes(tmp_path)
    assert [len(order) for order in orders.values()] == [12, 12, 12]
    assert len({tuple(order) for order in orders.values()}) == 3
    for record in records(tmp_path):
        before = [told.split(":")[0] for told in record.answer.split()]
        assert before == orders[record.attempt][: record.details["place"]]


def test_the_order_is_of_the_seed_and_the_number_and_the_same_in_all_cells(tmp_path, offered):
    offered("numbers", task_of(9, score=by_hand))
    found = []
    for name, keys in {
        "one": {},
        "many": {"limits": {"concurrency": 32}},
        "seed": {"seed": 1},
        "cells": {"sweep": {"attempts": [1, 2]}},
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        assert run(folder, **{"attempts": 2, **keys}).code == 0
        found.append(passes(folder))
    assert found[0] == found[1]
    assert found[0] != found[2]
    firsts = {}
    for record in records(tmp_path / "cells"):
        if record.attempt == 0:
            firsts.setdefault(record.cell, {})[record.sample] = record.details["place"]
    (one, two) = firsts.values()
    assert one == two


def test_a_run_that_goes_on_ends_as_one_that_was_never_stopped(tmp_path, offered):
    offered("numbers", task_of(10, score=by_hand))
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    assert run(whole, attempts=2).code == 0

    class Dies(Learner):
        def learn(self, sample, outcome):
            super().learn(sample, outcome)
            if len(self.told[outcome.number]) == 4:
                raise ValueError("the machine is gone")

    offered("made", Dies)
    with pytest.raises(RunError, match="cannot learn: ValueError: the machine is gone"):
        run(parts, attempts=2)
    done = len(records(parts))
    assert 4 <= done < 20
    offered("made", Learner)
    assert run(parts, attempts=2).code == 0
    assert outline(parts) == outline(whole)


def test_a_failed_attempt_is_told_without_a_value(tmp_path, offered):
    offered("numbers", task_of(4, score=by_hand))
    values = {}

    class Fails(Learner):
        async def attempt(self, sample, context):
            if sample.id == "s002":
                raise ValueError("no")
            return await super().attempt(sample, context)

        def learn(self, sample, outcome):
            super().learn(sample, outcome)
            values[sample.id] = outcome.value, outcome.attempt.answer

    offered("made", Fails)
    assert run(tmp_path).code == 1
    assert values.pop("s002") == (None, None)
    assert [value for value, _ in values.values()] == [len(answer) for _, answer in values.values()]


def test_samples_that_share_an_id_are_told(tmp_path, offered):
    offered("numbers", task_of([*samples(2), Case(Sample("s001", "1 + 1"), 2)], score=by_hand))
    with pytest.raises(RunError, match="two samples of the task have the id 's001'"):
        run(tmp_path)
