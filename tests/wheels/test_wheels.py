"""What users get: each wheel is built, installed in a fresh environment, and used."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = {
    "evalcore-microcoder": ["evalcore-codecontests", "evalcore-transformers"],
    "evalcore-vllm": ["evalcore-openai"],
}
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))


def run(*command, **options):
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    for project in (ROOT, *PLUGINS):
        run("uv", "build", "-q", "--wheel", "--out-dir", folder, project)
    return folder


def environment(folder, wheels, *distributions):
    """A fresh environment with these distributions from the wheels."""
    run("uv", "venv", "-q", "--python", "python3.11", folder)
    # vLLM itself needs gigabytes of CUDA, and its plugin must be whole without it.
    without = folder / "without.txt"
    without.write_text("vllm ; sys_platform == 'never'\n")
    run(
        "uv", "pip", "install", "-q", "--python", folder / "bin/python", "--find-links", wheels,
        "--constraint", ROOT / "constraints.txt", "--override", without, *distributions,
    )  # fmt: skip
    return folder / "bin/evalcore"


@pytest.fixture
def clean(tmp_path):
    kept = {"PATH", "HOME", "LANG", "SSL_CERT_FILE"}
    return {name: value for name, value in os.environ.items() if name in kept} | {
        "EVALCORE_CACHE": str(tmp_path / "cache")
    }


def test_the_core_alone_runs_a_spec(wheels, tmp_path, clean):
    evalcore = environment(tmp_path / "venv", wheels, "evalcore-framework")
    (tmp_path / "questions.jsonl").write_text('{"question": "1+1?", "answer": "2"}\n')
    (tmp_path / "answers.jsonl").write_text('{"sample": "1", "answer": "2"}\n')
    (tmp_path / "spec.yaml").write_text(
        "evalcore: 1\nname: tiny\ntask: {use: jsonl, path: questions.jsonl}\n"
        "models: {m: {use: replay, path: answers.jsonl}}\n"
    )
    printed = run(evalcore, "run", "spec.yaml", "--json", cwd=tmp_path, env=clean)
    assert json.loads(printed)[0]["value"] == 1.0
    assert (tmp_path / "runs/tiny/report.html").stat().st_size > 1000


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_each_plugin_with_the_core_alone_is_whole(wheels, tmp_path, clean, plugin):
    evalcore = environment(tmp_path / "venv", wheels, plugin.name)
    listed = json.loads(run(evalcore, "plugins", "--json", cwd=tmp_path, env=clean))
    expected = {"evalcore-framework", plugin.name, *NEEDED.get(plugin.name, ())}
    assert {row["distribution"] for row in listed} == expected
    assert not any(row["error"] for row in listed)
    run(evalcore, "schema", cwd=tmp_path, env=clean)


def test_the_contest_is_judged_from_the_wheel(wheels, tmp_path, clean):
    evalcore = environment(tmp_path / "venv", wheels, "evalcore-codecontests")
    spec = ROOT / "specs/quickstart-judge.yaml"
    exclude = "sweep.exclude=[{models.author: c++}, {models.author: java}]"
    words = ["--set", exclude, "--limit", "3", "--json"]
    results = json.loads(run(evalcore, "run", spec, *words, cwd=tmp_path, env=clean))
    shares = {row["cell"]: row["value"] for row in results if row["metric"] == "proportion"}
    assert shares == {"author=python": 1.0, "author=wrong": 0.0}


def test_a_new_plugin_passes_its_own_tests(wheels, tmp_path, clean):
    evalcore = environment(tmp_path / "venv", wheels, "evalcore-framework", "pytest")
    run(evalcore, "new-plugin", "weather", cwd=tmp_path, env=clean)
    python = tmp_path / "venv/bin/python"
    run("uv", "pip", "install", "-q", "--python", python, "--find-links", wheels,
        tmp_path / "evalcore-weather")  # fmt: skip
    printed = run(python, "-m", "pytest", "-q", cwd=tmp_path / "evalcore-weather", env=clean)
    assert "passed" in printed
