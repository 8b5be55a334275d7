"""`evalcore route serve`: a router as an OpenAI-compatible endpoint."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    import argparse

_EXTRA = ("aiohttp", "starlette", "uvicorn")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("router", type=Path, metavar="ROUTER", help="a saved router")
    parser.add_argument(
        "--config", required=True, type=Path, metavar="FILE",
        help="YAML: the upstream of each arm, where to listen, the file that holds the state",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Serve until the process is told to stop."""
    try:
        from evalcore_metallm.serving.server import serve
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise EvalcoreError(
            f"{error.name} is not installed; install evalcore-metallm[serve] to serve routers"
        ) from None
    from evalcore_metallm.serving.settings import read_serve_settings

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stderr)
    settings = read_serve_settings(arguments.config)
    serve(arguments.router, settings, lambda url: print(f"listening at {url}", flush=True))
    return 0
