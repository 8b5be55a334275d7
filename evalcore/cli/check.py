"""`evalcore check SPEC`."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from evalcore.cli.common import add_spec_arguments, checked_spec, say

if TYPE_CHECKING:
    import argparse

    from evalcore.forecast import Forecast
    from evalcore.spec import Spec

NOT_LOOKED_AT = "Not looked at: whether a server answers and takes a key, and whether weights load."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = (
        "It reads the spec, loads its components, and has tasks and models look for what they can "
        "find at once: names, folders, keys, prices, devices; each plugin says what it looks for. "
        "Where strategies can be rehearsed, it reads up to 200 samples, and says how many calls, "
        f"tokens and dollars a run takes at most. {NOT_LOOKED_AT}"
    )
    add_spec_arguments(parser)
    parser.add_argument(
        "--json", action="store_true", help="print the cells and what each takes as JSON only"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check the spec and its components, and print its cells and what they take."""
    from evalcore.errors import EvalcoreError
    from evalcore.forecast import forecast
    from evalcore.readiness import check_components

    spec = checked_spec(arguments)
    expected, unknown = None, ""
    with redirect_stdout(sys.stderr):  # what plugins print is no result
        check_components(spec)
        try:
            expected = forecast(spec)
        except EvalcoreError as error:
            unknown = spec.redact(str(error))
    if arguments.json:
        print(json.dumps(_plain(spec, expected, unknown), indent=2, default=str))
        return 0
    cells = f"{len(spec.cells)} cell{'s' if len(spec.cells) > 1 else ''}"
    print(f"{arguments.spec}: {spec.name} can run, {cells}:")
    for cell in spec.cells:
        attempts = f"{cell.attempts} attempt{'s' if cell.attempts > 1 else ''} a sample"
        print(f"  {cell.name}  ({attempts}, seed {cell.seed}, {cell.hash})")
    print(_words(expected) if expected else f"What it takes is not known: {unknown}")
    say(NOT_LOOKED_AT)
    return 0


def _words(expected: Forecast) -> str:
    """What a run takes at most, in a line."""
    total, notes = expected.total, []
    told = f"{total.calls:,} calls, about {total.prompt_tokens:,} tokens in"
    if total.completion_tokens is None:
        notes.append("without the answers, as no max_tokens is set")
    else:
        told += f" and {total.completion_tokens:,} out"
    if total.dollars:
        told += f", {total.dollars:,.{2 if total.dollars >= 1 else 6}f} dollars"
    if expected.open_ended:
        notes.append(f"for {expected.samples:,} samples, and there are more")
    if expected.rehearsed < expected.samples:
        notes.append(f"judged by {expected.rehearsed:,} of {expected.samples:,} samples")
    if expected.guessed:
        from evalcore.forecast import CHARS_A_TOKEN

        notes.append(f"{CHARS_A_TOKEN} characters taken for a token")
    return f"At most {told}" + (f" ({'; '.join(notes)})." if notes else ".")


def _plain(spec: Spec, expected: Forecast | None, unknown: str) -> dict[str, Any]:
    known = asdict(expected) if expected else {"total": None, "cells": {}}
    by_cell = known.pop("cells")
    cells = [
        {
            "cell": cell.name,
            "settings": cell.changes,
            "attempts": cell.attempts,
            "seed": cell.seed,
            "hash": cell.hash,
            "at_most": by_cell.get(cell.name),
        }
        for cell in spec.cells
    ]
    at_most = known.pop("total")
    return {"name": spec.name, "cells": cells, "at_most": at_most, **known, "unknown": unknown}
