"""`evalcore route evaluate`, from files to the text that people read."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np
import pytest

from evalcore.errors import EvalcoreError
from evalcore.stats import Estimate
from evalcore_metallm.command import evaluate as command
from evalcore_metallm.logs import RoutingLog
from evalcore_metallm.off_policy.evaluation import Evaluation, Value
from evalcore_metallm.off_policy.support import NoSupport, Overlap
from evalcore_metallm.router import Router, RouterSettings

WORDS = ("add two numbers", "prove the lemma", "name a colour")
QUALITY = np.array([[0.9, 1.0], [0.1, 0.9], [0.8, 0.8]])
COST = np.array([1e-4, 1e-3])


def queries(n):
    return tuple(f"{WORDS[number % 3]} {number}" for number in range(n))


def fitted(path, arms=("cheap", "dear"), price=0.2, policy="linucb"):
    """A router that has learned which words are worth the dear model."""
    n = 60
    log = RoutingLog(
        ids=tuple(map(str, range(n))),
        queries=queries(n),
        groups=("",) * n,
        split=("",) * n,
        arms=arms,
        prices=(None,) * len(arms),
        quality=QUALITY[np.arange(n) % 3],
        cost=np.tile(COST, (n, 1)),
    )
    settings = RouterSettings(
        policy={"use": policy}, features={"use": "hashing", "columns": 32}, price=price
    )
    router = Router.fit(log, settings)
    router.save(path)
    return router


def written(path, n=600, seed=3, **changes):
    """The log of a router that picked the dear model three times in ten, as JSON Lines."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file:
        for number, query in enumerate(queries(n)):
            dear = int(rng.random() < 0.3)
            row = {
                "id": f"q{number}",
                "query": query,
                "arm": ("cheap", "dear")[dear],
                "quality": float(rng.random() < QUALITY[number % 3, dear]),
                "cost": COST[dear],
                "propensity": (0.7, 0.3)[dear],
            }
            row |= {name: change(number) for name, change in changes.items()}
            file.write(json.dumps(row) + "\n")
    return path


def told(capsys, *words):
    parser = argparse.ArgumentParser()
    command.configure(parser)
    assert command.run(parser.parse_args([str(word) for word in words])) == 0
    return capsys.readouterr().out


@pytest.fixture
def files(tmp_path):
    fitted(tmp_path / "new.router")
    return written(tmp_path / "log.jsonl"), tmp_path / "new.router"


def test_json_holds_the_truth_within_its_intervals(files, capsys):
    log, router = files
    found = json.loads(told(capsys, log, "--router", router, "--json"))
    assert (found["queries"], found["independent"], found["price"]) == (600, 600, 0.2)
    assert found["reference"] == "the deployed router"
    choices = Router.load(router).policy.probabilities(Router.load(router).contexts(queries(600)))
    assert list(found["deployed"]) == ["quality", "cost", "reward"]
    truth = {
        "quality": (choices * QUALITY[np.arange(600) % 3]).sum(axis=1).mean(),
        "cost": (choices @ COST).mean(),
    }
    truth["saving"] = 1 - truth["cost"] / (0.7e-4 + 0.3e-3)
    truth["gain"] = truth["quality"] - (0.7 * 1.8 + 0.3 * 2.7) / 3
    truth["reward"] = truth["quality"] - 0.2 / 1e-3 * truth["cost"]
    for name in ("doubly-robust", "ips", "snips"):
        for quantity, true in truth.items():
            of = found["estimates"][name][quantity]
            assert of["low"] <= true <= of["high"], (name, quantity)
    assert found["quality_at_least"] < truth["quality"]
    assert found["mean_weight"] == pytest.approx(1, abs=0.15)


def test_the_text(monkeypatch, files, capsys):
    def of(*numbers):
        return Value(*(Estimate(*ends, 1000, 1000) for ends in numbers))

    nan = math.nan
    nothing = (0.0, 0.0, 0.0)
    found = Evaluation(
        values={
            "doubly-robust": of(
                (0.7512, 0.73, 0.77), (0.00123, 0.0012, 0.00125), (0.65, 0.63, 0.67),
                (0.0123, -0.001, 0.02), (0.25, 0.2, 0.3),
            ),
            "snips": of((0.75, nan, nan), (0.0, 0.0, 0.0), (0.75, nan, nan), nothing, (nan,) * 3),
        },
        deployed=of((0.7, 0.69, 0.71), (1.5, 1.4, 1.6), (-0.5, -0.6, -0.4), nothing, nothing),
        overlap=Overlap(1000, 321.4, 7.123, 1.01, 0.02),
        most=31.6,
        quality_at_least=0.512,
    )  # fmt: skip
    monkeypatch.setattr(
        "evalcore_metallm.off_policy.routers.evaluate_router", lambda *arguments: found
    )
    log, router = files
    golden = Path(__file__).with_name("evaluation.txt").read_text(encoding="utf-8")
    assert told(capsys, log, "--router", router) == golden


def test_a_row_for_each_estimator(files, capsys):
    log, router = files
    rows = told(capsys, log, "--router", router).splitlines()[3:10]
    assert [row.split("  ")[0] for row in rows] == [
        "deployed router", "doubly-robust", "switch-dr", "snips", "ips", "clipped-ips", "direct",
    ]  # fmt: skip


def test_the_price_moves_the_router(files, capsys):
    log, router = files
    free, dear = (
        json.loads(told(capsys, log, "--router", router, "--json", "--set", f"price={price}"))
        for price in (0.0, 5.0)
    )
    assert dear["estimates"]["doubly-robust"]["cost"]["value"] == pytest.approx(1e-4)
    assert free["estimates"]["doubly-robust"]["cost"]["value"] > 3e-4


def test_another_router_as_reference(files, tmp_path, capsys):
    log, router = files
    fitted(tmp_path / "old.router", price=5.0)
    found = json.loads(
        told(capsys, log, "--router", router, "--reference", tmp_path / "old.router", "--json")
    )
    assert found["reference"].endswith("old.router")
    saving = found["estimates"]["doubly-robust"]["saving"]
    assert saving["high"] < 0  # it is the cheapest that there is
    same = json.loads(told(capsys, log, "--router", router, "--reference", router, "--json"))
    assert same["estimates"]["doubly-robust"]["gain"] == {"value": 0, "low": 0, "high": 0}


def test_groups_are_what_intervals_rest_on(files, tmp_path, capsys):
    _, router = files
    log = written(tmp_path / "users.jsonl", user=lambda number: f"u{number % 10}")
    where = ("--set", "columns.group=user")
    text = told(capsys, log, "--router", router, *where)
    assert "resamples of 10 groups of queries" in text
    assert "note: intervals rest on 10 groups: too few" in text
    text = told(capsys, log, "--router", router, *where, "--set", "independent=queries")
    assert "resamples of 600 queries" in text
    assert "groups" not in text


def test_wrong_propensities_are_noticed(files, tmp_path, capsys):
    _, router = files
    log = written(tmp_path / "wrong.jsonl", propensity=lambda number: 0.9)
    assert "further from 1 than chance explains" in told(capsys, log, "--router", router)


def test_few_effective_queries_are_told(tmp_path, files, capsys):
    log = written(tmp_path / "short.jsonl", n=60)
    assert "intervals cover less often than they say" in told(capsys, log, "--router", files[1])


def test_a_model_that_the_log_does_not_know_is_refused(files, tmp_path):
    log, _ = files
    fitted(tmp_path / "other.router", arms=("cheap", "newest"))
    with pytest.raises(NoSupport, match=r"newest, to which no query of the log went"):
        told(None, log, "--router", tmp_path / "other.router")


def test_a_log_without_texts_is_refused(files, tmp_path):
    log = written(tmp_path / "bare.jsonl", query=lambda number: None if number < 2 else "x")
    with pytest.raises(EvalcoreError, match="2 of 600 queries of the log have no text"):
        told(None, log, "--router", files[1])


def test_a_cascade_is_refused(files, tmp_path):
    log, router = files
    fitted(tmp_path / "cascade.router", policy="cascade")
    for words in (
        ("--router", tmp_path / "cascade.router"),
        ("--router", router, "--reference", tmp_path / "cascade.router"),
    ):
        with pytest.raises(EvalcoreError, match="found a cascade, which may ask several models"):
            told(None, log, *words)


def test_a_budget_that_is_spent_is_none_of_the_log(files, tmp_path, capsys):
    log, _ = files
    path = tmp_path / "budget.router"
    router = fitted(path, policy="budgeted-linucb")
    unspent, *_ = told(capsys, log, "--router", path).partition("note:")
    router.policy.account[1] = router.policy.account[0]
    router.policy.under_way[:] = 3
    router.save(path)
    for words in (("--router", path), ("--router", files[1], "--reference", path)):
        text = told(capsys, log, *words)
        assert "note: `budgeted-linucb` chooses for each query as if nothing of its budget" in text
    assert told(capsys, log, "--router", path).partition("note:")[0] == unspent
    assert "budgeted-linucb" not in told(capsys, log, "--router", files[1])


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("price=-1", "price: Input should be greater than or equal to 0"),
        ("folds=1", "folds: Input should be greater than or equal to 2"),
        ("colums.group=user", "colums: Extra inputs are not permitted"),
        ("price", "--set price: expected PATH=VALUE"),
    ],
)
def test_wrong_settings_are_told_by_their_names(files, override, text):
    log, router = files
    with pytest.raises(EvalcoreError, match=text):
        told(None, log, "--router", router, "--set", override)


def test_settings_from_a_file(files, tmp_path, capsys):
    log, router = files
    settings = tmp_path / "settings.yaml"
    settings.write_text("resamples: 100\nconfidence: 0.8\n")
    text = told(capsys, log, "--router", router, "--settings", settings)
    assert "80% intervals by 100 resamples" in text
    settings.write_text("- price\n")
    with pytest.raises(EvalcoreError, match="found list, expected settings by name"):
        told(None, log, "--router", router, "--settings", settings)
    with pytest.raises(EvalcoreError, match="cannot read settings"):
        told(None, log, "--router", router, "--settings", Path("no such file"))
