"""What tests of several folders need."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

_PIP = '''\
"""Stands for `pip install -e FOLDER`: asks the folder's own build backend, and no network."""
import os, sys, sysconfig, tempfile, zipfile
from hatchling.build import build_editable

if sys.argv[1:3] != ["install", "-e"] or len(sys.argv) != 4:
    sys.exit(f"only `pip install -e FOLDER` is known here, found {sys.argv[1:]}")
os.chdir(sys.argv[3])
with tempfile.TemporaryDirectory() as folder:
    wheel = os.path.join(folder, build_editable(folder))
    zipfile.ZipFile(wheel).extractall(sysconfig.get_paths()["purelib"])
print("Successfully installed")
'''


class Environment:
    """A virtual environment that has all that this one has, and what is installed into it."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, symlinks=True, with_pip=False)
        self.scripts = folder / "bin"
        (packages,) = folder.glob("lib/python*/site-packages")
        known = [path for path in sys.path if path.endswith("site-packages")]
        lines = [f"import site; site.addsitedir({path!r})\n" for path in known]
        (packages / "parent.pth").write_text("".join(lines), encoding="utf-8")
        (folder / "pip.py").write_text(_PIP, encoding="utf-8")
        self._write_script("evalcore", "-m evalcore")
        self._write_script("pytest", "-m pytest -p no:cacheprovider")
        self._write_script("pip", str(folder / "pip.py"))
        # Unbuffered, standard output and standard error come in the order of a terminal.
        self.variables = {
            **os.environ,
            "PATH": f"{self.scripts}{os.pathsep}{os.environ['PATH']}",
            "EVALCORE_CACHE": str(folder / "cache"),
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "100",
        }

    def run(self, command: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a command of the shell; its standard error is part of its output."""
        return subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def _write_script(self, name: str, arguments: str) -> None:
        script = self.scripts / name
        python = self.scripts / "python"
        script.write_text(f'#!/bin/sh\nexec "{python}" {arguments} "$@"\n', encoding="utf-8")
        script.chmod(0o755)


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment to install plugins into, without a network."""
    return Environment(tmp_path_factory.mktemp("environment"))
