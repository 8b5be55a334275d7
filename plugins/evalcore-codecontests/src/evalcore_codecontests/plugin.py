"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Command, Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_tasks() -> list[Component]:
    """Three sources of problems, one judge."""
    home = "evalcore_codecontests.tasks"
    return [
        Component(
            name="codecontests",
            summary="Problems of CodeContests, judged by their tests",
            path=f"{home}:CodeContests",
            settings=f"{home}:DataSettings",
            version=2,
        ),
        Component(
            name="taco",
            summary="Problems of TACO (and APPS), judged by their tests",
            path=f"{home}:Taco",
            settings=f"{home}:DataSettings",
            version=2,
        ),
        Component(
            name="contest",
            summary="24 problems of our own, judged by their tests; needs no data",
            path=f"{home}:Contest",
            settings=f"{home}:ContestSettings",
            version=2,
        ),
    ]


@hookimpl
def evalcore_commands() -> list[Command]:
    """The judge without a spec."""
    return [
        Command(
            name="judge",
            summary="Judge a file of programs against a file of problems",
            path="evalcore_codecontests.judge_command",
        )
    ]
