"""`evalcore route log`: the log of a server, as rows for `evalcore route evaluate`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from evalcore.errors import EvalcoreError
from evalcore_metallm.files import write_whole

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

    _check_replaceable(arguments.out, arguments.state)
    found = export(arguments.state)
    lines = "".join(json.dumps(row) + "\n" for row in found.rows)
    try:
        _write(arguments.out, lines)
    except OSError as error:
        raise EvalcoreError(f"cannot write {arguments.out}: {error.strerror}") from None
    told = sum(row["quality"] is not None for row in found.rows)
    print(f"{len(found.rows)} choices, {told} with their quality", file=sys.stderr)
    for reason, count in found.left_out.items():
        print(f"left out: {count} of which the request {reason}", file=sys.stderr)
    return 0


def _check_replaceable(out: Path, state: Path) -> None:
    """Refuse to write over the state, and over any file that is no log of a server."""
    from evalcore_metallm.serving.database import files_of
    from evalcore_metallm.serving.export import is_exported

    if any(_same(out, file) for file in files_of(state)):
        raise EvalcoreError(f"{out} belongs to the state {state}; name another file")
    if out.is_dir():
        raise EvalcoreError(f"cannot write {out}: it is a folder; name a file")
    if out.is_file() and not is_exported(out):
        raise EvalcoreError(
            f"would write over {out}, which is no log of a server; name another file, or remove "
            "that one first"
        )


def _same(file: Path, other: Path) -> bool:
    if file.exists() and other.exists():
        return file.samefile(other)
    return file.resolve() == other.resolve()


def _write(out: Path, text: str) -> None:
    if out.exists() and not out.resolve().is_file():  # a pipe, or a device: nothing is lost in it
        out.write_text(text, encoding="utf-8")
    else:
        write_whole(out, text.encode())
