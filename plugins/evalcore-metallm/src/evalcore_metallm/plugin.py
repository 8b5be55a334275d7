"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Command
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_commands() -> list[Command]:
    """Routers from the command line."""
    return [
        Command(
            name="route",
            summary="Fit routers to logs, grade them, serve them",
            path="evalcore_metallm.command",
        )
    ]
