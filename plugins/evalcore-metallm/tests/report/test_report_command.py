"""`evalcore route report`: what it writes, and what it refuses."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

import pytest

from evalcore.testing import scripted
from evalcore_metallm import command, files


@pytest.fixture
def called(capsys):
    def call(*arguments):
        parser = argparse.ArgumentParser()
        command.configure(parser)
        code = command.run(parser.parse_args(["report", *map(str, arguments)]))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def refused(called, tmp_path):
    """What is told where nothing is written."""

    def call(*arguments):
        before = set(tmp_path.rglob("*.html*"))
        code, out, err = called(*arguments, "--out", tmp_path / "page.html")
        assert (code, out) == (2, "")
        assert set(tmp_path.rglob("*.html*")) == before
        assert err.startswith("evalcore route report: ")
        return err

    return call


def test_a_page_is_written(called, run, tmp_path):
    file = tmp_path / "page.html"
    file.write_text("the old one")
    code, out, err = called(run, "--out", file, "--against", "strategy=cold", "--price", 0.2)
    assert (code, out, err) == (0, f"wrote {file}: 4 routers, 3 orders\n", "")
    written = file.read_text(encoding="utf-8")
    assert "Compared with cold" in written
    assert "p = 0.2" in written
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_no_run_is_told(refused, tmp_path):
    assert f"{tmp_path}: no run here" in refused(tmp_path)


def test_a_run_of_another_task_is_told(refused, evalcore_run, evalcore_offer, tmp_path):
    evalcore_offer("author", scripted(lambda request: "2"))
    (tmp_path / "q.jsonl").write_text('{"question": "1 + 1", "answer": "2"}\n')
    task = {"use": "jsonl", "path": "q.jsonl"}
    evalcore_run({"task": task, "models": {"author": "offered:author"}, "strategy": "single"})
    assert "found records of another task, expected those of the task `routing-log`" in refused(
        tmp_path / "run"
    )


def test_a_run_without_a_finished_attempt_is_told(refused, other_run):
    routers = {"fails": {"policy": {"use": "static", "arm": "none"}}}
    assert "found no finished attempt, expected passes over a log" in refused(
        other_run(routers=routers)
    )


def test_an_unknown_baseline_is_told(refused, run):
    told = "--against nobody: found no such cell, expected one of: warm, cold, any, one"
    assert told in refused(run, "--against", "nobody")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("page.txt", "as the page to write, expected a name like report.html"),
        ("no/page.html", "is no folder"),
        ("folder.html", "it is a folder"),
    ],
)
def test_a_place_that_cannot_be_is_told_before_anything_is_read(called, tmp_path, name, told):
    (tmp_path / "folder.html").mkdir()
    code, _, err = called(tmp_path / "no-run", "--out", tmp_path / name)
    assert code == 2
    assert told in err


def test_a_page_that_cannot_be_written_leaves_the_old_one(called, run, tmp_path, monkeypatch):
    file = tmp_path / "page.html"
    file.write_text("the old one")

    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(files.os, "fsync", full)
    code, _, err = called(run, "--out", file)
    assert (code, err) == (
        2, f"evalcore route report: cannot write {file}: No space left on device\n",
    )  # fmt: skip
    assert file.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [file]


def test_without_matplotlib_the_extra_is_named(refused, run, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("evalcore_metallm.report")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    told = "matplotlib is not installed; install evalcore-metallm[report] to write reports\n"
    assert refused(run).endswith(told)


def test_only_writing_a_page_imports_matplotlib():
    program = "import argparse, sys; from evalcore_metallm import command\n"
    program += "command.configure(argparse.ArgumentParser())\n"
    program += "import evalcore_metallm.plugin, evalcore_metallm.metrics.frontier\n"
    program += "print([m for m in sys.modules if m.startswith('matplotlib')])"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"
