"""The examples of the README run."""

from __future__ import annotations

import argparse
import json
import random
import re
import shlex
from pathlib import Path

import pytest
import yaml

from evalcore_metallm import command
from evalcore_metallm.features.catalogue import FeatureSettings
from evalcore_metallm.logs import LogColumns
from evalcore_metallm.policies.catalogue import PolicySettings
from evalcore_metallm.router import Router, RouterSettings
from evalcore_metallm.serving.settings import read_serve_settings

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


SPEC, FIT, SERVE = blocks("yaml")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the README's log, of which it shows a line, and its settings."""
    monkeypatch.chdir(tmp_path)
    rng = random.Random(0)
    (line,) = map(json.loads, blocks("json"))
    rows = []
    for number in range(80):
        hard = rng.random() < 0.5
        words = " ".join(rng.choices(["spider", "legs", "prime", "sum", "river"], k=4))
        scores = {"small": int(rng.random() < (0.1 if hard else 0.9)), "large": 1}
        query = f"{'Prove that' if hard else 'How many'} {words}"
        rows.append(line | {"id": f"q{number}", "query": query, "scores": scores})
    Path("answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("fit.yaml").write_text(FIT)
    return tmp_path


def test_the_spec_runs(folder, evalcore_run):
    spec = yaml.safe_load(SPEC)
    spec["task"] |= {"orders": 2, "path": str(folder / "answers.jsonl")}
    run = evalcore_run(spec)
    assert run.outcome.code == 0
    assert len(run.records) == 4
    assert all(record.failure is None for record in run.records)


def test_the_command_fits_a_router_that_keeps_to_its_budget(folder, capsys):
    (line,) = re.findall(r"^    evalcore route (fit .*)$", README, re.MULTILINE)
    parser = argparse.ArgumentParser()
    command.configure(parser)
    assert command.run(parser.parse_args(shlex.split(line))) == 0
    assert "router" in capsys.readouterr().out
    assert Router.load(folder / "my.router").price > 0


def test_the_server_s_settings_can_be_read(folder):
    (folder / "serve.yaml").write_text(SERVE)
    settings = read_serve_settings(folder / "serve.yaml")
    assert list(settings.upstreams) == ["small", "large"]
    assert settings.state == folder / "my.sqlite"


@pytest.mark.usefixtures("folder")
def test_the_program_runs():
    (program,) = blocks("python")
    names = {}
    exec(program, names)
    assert names["sweep"].shape == (3, 80)


def test_every_action_is_named():
    assert all(f"evalcore route {action} " in README for action in command.ACTIONS)


def test_every_setting_is_named():
    for name in (*LogColumns.model_fields, *RouterSettings.model_fields):
        assert f"`{name}`" in README
    for union in (PolicySettings, FeatureSettings):
        kinds = union.__origin__ if hasattr(union, "__origin__") else union
        for kind in kinds.__args__:
            assert f"`{kind.model_fields['use'].default}`" in README
