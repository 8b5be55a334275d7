"""`evalcore new-plugin` writes a plugin that works, is clean, and passes its own tests."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from evalcore.cli import main

NAMES = ["fruit", "x1", "counting-small-things"]


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_generated_plugin_installs_runs_and_passes_its_tests(environment, in_folder):
    def done(command, folder):
        finished = environment.run(command, folder)
        assert finished.returncode == 0, finished.stdout
        return finished.stdout

    done("evalcore new-plugin counting-things", in_folder)
    plugin = in_folder / "evalcore-counting-things"
    done("pip install -e .", plugin)
    listed = json.loads(done("evalcore list --json", plugin))
    ours = {row["name"] for row in listed if row["plugin"] == "counting-things"}
    assert ours == {f"counting-things-{part}" for part in ("sums", "clerk", "vote", "solved")}
    # A folder of its own, as other runs of pytest clear away what they find in the shared one.
    assert "failed" not in done("pytest --basetemp=../temporary", plugin)
    results = json.loads(done("evalcore run specs/votes.yaml --json", plugin))
    means = {row["cell"]: row["value"] for row in results if row["metric"] == "mean"}
    assert means["votes=1"] < means["votes=3"] < means["votes=9"]
    assert {row["n"] for row in results if row["metric"] == "mean"} == {100}


@pytest.mark.parametrize("name", NAMES)
def test_generated_plugin_is_clean_for_ruff(in_folder, name):
    pytest.importorskip("ruff", reason="ruff is not in this environment")
    assert main(["new-plugin", name, "--out", "plugin"]) == 0
    for arguments in (["check"], ["format", "--check"]):
        done = python("-m", "ruff", *arguments, "--no-cache", "plugin")
        assert done.returncode == 0, done.stdout


def test_generated_plugin_is_clean_for_mypy(in_folder):
    pytest.importorskip("mypy", reason="mypy is not in this environment")
    assert main(["new-plugin", "fruit", "--out", "."]) == 0
    done = python("-m", "mypy")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_file_carries_the_name(in_folder, name, capsys):
    assert main(["new-plugin", name]) == 0
    assert capsys.readouterr().out == f"evalcore-{name}\n"
    files = [file for file in in_folder.rglob("*") if file.is_file()]
    assert in_folder / f"evalcore-{name}" / "pyproject.toml" in files
    for file in files:
        assert "example" not in str(file.relative_to(in_folder))
        assert "example" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Fruit", "expected lower-case words joined by '-'"),
        ("my_task", "expected lower-case words joined by '-'"),
        ("-", "expected lower-case words joined by '-'"),
        ("1st", "expected lower-case words joined by '-'"),
        ("../up", "expected lower-case words joined by '-'"),
        ("evalcore-fruit", "expected it without 'evalcore-': fruit"),
        ("builtin", "belongs to evalcore itself"),
        ("framework", "belongs to evalcore itself"),
    ],
)
def test_bad_name_is_refused(in_folder, capsys, name, message):
    assert main(["new-plugin", "--", name]) == 2
    assert message in capsys.readouterr().err
    assert list(in_folder.iterdir()) == []


def test_folder_that_is_not_empty_is_refused(in_folder, capsys):
    (in_folder / "there").mkdir()
    (in_folder / "there" / "notes.txt").write_text("mine", encoding="utf-8")
    assert main(["new-plugin", "fruit", "--out", "there"]) == 2
    assert "there is not empty" in capsys.readouterr().err
    assert [file.name for file in (in_folder / "there").iterdir()] == ["notes.txt"]


def test_file_in_place_of_the_folder_is_refused(in_folder, capsys):
    (in_folder / "there").write_text("a file", encoding="utf-8")
    assert main(["new-plugin", "fruit", "--out", "there"]) == 2
    assert "there cannot be written" in capsys.readouterr().err


def python(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
