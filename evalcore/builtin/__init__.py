"""The smallest useful task, model, strategy, metrics and reporter, declared as any plugin would."""

from __future__ import annotations

from evalcore.component import Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_tasks() -> list[Component]:
    """Questions with an answer each, from a file."""
    home = "evalcore.builtin.questions"
    return [
        Component(
            name="jsonl",
            summary="Questions with answers from JSON Lines",
            path=f"{home}:JsonLines",
            settings=f"{home}:QuestionSettings",
        ),
        Component(
            name="csv",
            summary="Questions with answers from a CSV file",
            path=f"{home}:Csv",
            settings=f"{home}:QuestionSettings",
        ),
    ]


@hookimpl
def evalcore_models() -> list[Component]:
    """Recorded answers."""
    return [
        Component(
            name="replay",
            summary="Recorded answers from JSON Lines, by sample and attempt",
            path="evalcore.builtin.replay:Replay",
            settings="evalcore.builtin.replay:ReplaySettings",
        )
    ]


@hookimpl
def evalcore_strategies() -> list[Component]:
    """One call."""
    return [
        Component(
            name="single",
            summary="Asks the model once; its answer is the attempt",
            path="evalcore.builtin.single:Single",
            settings="evalcore.builtin.single:SingleSettings",
        )
    ]


@hookimpl
def evalcore_metrics() -> list[Component]:
    """Means, shares, counts and costs."""
    home = "evalcore.builtin.metrics"
    return [
        Component(name="mean", summary="Mean score, interval by sample", path=f"{home}:Mean"),
        Component(
            name="proportion",
            summary="Share of attempts with score 1, Wilson interval",
            path=f"{home}:Proportion",
        ),
        Component(
            name="count", summary="Attempts by label, as shares of all", path=f"{home}:Count"
        ),
        Component(
            name="cost",
            summary="Calls, tokens, dollars, seconds and executions of an attempt",
            path=f"{home}:Cost",
        ),
    ]


@hookimpl
def evalcore_reporters() -> list[Component]:
    """One HTML file."""
    return [
        Component(
            name="html",
            summary="One HTML file with plots, tables and failures",
            path="evalcore.builtin.html_report:HtmlReporter",
        )
    ]
