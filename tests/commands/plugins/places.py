"""Distributions made for a test, and `evalcore` run as a process that finds them."""

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib import invalidate_caches
from pathlib import Path

from evalcore import plugins
from evalcore.builtin import metrics, questions, replay, single
from evalcore.cli import check, main, run
from evalcore.session import run_spec

LOADED = (metrics, questions, replay, single, check, run, run_spec)
"""What most commands import: a forked process has it already."""

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
        """Run a command: exit code, standard output, standard error, the folder's name left out.

        The command runs in a process forked from this one, which saves it most imports.
        """
        files = [self.folder / "stdout", self.folder / "stderr"]
        child = os.fork()
        if child == 0:
            self._become(words, {**self.variables, **variables}, files)
        _, status = os.waitpid(child, 0)
        texts = [file.read_text().replace(str(self.folder), "FOLDER") for file in files]
        return os.waitstatus_to_exitcode(status), *texts

    def _become(self, words, variables, files):
        code = 99
        try:
            for number, file in enumerate(files, 1):
                os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            sys.stdout, sys.stderr = (os.fdopen(number, "w") for number in (1, 2))
            os.environ.clear()
            os.environ.update(variables)
            os.chdir(self.folder)
            sys.path[:0] = variables["PYTHONPATH"].split(os.pathsep)
            sys.dont_write_bytecode = True
            invalidate_caches()
            plugins.registry.cache_clear()
            code = main([*words])
        except SystemExit as left:
            code = left.code
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

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
