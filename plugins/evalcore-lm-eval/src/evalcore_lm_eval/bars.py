"""Progress bars of the libraries below, which would write across evalcore's own line."""

from __future__ import annotations

import os

__all__ = ["no_bars"]


def no_bars() -> None:
    """Turn off tqdm's bars, unless `TQDM_DISABLE` is set; tqdm reads it when it is imported."""
    os.environ.setdefault("TQDM_DISABLE", "1")
