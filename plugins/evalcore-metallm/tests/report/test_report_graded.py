"""Which routers are told of together, over which orders, and under which names."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from small_runs import ROUTERS

from evalcore.errors import EvalcoreError
from evalcore_metallm.evaluation.graded import GradedRouter, _named, read_routers


def test_the_cells_are_routers_with_short_names(run):
    found = read_routers([run])
    assert [router.name for router in found.routers] == list(ROUTERS)
    assert [router.cell for router in found.routers] == [f"strategy={name}" for name in ROUTERS]
    assert [len(router.passes) for router in found.routers] == [3] * 4
    assert found.notes == ()


def test_those_that_choose_query_by_query_are_told_apart(run):
    stepwise = [router.name for router in read_routers([run]).routers if router.stepwise]
    assert stepwise == ["cold", "any"]


def test_only_the_orders_that_all_routers_have_count(run, other_run):
    shorter = other_run(limit=2, routers={"warm": ROUTERS["warm"]})
    found = read_routers([run, shorter])
    assert {len(router.passes) for router in found.routers} == {2}
    names = [router.name for router in found.routers]
    assert names == ["warm (four)", "cold", "any", "one", "warm (other)"]
    assert found.notes == (
        "of 3 orders only those count that all routers passed over; fewest have warm (other) (2)",
    )


def test_a_run_named_twice_is_read_once(run):
    assert len(read_routers([run, run]).routers) == 4


def test_without_a_common_order_nothing_can_be_told(run, other_run):
    last = other_run()
    with closing(sqlite3.connect(last / "run.db")) as store, store:
        store.execute("DELETE FROM records WHERE sample < 'order-2'")
    first = other_run("first", limit=1)
    told = r"no order that all routers passed over, fewest by warm \(first\), .* others \(1\); "
    with pytest.raises(EvalcoreError, match=told):
        read_routers([first, last])


def test_a_router_of_which_all_passes_failed_is_left_out_and_told(other_run):
    routers = {"works": ROUTERS["warm"], "fails": {"policy": {"use": "static", "arm": "none"}}}
    found = read_routers([other_run(routers=routers)])
    assert [router.name for router in found.routers] == ["strategy=works"]
    assert found.notes == ("all passes of strategy=fails failed",)


def test_runs_of_other_prices_or_splits_are_no_company(run, other_run):
    for number, task in enumerate(({"seed": 1}, {"split": {"train": 0.3, "test": 0.7}})):
        other = other_run(f"other-{number}", **task)
        told = rf"order 0 of .*other-{number} has other models, queries or costs than .*four: only"
        with pytest.raises(EvalcoreError, match=told):
            read_routers([run, other])


def test_runs_of_other_models_are_no_company_whatever_their_orders(run, other_run):
    other = other_run(names=("small", "huge"))
    with closing(sqlite3.connect(other / "run.db")) as store, store:
        store.execute("DELETE FROM records WHERE sample < 'order-2'")
    with pytest.raises(EvalcoreError, match=r"order 2 of .*other has other models"):
        read_routers([run, other])


def test_an_order_is_the_same_whatever_the_number_of_orders(run, other_run):
    more = other_run(limit=2, orders=20, routers={"more": ROUTERS["one"]})
    found = read_routers([run, more])
    assert [len(router.passes) for router in found.routers] == [2] * 5


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        (["online=false", "online=true"], ["online=false", "online=true"]),
        (["alpha=0.1", "alpha=1"], ["alpha=0.1", "alpha=1"]),
        (["policy=linucb,seed=1", "policy=random,seed=1"], ["linucb", "random"]),
        (["policy=linucb,seed=1", "policy=random,seed=2"], None),
        (["policy=linucb", "base"], None),
        (["policy=linucb,seed=1", "base"], None),
        (["base"], None),
    ],
)
def test_names_leave_out_what_tells_nothing(cells, names):
    routers = [GradedRouter(cell, Path("run"), cell) for cell in cells]
    assert [router.name for router in _named(routers)] == (names or cells)


def test_runs_of_the_same_name_are_told_apart_by_their_folders():
    routers = [GradedRouter("c", Path(folder) / "run", "c") for folder in "ab"]
    assert [router.name for router in _named(routers)] == ["c (a/run)", "c (b/run)"]


def test_what_is_read_is_what_was_scored(run):
    for router in read_routers([run]).routers:
        for outcomes in router.passes.values():
            places = np.arange(outcomes.queries.size)
            for chosen, quality in zip(outcomes.chosen, outcomes.quality, strict=True):
                assert (outcomes.single_quality[chosen, places] == quality).all()
