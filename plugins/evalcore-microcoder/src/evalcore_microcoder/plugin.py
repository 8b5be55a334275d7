"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_tasks() -> list[Component]:
    """One contest."""
    return [
        Component(
            name="microcontest",
            summary="Small problems of two and three steps, judged by their tests; needs no data",
            version=2,
            path="evalcore_microcoder.contest.task:Microcontest",
            settings="evalcore_codecontests.tasks:ContestSettings",
        )
    ]


@hookimpl
def evalcore_models() -> list[Component]:
    """One model, in three sizes."""
    return [
        Component(
            name="microcoder",
            summary="A tiny language model that writes tiny programs; for teaching and tests only",
            path="evalcore_microcoder.model:Microcoder",
            settings="evalcore_microcoder.settings:MicrocoderSettings",
        )
    ]
