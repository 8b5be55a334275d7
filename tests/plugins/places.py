"""Distributions made for a test, and `evalcore` run as a process that finds them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

FINE = """\
from evalcore.component import Component
from evalcore.hookspecs import hookimpl

@hookimpl
def evalcore_metrics():
    return [Component("{name}", "A metric of {name}", "evalcore.builtin.metrics:Mean")]
"""


class Place:
    """A folder of distributions on the path of the processes that it starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages = folder / "packages"
        self.packages.mkdir()
        self.variables = {
            **os.environ,
            "PYTHONPATH": str(self.packages),
            "EVALCORE_CACHE": str(folder / "cache"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        (folder / "q.jsonl").write_text('{"id": "a", "question": "1+1", "answer": "2"}\n')
        (folder / "a.jsonl").write_text('{"sample": "a", "answer": "2"}\n')

    def install(self, name, source=None, *, version="1.0", interface="v1", plugin=None, into=None):
        """Install a distribution with a plugin, whose module is called like the plugin."""
        plugin = plugin or name
        module = plugin.replace("-", "_")
        into = into or self.packages
        (into / f"{module}.py").write_text(FINE.format(name=plugin) if source is None else source)
        info = self.packages / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        text = f"[evalcore]\n{plugin} = {module}\n"
        if interface:
            text += f"\n[evalcore.interface]\n{plugin} = {interface}\n"
        (info / "entry_points.txt").write_text(text)
        return info

    def evalcore(self, *words, **variables):
        """Run a command: exit code, standard output, standard error, the folder's name left out."""
        done = subprocess.run(
            [sys.executable, "-m", "evalcore", *words],
            cwd=self.folder,
            env={**self.variables, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, *(
            text.replace(str(self.folder), "FOLDER") for text in (done.stdout, done.stderr)
        )

    def spec(self, **keys):
        spec = {
            "evalcore": 1,
            "name": "test",
            "task": {"use": "jsonl", "path": "q.jsonl"},
            "models": {"m": {"use": "replay", "path": "a.jsonl"}},
            **keys,
        }
        (self.folder / "spec.json").write_text(json.dumps(spec))
        return "spec.json"
