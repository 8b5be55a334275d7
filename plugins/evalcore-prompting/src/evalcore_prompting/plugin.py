"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_strategies() -> list[Component]:
    """Three plans of one dialogue."""
    home, settings = "evalcore_prompting.strategies", "evalcore_prompting.settings"
    return [
        Component(
            name="single-turn",
            summary="Reasoning prompts, then one program",
            path=f"{home}:SingleTurn",
            settings=f"{settings}:SingleTurnSettings",
        ),
        Component(
            name="multi-turn",
            summary="Programs and feedback in turn, until the public tests pass",
            path=f"{home}:MultiTurn",
            settings=f"{settings}:MultiTurnSettings",
        ),
        Component(
            name="cot-retry",
            summary="As multi-turn, with more reasoning at each turn",
            path=f"{home}:CotRetry",
            settings=f"{settings}:CotRetrySettings",
        ),
    ]
