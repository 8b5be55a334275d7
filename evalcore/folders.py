"""Where evalcore keeps what outlives a run: the index of plugins, the cache of answers."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """`evalcore` in the folder that `EVALCORE_CACHE` names, else in the user's cache folder.

    Plugins keep their own under a name of their own in it. It may not exist yet.
    """
    base = os.environ.get("EVALCORE_CACHE") or os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "evalcore"
