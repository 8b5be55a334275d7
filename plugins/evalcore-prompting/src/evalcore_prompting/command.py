"""`evalcore prompts list` and `evalcore prompts show ID`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from evalcore_prompting.families import Family
from evalcore_prompting.templates import PromptError, library

if TYPE_CHECKING:
    import argparse

    from evalcore_prompting.templates import Library

_OK, _BAD_CALL = 0, 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list, show")
    for name, words in (("list", "list the prompts"), ("show", "print the template of one")):
        action = actions.add_parser(name, help=words)
        if name == "show":
            action.add_argument("id", metavar="ID", help="what `list` calls it")
        else:
            action.add_argument("--json", action="store_true", help="print a list of objects")
        action.add_argument(
            "--prompts", type=Path, metavar="DIR", help="a folder with prompts of your own"
        )


def run(arguments: argparse.Namespace) -> int:
    """List or show, and answer 0; 2 if there is no such prompt or the folder cannot be used."""
    try:
        prompts = library(arguments.prompts)
        if arguments.action == "show":
            _show(prompts, arguments.id)
        elif arguments.json:
            print(json.dumps(_rows(prompts), indent=2))
        else:
            _list(prompts)
    except PromptError as error:
        print(f"evalcore prompts: {error}", file=sys.stderr)
        return _BAD_CALL
    return _OK


def _show(prompts: Library, id_: str) -> None:
    prompt = prompts[id_]
    about = f"{prompt.family} prompt {id_!r} ({prompt.name}), version {prompt.version}"
    print(f"{about}\n{prompt.file}\n", file=sys.stderr, flush=True)
    print(prompt.text.strip())


def _rows(prompts: Library) -> list[dict[str, object]]:
    return [
        {
            "id": id_,
            "family": family,
            "name": prompts[id_].name,
            "version": prompts[id_].version,
            "file": str(prompts[id_].file),
        }
        for family in get_args(Family)
        for id_ in prompts.ids(family)
    ]


def _list(prompts: Library) -> None:
    width = max(map(len, prompts.ids()))
    for family in get_args(Family):
        print(family)
        for id_ in prompts.ids(family):
            print(f"  {id_:{width}}  v{prompts[id_].version}  {prompts[id_].name}")
