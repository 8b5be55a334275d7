"""Runs a program as Python does, in this process: for programs of the world alone."""

from __future__ import annotations

import io


def executed(program: str, text: str) -> str | None:
    """What a program prints for an input; `None` if it fails."""
    lines = iter(text.split("\n"))
    printed = io.StringIO()

    def show(*values: object) -> None:
        print(*values, file=printed)

    try:
        exec(program, {"input": lambda: next(lines), "print": show})
    except Exception:
        return None
    return printed.getvalue()
