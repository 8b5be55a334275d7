"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Command, Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_strategies() -> list[Component]:
    """Plans of one dialogue."""
    home, settings = "evalcore_prompting.strategies", "evalcore_prompting.settings"
    return [
        Component(
            name="single-turn",
            summary="Reasoning prompts, then one program",
            path=f"{home}:SingleTurn",
            settings=f"{settings}:SingleTurnSettings",
            version=2,
        ),
        Component(
            name="multi-turn",
            summary="Programs and feedback in turn, until the public tests pass",
            path=f"{home}:MultiTurn",
            settings=f"{settings}:MultiTurnSettings",
            version=2,
        ),
        Component(
            name="cot-retry",
            summary="As multi-turn, with more reasoning at each turn",
            path=f"{home}:CotRetry",
            settings=f"{settings}:CotRetrySettings",
            version=2,
        ),
        Component(
            name="self-repair",
            summary="As multi-turn, with the mistake explained in words before each repair",
            path=f"{home}:SelfRepair",
            settings=f"{settings}:SelfRepairSettings",
            version=2,
        ),
        Component(
            name="reflexion",
            summary="Begins anew after each program that fails, with notes on what went wrong",
            path=f"{home}:Reflexion",
            settings=f"{settings}:ReflexionSettings",
            version=2,
        ),
    ]


@hookimpl
def evalcore_metrics() -> list[Component]:
    """The shares of problems that several answers solve, and what the answers are like."""
    home = "evalcore_prompting.metrics"
    return [
        Component(
            name="pass-at-k",
            summary="Share of problems that k attempts solve",
            path=f"{home}.pass_at_k:PassAtK",
            settings=f"{home}.pass_at_k:PassAtKSettings",
        ),
        Component(
            name="pass-n-at-k",
            summary="Share of problems that n answers solve, chosen by public tests, on a budget",
            path=f"{home}.pass_n_at_k:PassNAtK",
            settings=f"{home}.pass_n_at_k:PassNAtKSettings",
        ),
        Component(
            name="non-code",
            summary="Share of turns whose answer holds no program",
            path=f"{home}.non_code:NonCode",
        ),
        Component(
            name="code-similarity",
            summary="chrF of each program and the one before it in the dialogue",
            path=f"{home}.code_similarity:CodeSimilarity",
            settings=f"{home}.code_similarity:CodeSimilaritySettings",
            version=2,
        ),
    ]


@hookimpl
def evalcore_commands() -> list[Command]:
    """A look at the prompts."""
    return [
        Command(
            name="prompts",
            summary="List prompts, show one, or render what a model would be asked",
            path="evalcore_prompting.command",
        )
    ]
