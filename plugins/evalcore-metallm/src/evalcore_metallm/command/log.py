"""`evalcore route log`: the log of a server, as rows for `evalcore route evaluate`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("state", type=Path, metavar="STATE", help="the file that a server keeps")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="FILE", help="where the rows go, as JSON Lines"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the rows, and tell what was left out."""
    from evalcore_metallm.serving.export import export

    found = export(arguments.state)
    lines = "".join(json.dumps(row) + "\n" for row in found.rows)
    try:
        arguments.out.write_text(lines, encoding="utf-8")
    except OSError as error:
        raise EvalcoreError(f"cannot write {arguments.out}: {error.strerror}") from None
    told = sum(row["quality"] is not None for row in found.rows)
    print(f"{len(found.rows)} choices, {told} with their quality", file=sys.stderr)
    for reason, count in found.left_out.items():
        print(f"left out: {count} of which the request {reason}", file=sys.stderr)
    return 0
