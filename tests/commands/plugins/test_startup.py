"""What the commands that people wait for do not import."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHOW = """
import sys, io, contextlib
from evalcore.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(sys.argv[1:])
print(*sys.modules)
"""
HEAVY = {"torch", "numpy", "pydantic", "pydantic_core", "rich", "yaml", "pluggy", "pandas",
         "pyarrow", "sqlite3", "asyncio", "importlib.metadata"}  # fmt: skip


def imported(place, *words):
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *words],
        cwd=place.folder,
        env=place.variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("words", [["--help"], ["list"], ["list", "--json"], ["plugins"], []])
def test_the_index_saves_all_heavy_imports(place, words):
    place.evalcore("list")
    modules = imported(place, *words)
    assert "evalcore.cli" in modules
    assert modules & HEAVY == set()


def test_the_check_of_a_spec_needs_no_numbers(place):
    place.evalcore("list")
    modules = imported(place, "check", place.spec())
    assert "evalcore.spec" in modules
    assert modules & {"numpy", "rich", "pyarrow", "evalcore.builtin.metrics"} == set()
