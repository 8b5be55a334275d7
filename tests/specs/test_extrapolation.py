"""The specs on extrapolation: whole, the small one run and killed on its way, data of one's own."""

from __future__ import annotations

import io
import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, redirect_stdout, suppress
from datetime import date, timedelta
from pathlib import Path

import pytest

from evalcore.cli import main

ROOT = Path(__file__).parents[2]
CELLS = {
    "all": 45,
    "arithmetic": 14,
    "earthquakes": 5,
    "identity": 12,
    "rolling-argmax": 14,
    "rolling-average": 21,
    "series": 8,
    "small": 5,
    "spiky": 7,
    "table": 6,
}
MODELS = {
    "lstm": {"use": "lstm", "epochs": 40},
    "without-feedback": {"use": "implicit-rnn", "constraint": "triangular", "epochs": 40},
    "rnn-without-bias": {"use": "rnn", "hidden": 36, "bias": False, "epochs": 40},
}
SMALL = ("task.samples=400", "task.drawings=2", "task.shifts=[100000]", "reports=[]")


def evalcore(*words):
    """Exit code and standard output of a command."""
    output = io.StringIO()
    with redirect_stdout(output):
        code = main([str(word) for word in words])
    return code, output.getvalue()


def words_of(name, folder, settings, models):
    """A command that runs a spec with other settings and models."""
    sweep = json.dumps({"models.model": models})
    changed = [word for one in (*settings, f"sweep={sweep}") for word in ("--set", one)]
    return ["run", f"specs/extrapolation-{name}.yaml", "--out", str(folder), "--json", *changed]


def values(output):
    """The values of a run by metric and model, but for the time that fits took."""
    rows = json.loads(output)
    found = {(row["metric"], row["cell"].partition("=")[2]): row["value"] for row in rows}
    return {key: value for key, value in found.items() if key[0] != "model-size/seconds"}


def written_series(file, days=900):
    """A file of daily prices whose swings come and go."""
    rows = ["Date,Price"]
    price = 50.0
    for day in range(days):
        swing = 0.01 + 0.01 * math.sin(day / 40)
        price *= math.exp(swing * math.sin(1.7 * day**1.1))
        rows.append(f"{date(2010, 1, 1) + timedelta(days=day)},{price:.4f}")
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Commands start where the specs say, and a series of our own stands in for others."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("EVALCORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SERIES", str(written_series(tmp_path / "prices.csv", days=3500)))


def test_no_spec_is_left_out():
    names = {path.stem.removeprefix("extrapolation-") for path in ROOT.glob("specs/extrapolation*")}
    assert names == CELLS.keys()


@pytest.mark.parametrize("name", CELLS)
def test_the_whole_spec_can_run(name):
    code, output = evalcore("check", f"specs/extrapolation-{name}.yaml")
    assert code == 0
    assert f"{CELLS[name]} cells:" in output


def test_the_small_spec_shows_what_symmetry_does(tmp_path):
    code, output = evalcore(*words_of("small", tmp_path / "run", SMALL, MODELS))
    assert code == 0
    found = values(output)
    fall = {
        model: found["extrapolation-curve/range=2", model]
        - found["extrapolation-curve/range=100000", model]
        for model in MODELS
    }
    assert fall["lstm"] > 0.1
    assert abs(fall["without-feedback"]) < 0.1
    assert abs(fall["rnn-without-bias"]) < 0.1
    steps = "solver-iterations{}/range={}"
    near, far = (found[steps.format("", at), "without-feedback"] for at in (2, 100000))
    assert near == pytest.approx(far, abs=1.0)
    absolute = "(tolerance=absolute)"
    near, far = (found[steps.format(absolute, at), "without-feedback"] for at in (2, 100000))
    assert far > near + 1


def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(tmp_path):
    models = {name: {**of, "epochs": 3} for name, of in MODELS.items()}
    settings = (*SMALL[1:], "task.samples=100")
    code, whole = evalcore(*words_of("small", tmp_path / "whole", settings, models))
    assert code == 0
    words = words_of("small", tmp_path / "parts", settings, models)
    process = subprocess.Popen(
        [sys.executable, "-m", "evalcore", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    while not committed(tmp_path / "parts"):
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"the run ended with {process.wait(0.01)} before it was killed")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 0 < committed(tmp_path / "parts") < 6
    code, parts = evalcore(*words)
    assert code == 0
    assert values(parts) == values(whole)
    assert committed(tmp_path / "parts") == 6


def committed(folder):
    """How many attempts are committed, read beside a run."""
    address = f"file:{folder / 'run.db'}?mode=ro"
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(address, uri=True)) as base:
        return base.execute("SELECT count(*) FROM records").fetchone()[0]
    return 0


def test_a_series_of_one_s_own_is_forecast_and_drawn(tmp_path):
    file = written_series(tmp_path / "mine.csv")
    settings = (
        f"task.path={file}",
        "task.split=2011-06-30",
        "task.bands=[3, 9]",
        "task.drawings=2",
        "reports=[html]",
    )
    last = {"use": "last-value", "target": "volatility", "horizon": 5}
    models = {"ridge": "ridge", "last-value": last}
    code, output = evalcore(*words_of("series", tmp_path / "run", settings, models))
    assert code == 0
    found = values(output)
    assert {metric for metric, _ in found} >= {
        "extrapolation-curve/held out",
        "extrapolation-curve/0-3 months",
        "extrapolation-curve/3-9 months",
        "extrapolation-forecast/3-9 months",
    }
    page = (tmp_path / "run/report.html").read_text(encoding="utf-8")
    assert "Forecasts" in page
    assert page.count(">3-9 months</text>") == 1


def test_earthquakes_are_mapped(tmp_path):
    settings = ("task.events=300", "task.drawings=2", "reports=[html]")
    models = {"ridge": "ridge", "more": {"use": "ridge", "penalty": 10}}
    code, output = evalcore(*words_of("earthquakes", tmp_path / "run", settings, models))
    assert code == 0
    assert ("extrapolation-map/0-15 degrees", "ridge") in values(output)
    page = (tmp_path / "run/report.html").read_text(encoding="utf-8")
    assert page.count("error in km") == 1
    assert page.count(" km</title></circle>") > 100


def test_the_table_of_the_spec_can_be_learned(tmp_path):
    settings = ("task.drawings=2", "reports=[]")
    code, output = evalcore(*words_of("table", tmp_path / "run", settings, {"ridge": "ridge"}))
    assert code == 0
    found = values(output)
    inside, far = (found[f"extrapolation-curve/{at}", "ridge"] for at in ("held out", "180 to 240"))
    assert inside < 10 < far
