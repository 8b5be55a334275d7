"""`evalcore route fit`: from a log to a saved router."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest

from evalcore_metallm import command
from evalcore_metallm.router import Router

HARD, EASY = "prove the sum of {}", "which bird is {}"
SETTINGS = """
policy: {use: linucb, alpha: 0.0, ridge: 1.0}
features: {use: tfidf, components: 8}
columns: {quality: scores, proxy: characters}
prices:
  large: text-davinci-002
  small: {prompt: 0.1, completion: 0.1}
price_file: prices.toml
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    rows = []
    for number in range(200):
        hard = bool(rng.random() < 0.5)
        scores = {"small": int(rng.random() < (0.1 if hard else 0.9)), "large": 1}
        query = (HARD if hard else EASY).format(number)
        part = "train" if number < 150 else "test"
        rows.append({"id": number, "query": query, "split": part, "scores": scores})
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "log.jsonl").write_text(lines)
    (tmp_path / "prices.toml").write_text('date = "2026-01-02"\n[prices]\n')
    (tmp_path / "fit.yaml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def called(folder, capsys):
    def call(*arguments):
        parser = argparse.ArgumentParser()
        command.configure(parser)
        code = command.run(parser.parse_args(["fit", *arguments]))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_a_router_is_fitted_saved_and_shown(called, folder):
    code, out, err = called("log.jsonl", "--out", "r", "--settings", "fit.yaml")
    assert (code, err) == (0, "")
    assert out.startswith("note: where no cost was recorded, a quarter of the query's characters")
    assert "\nlearned from 200 queries\n200 training queries  quality  $ per 10,000\n" in out
    assert "\nlarge                  1.0000" in out
    assert out.endswith("saved r: linucb, price 0\n")
    router = Router.load(folder / "r")
    assert [arm.name for arm in router.arms] == ["small", "large"]
    assert router.arms[1].price.prompt == 20.0


def test_a_budget_is_kept_on_queries_that_were_not_learned_from(called, folder):
    code, out, _ = called(
        "log.jsonl", "--out", "r", "--settings", "fit.yaml",
        "--set", "budget=0.6", "--set", "validation=0.25",
    )  # fmt: skip
    assert code == 0
    assert "\nlearned from 150 queries\n50 validation queries" in out
    router = Router.load(folder / "r")
    assert router.price > 0
    spent = float(next(line for line in out.splitlines() if line.startswith("router")).split()[2])
    assert spent <= 0.6
    assert router.choose([HARD.format(7), EASY.format(7)]).arms.tolist() == [1, 0]


def test_settings_may_be_overridden_and_told_without_a_file(called, folder):
    overrides = [
        "policy.alpha=0.5", "features=hashing", "features.columns=16", "price=0.25",
        "columns.quality=scores", "columns.proxy=characters", "part=train", "seed=4",
        'prices={"small": "text-ada-001", "large": "text-davinci-002"}',
    ]  # fmt: skip
    code, out, err = called("log.jsonl", "--out", "r", *(f"--set={each}" for each in overrides))
    assert (code, err) == (0, "")
    assert "\nlearned from 150 queries\n" in out
    router = Router.load(folder / "r")
    assert router.settings.policy.alpha == 0.5
    assert router.settings.features.columns == 16
    assert (router.price, router.seed) == (0.25, 4)


def test_the_same_call_makes_the_same_file(called, folder):
    for name in ("one", "two"):
        called("log.jsonl", "--out", name, "--settings", "fit.yaml")
    assert (folder / "one").read_bytes() == (folder / "two").read_bytes()


def test_notes_of_the_log_are_told(called, folder):
    with (folder / "log.jsonl").open("a") as file:
        file.write('{"id": "x", "query": "?", "scores": {"small": null, "large": null}}\n')
    _, out, _ = called("log.jsonl", "--out", "r", "--settings", "fit.yaml")
    assert "\nnote: left out 1 queries without any outcome that is known\n" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "policy.alpah=1"], "policy.linucb.alpah: Extra inputs are not permitted"),
        (
            ["--set", "policy.use=static", "--set", "policy.arm=small"],
            "alpha, ridge: no setting of static, but of other policies; to change `use`, give the",
        ),
        (["--set", "price=-1"], "price: Input should be greater than or equal to 0"),
        (["--set", "price"], "--set price: expected PATH=VALUE"),
        (
            ["--set", "part=dev"],
            "found no query of the part 'dev', expected one of: 'test', 'train'",
        ),
        (["--set", "budget=1e-5"], "the router's cheapest choices cost"),
        (["--set", "columns.arms=[small, larg]"], "log.jsonl:1: found no model 'larg'"),
        (["--set", "columns.query=text"], "log.jsonl:1: found no column 'text'"),
        (["--settings", "none.yaml"], "cannot read settings: "),
        (["--settings", "log.jsonl"], "cannot read settings: "),
        (["--out", "none/r"], "none is no folder"),
        (["--out", "log.jsonl"], "would write over log.jsonl, which is no router"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(called, folder, arguments, said):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, out, err = called("log.jsonl", "--out", "r", "--settings", "fit.yaml", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("evalcore route fit: ")
    assert said in err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_budget_needs_queries_of_its_own(called, folder):
    rows = (folder / "log.jsonl").read_text().splitlines(keepends=True)
    given = "--settings", "fit.yaml", "--set", "features={use: hashing, columns: 8}"
    with_budget = (*given, "--set", "budget=1000", "--set", "validation=0.9")
    (folder / "one.jsonl").write_text(rows[0])
    code, _, err = called("one.jsonl", "--out", "r", *with_budget)
    assert code == 2
    assert "found 1 query, expected 2 at least: a price is chosen for a budget on validation" in err
    assert not (folder / "r").exists()
    assert called("one.jsonl", "--out", "r", *given)[0] == 0
    (folder / "two.jsonl").write_text("".join(rows[:2]))
    code, out, _ = called("two.jsonl", "--out", "r", *with_budget)
    assert code == 0
    assert "\nlearned from 1 queries\n1 validation queries " in out


def test_a_router_may_be_replaced(called, folder):
    called("log.jsonl", "--out", "r", "--settings", "fit.yaml")
    code, _, _ = called("log.jsonl", "--out", "r", "--settings", "fit.yaml", "--set", "price=0.5")
    assert code == 0
    assert Router.load(folder / "r").price == 0.5
