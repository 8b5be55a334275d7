"""Two routers over the same queries: `evalcore route compare`, and what it is made of."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest
from test_route_metrics import a_pass, always, knowing

from evalcore.errors import EvalcoreError
from evalcore_metallm.command import compare
from evalcore_metallm.evaluation.resampling import pigeonhole, resampled
from evalcore_metallm.metrics.comparison import differences
from evalcore_metallm.metrics.frontier import RouteFrontier
from evalcore_metallm.metrics.means import RouteCost, RouteQuality
from evalcore_metallm.metrics.resampled import PassMetricSettings

SETTINGS = PassMetricSettings(resamples=400)


def passes(choose, orders=range(6), **settings):
    return {f"order-{order}": a_pass(order, choose, **settings) for order in orders}


def test_who_knows_is_better_and_cheaper_than_who_takes_the_dear_model():
    ours, theirs = passes(knowing), passes(always(1))
    quality = differences(RouteQuality(SETTINGS), ours, theirs)["p=0"]
    cost = differences(RouteCost(SETTINGS), ours, theirs)["p=0"]
    gaps = [(ours[order].quality[0] - theirs[order].quality[0]).mean() for order in ours]
    assert quality.value == pytest.approx(np.mean(gaps))
    assert quality.low > 0
    assert cost.high < 0
    assert quality.n == 6


def test_a_router_is_no_better_than_itself():
    for metric in (RouteQuality, RouteCost, RouteFrontier):
        for name, found in differences(metric(SETTINGS), passes(knowing), passes(knowing)).items():
            assert found.value == found.low == found.high == 0, name


def test_the_interval_is_narrower_than_those_of_the_routers():
    """Where the two mostly choose alike."""

    def nearly(price, quality):
        chosen = knowing(price, quality)
        chosen[:5] = 1
        return chosen

    metric, ours = RouteFrontier(SETTINGS), passes(nearly)
    part = metric.parts(list(ours.values()))["aiq"]
    alone = resampled(pigeonhole([metric.observed(one) for one in ours.values()]), part.statistic)
    found = differences(metric, ours, passes(knowing))["aiq"]
    assert 2 * (found.high - found.low) < alone.high - alone.low


def test_only_orders_that_both_have_count():
    ours, theirs = passes(knowing, range(4)), passes(always(0), range(2, 9))
    assert differences(RouteQuality(SETTINGS), ours, theirs)["p=0"].n == 2
    assert differences(RouteQuality(SETTINGS), ours, passes(knowing, [9])) == {}


@pytest.fixture
def ran(tmp_path, evalcore_run):
    """A run of three routers."""
    rows = [
        {"id": n, "query": f"{'sort' if n % 3 else 'add'} {n}", "quality": q, "cost": c}
        for n in range(60)
        for q, c in [({"a": int(n % 3 == 0), "b": 1}, {"a": 0.001, "b": 0.01})]
    ]
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    route = {"use": "route", "online": False, "prices": [0.0, 0.5]}
    cells = {name: {**route, "policy": name} for name in ("best-on-training", "cheapest", "random")}
    spec = {
        "task": {"use": "routing-log", "path": str(file), "orders": 4},
        "sweep": {"strategy": cells},
    }
    return str(evalcore_run(spec).path)


def told(capsys, folder, *words):
    parser = argparse.ArgumentParser()
    compare.configure(parser)
    assert compare.run(parser.parse_args([folder, *words])) == 0
    return capsys.readouterr().out


def test_a_run_is_compared_with_its_first_cell_or_another(ran, capsys):
    text = told(capsys, ran)
    assert text.startswith("How much higher than strategy=best-on-training, with 95 % intervals")
    assert "\nstrategy=cheapest  aiq" in text
    rows = json.loads(told(capsys, ran, "--json", "--with", "strategy=random"))
    assert {row["cell"] for row in rows} == {"strategy=cheapest", "strategy=best-on-training"}
    names = ["aiq", "saving", "quality p=0", "quality p=0.5", "dollars p=0", "dollars p=0.5"]
    assert [row["difference"] for row in rows[:6]] == names
    best = next(
        r for r in rows if r["cell"][9:] == "best-on-training" and "quality" in r["difference"]
    )
    assert 0 < best["low"] < best["value"] < best["high"]
    assert best["orders"] == 4


def test_what_is_no_run_of_passes_is_refused(ran, capsys, tmp_path):
    with pytest.raises(EvalcoreError, match="found no cell 'x', expected one of: strategy=best"):
        told(capsys, ran, "--with", "x")
    with pytest.raises(EvalcoreError, match="nowhere"):
        told(capsys, str(tmp_path / "nowhere"))
