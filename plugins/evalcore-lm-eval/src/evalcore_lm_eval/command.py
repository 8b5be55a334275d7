"""`evalcore lm-eval tasks`: the names of lm-eval's tasks, groups and tags."""

from __future__ import annotations

import json
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from evalcore_lm_eval.catalog import bundled_folder, catalog

if TYPE_CHECKING:
    import argparse

    from evalcore_lm_eval.catalog import Listed

_OK, _BAD_CALL = 0, 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="tasks")
    tasks = actions.add_parser("tasks", help="list the names of tasks, groups and tags")
    tasks.add_argument(
        "pattern", nargs="?", default="",
        help="part of a name, or a pattern of whole names such as 'mmlu_*'",
    )  # fmt: skip
    tasks.add_argument(
        "--include-path", type=Path, metavar="DIR", help="folder with tasks of your own"
    )
    tasks.add_argument("--json", action="store_true", help="print a list of objects")


def run(arguments: argparse.Namespace) -> int:
    """List the names, and answer 0; 2 if the call is wrong."""
    folder: Path | None = arguments.include_path
    if folder and not folder.is_dir():
        print(f"evalcore lm-eval: {folder} is no folder", file=sys.stderr)
        return _BAD_CALL
    names = catalog(bundled_folder()) | (catalog(folder) if folder else {})
    found = {name: names[name] for name in sorted(names) if _matches(name, arguments.pattern)}
    if arguments.json:
        rows = [
            {"name": name, "kind": _word(listed), "path": listed.path or None}
            for name, listed in found.items()
        ]
        print(json.dumps(rows))
    else:
        for name, listed in found.items():
            print(f"{_word(listed):5}  {name}")
        print(f"{len(found)} of {len(names)} names", file=sys.stderr)
    return _OK


def _matches(name: str, pattern: str) -> bool:
    if any(sign in pattern for sign in "*?["):
        return fnmatchcase(name, pattern)
    return pattern in name


def _word(listed: Listed) -> str:
    return listed.kind.removeprefix("py_")
