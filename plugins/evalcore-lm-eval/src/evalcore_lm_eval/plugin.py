"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Command, Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_tasks() -> list[Component]:
    """Every task of lm-eval, by its name."""
    home = "evalcore_lm_eval.task"
    return [
        Component(
            name="lm-eval",
            summary="A task, group or tag of lm-eval, scored as lm-eval does",
            path=f"{home}:LmEvalTask",
            settings=f"{home}:LmEvalTaskSettings",
        )
    ]


@hookimpl
def evalcore_models() -> list[Component]:
    """Every model of lm-eval, by its name."""
    home = "evalcore_lm_eval.model"
    return [
        Component(
            name="lm-eval",
            summary="A model of lm-eval: hf, vllm, local-completions and its others",
            path=f"{home}:LmEvalModel",
            settings=f"{home}:LmEvalModelSettings",
        )
    ]


@hookimpl
def evalcore_strategies() -> list[Component]:
    """The requests of an lm-eval task, made as they are."""
    return [
        Component(
            name="lm-eval",
            summary="Makes the requests of an lm-eval task",
            path="evalcore_lm_eval.strategy:LmEval",
        )
    ]


@hookimpl
def evalcore_metrics() -> list[Component]:
    """The metrics of an lm-eval task, aggregated by its own functions."""
    return [
        Component(
            name="lm-eval",
            summary="The metrics of an lm-eval task, as lm-eval aggregates them",
            path="evalcore_lm_eval.metric:LmEvalMetric",
        )
    ]


@hookimpl
def evalcore_commands() -> list[Command]:
    """The names of lm-eval's tasks."""
    return [
        Command(
            name="lm-eval",
            summary="List the tasks of lm-eval",
            path="evalcore_lm_eval.command",
        )
    ]
