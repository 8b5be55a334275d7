"""`evalcore cache` and `evalcore cache prune`."""

from __future__ import annotations

import argparse
import json
import re
import time
from typing import TYPE_CHECKING

from evalcore.errors import EvalcoreError
from evalcore.folders import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalcore.cache import Holding

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60}
_BYTES = {"KB": 10**3, "MB": 10**6, "GB": 10**9}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    prune = actions.add_parser("prune", help="remove answers; what to remove has to be said")
    prune.set_defaults(prune=True)
    prune.add_argument(
        "--unused-for",
        type=_quantity(_SECONDS, "30d"),
        metavar="TIME",
        help="those not used for so long: 30d, 12h, 90m",
    )
    prune.add_argument(
        "--model", default="", metavar="TEXT", help="of models with TEXT in the name"
    )
    prune.add_argument(
        "--keep",
        type=_quantity(_BYTES, "500MB"),
        metavar="SIZE",
        help="all but the last used ones of so many bytes: 500MB, 2GB",
    )
    prune.add_argument("--all", action="store_true", help="everything")


def run(arguments: argparse.Namespace) -> int:
    """Show what the cache holds, or remove some of it."""
    if getattr(arguments, "prune", False):
        return _prune(arguments)
    from evalcore.cache import holdings

    found = holdings()
    print(_as_json(found) if arguments.json else _as_text(found))
    return 0


def _prune(arguments: argparse.Namespace) -> int:
    from evalcore.cache import holdings, prune
    from evalcore.cli.common import say
    from evalcore.numerals import counted

    narrowed = arguments.model or arguments.unused_for or arguments.keep is not None
    if bool(narrowed) == arguments.all:
        raise EvalcoreError(
            "say what to remove: --unused-for TIME, --model TEXT and --keep SIZE, or --all"
        )
    matching = any(arguments.model in holding.model for holding in holdings())
    unused_for = arguments.unused_for or 0.0
    removed = prune(unused_for=unused_for, model=arguments.model, keep=arguments.keep)
    why = f": the cache has no model with {arguments.model!r} in its name"
    say(f"{counted(removed, 'answer')} removed{why if arguments.model and not matching else ''}")
    return 0


def _as_json(found: list[Holding]) -> str:
    models = [holding._asdict() for holding in found]
    return json.dumps({"folder": str(cache_folder()), "size": _size(), "models": models}, indent=2)


def _as_text(found: list[Holding]) -> str:
    total = sum(holding.answers for holding in found)
    lines = [f"{total:,} answers, {_in_bytes(_size())}, in {cache_folder()}"]
    for holding in found:
        used = time.strftime("%Y-%m-%d", time.localtime(holding.used))
        size = _in_bytes(holding.size)
        lines.append(f"{holding.answers:>12,}  {size:>8}  last used {used}  {holding.model}")
    return "\n".join(lines)


def _size() -> int:
    """Bytes on the disk, the log of what is not merged yet included."""
    return sum(file.stat().st_size for file in cache_folder().glob("answers.db*"))


def _in_bytes(size: int) -> str:
    for unit, scale in reversed(_BYTES.items()):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size} B"


def _quantity(units: dict[str, int], example: str) -> Callable[[str], int]:
    """Reads a number with a unit."""

    def read(text: str) -> int:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", text)
        scale = units.get(match.group(2)) if match else None
        if match is None or scale is None:
            known = ", ".join(units)
            raise argparse.ArgumentTypeError(
                f"found {text!r}, expected a number with one of {known}, such as {example}"
            )
        return int(float(match.group(1)) * scale)

    return read
