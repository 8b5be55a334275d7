"""`evalcore new-plugin NAME`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from evalcore.cli.common import say
from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    import argparse

TEMPLATE = Path(__file__).with_name("template")
"""A plugin called `example` that works as it stands; a new one is a copy under another name."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TAKEN = {"builtin", "framework"}
_SKIPPED = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("name", metavar="NAME", help="lower-case words joined by '-'")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder to write, new or empty [evalcore-NAME]"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the plugin and say how to go on."""
    name = _checked(arguments.name)
    folder = arguments.out or Path(f"evalcore-{name}")
    write_plugin(name, folder)
    print(folder)
    say(
        f"next: cd {folder}; pip install -e . pytest; evalcore run specs/votes.yaml; pytest\n"
        "the license is yours to choose: add a LICENSE file before you publish"
    )
    return 0


def write_plugin(name: str, folder: Path) -> None:
    """Write a working plugin called `name` into a folder.

    Raises:
        EvalcoreError: if the folder is not empty, or cannot be written.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise EvalcoreError(f"{folder} is not empty; choose a new folder with --out")
        for source in sorted(TEMPLATE.rglob("*")):
            inner = source.relative_to(TEMPLATE)
            if source.is_file() and not _SKIPPED & set(inner.parts):
                target = folder / _renamed(str(inner), name)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(
                    _renamed(source.read_text(encoding="utf-8"), name), encoding="utf-8"
                )
    except OSError as error:
        raise EvalcoreError(f"{folder} cannot be written: {error.strerror}") from None


def _renamed(text: str, name: str) -> str:
    module = name.replace("-", "_")
    return text.replace("evalcore_example", f"evalcore_{module}").replace("example", name)


def _checked(name: str) -> str:
    form = "lower-case words joined by '-', such as 'my-task'"
    if not _NAME.fullmatch(name):
        raise EvalcoreError(f"found the name {name!r}, expected {form}")
    if name.startswith("evalcore-"):
        shorter = name.removeprefix("evalcore-")
        raise EvalcoreError(f"found the name {name!r}, expected it without 'evalcore-': {shorter}")
    if name in _TAKEN:
        raise EvalcoreError(f"the name {name!r} belongs to evalcore itself; choose another")
    return name
