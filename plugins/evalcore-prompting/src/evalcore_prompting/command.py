"""`evalcore prompts list`, `evalcore prompts show ID` and `evalcore prompts render SPEC`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from evalcore import EvalcoreError, TaskError, open_samples
from evalcore_prompting.families import Family
from evalcore_prompting.rehearsal import rehearse
from evalcore_prompting.templates import library

if TYPE_CHECKING:
    import argparse

    from evalcore_prompting.templates import Library

_OK, _BAD_CALL = 0, 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list, show, render")
    _configure_render(actions.add_parser("render", help="print what a model would be asked"))
    for name, words in (("list", "list the prompts"), ("show", "print the template of one")):
        action = actions.add_parser(name, help=words)
        if name == "show":
            action.add_argument("id", metavar="ID", help="what `list` calls it")
        else:
            action.add_argument("--json", action="store_true", help="print a list of objects")
        action.add_argument(
            "--prompts", type=Path, metavar="DIR", help="a folder with prompts of your own"
        )


def _configure_render(action: argparse.ArgumentParser) -> None:
    action.add_argument("spec", type=Path, metavar="SPEC", help="the spec file")
    action.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="override a setting, as `evalcore run` does; repeatable",
    )
    action.add_argument("--sample", metavar="ID", help="id of the sample; the first if not given")
    action.add_argument("--cell", metavar="NAME", help="name of the cell; the first if not given")


def run(arguments: argparse.Namespace) -> int:
    """List, show or render, and answer 0; 2 if what is asked for is not there or cannot be used."""
    try:
        if arguments.action == "render":
            _render(arguments.spec, tuple(arguments.set), arguments.cell, arguments.sample)
            return _OK
        prompts = library(arguments.prompts)
        if arguments.action == "show":
            _show(prompts, arguments.id)
        elif arguments.json:
            print(json.dumps(_rows(prompts), indent=2))
        else:
            _list(prompts)
    except EvalcoreError as error:
        print(f"evalcore prompts: {error}", file=sys.stderr)
        return _BAD_CALL
    return _OK


def _show(prompts: Library, id_: str) -> None:
    prompt = prompts[id_]
    about = f"{prompt.family} prompt {id_!r} ({prompt.name}), version {prompt.version}"
    print(f"{about}\n{prompt.file}\n", file=sys.stderr, flush=True)
    print(prompt.text.strip())


def _render(spec: Path, overrides: tuple[str, ...], cell: str | None, id_: str | None) -> None:
    with open_samples(spec, cell=cell, overrides=overrides) as (strategy, samples):
        sample = next((sample for sample in samples if id_ in {None, sample.id}), None)
        if sample is None:
            raise TaskError(f"{spec}: found no sample {id_!r} in its task")
        for message in asyncio.run(rehearse(strategy, sample)):
            print(f"[{message.role}]\n{message.content}\n")


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
