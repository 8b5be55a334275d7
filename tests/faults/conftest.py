"""Runs of the workload as processes that can be killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

HERE = Path(__file__).parent


class Workplace:
    """A folder with the workload installed as a plugin, and specs to run there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        packages = folder / "packages"
        info = packages / "workload-1.dist-info"
        info.mkdir(parents=True)
        shutil.copy(HERE / "workload.py", packages)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: workload\nVersion: 1\n")
        (info / "entry_points.txt").write_text(
            "[evalcore]\nworkload = workload\n[evalcore.interface]\nworkload = v1\n"
        )
        self.log = folder / "calls.log"
        self.variables = {
            **os.environ,
            "PYTHONPATH": str(packages),
            "EVALCORE_CACHE": str(folder / "cache"),
        }

    def write(self, *, count=300, seconds=0.001, **keys):
        """Write a spec over `count` samples."""
        model = {"use": "counted", "log": str(self.log), "seconds": seconds}
        spec = {
            "evalcore": 1,
            "name": "work",
            "task": {"use": "sums", "count": count},
            "models": {"m": model},
            "strategy": "steps",
            "metrics": ["mean", "count"],
            "reports": [],
            **keys,
        }
        (self.folder / "spec.json").write_text(json.dumps(spec))

    def start(self, *arguments, **rest):
        """Begin `evalcore run` on the spec."""
        return subprocess.Popen(
            [sys.executable, "-m", "evalcore", "run", "spec.json", "--out", "run", *arguments],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **rest,
        )

    def run(self, *arguments, **rest):
        """Run the spec to its end: exit code, standard output, standard error."""
        process = self.start(*arguments, **rest)
        output, words = process.communicate(timeout=300)
        return process.returncode, output, words

    def records(self):
        """The records, times left out."""
        output = subprocess.run(
            [sys.executable, "-m", "evalcore", "records", "run"],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        rows = [json.loads(line) for line in output.splitlines()]
        return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]

    def committed(self):
        """How many attempts are committed, read beside a run."""
        import sqlite3

        try:
            address = f"file:{self.folder / 'run/run.db'}?mode=ro"
            with closing(sqlite3.connect(address, uri=True)) as base:
                return base.execute("SELECT count(*) FROM records").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


@pytest.fixture
def workplace(tmp_path):
    return Workplace(tmp_path)
