"""What this plugin offers: each component by name and import path, nothing imported.

evalcore imports this module to list the components, so it must stay light.
"""

from __future__ import annotations

from evalcore import Component, hookimpl


@hookimpl
def evalcore_tasks() -> list[Component]:
    """Declare the tasks."""
    return [
        Component(
            name="example-sums",
            summary="Asks for sums of two whole numbers",
            path="evalcore_example.sums:Sums",
            settings="evalcore_example.sums:SumsSettings",
        )
    ]


@hookimpl
def evalcore_models() -> list[Component]:
    """Declare the models."""
    return [
        Component(
            name="example-clerk",
            summary="Adds two numbers, and errs now and then",
            path="evalcore_example.clerk:Clerk",
            settings="evalcore_example.clerk:ClerkSettings",
        )
    ]


@hookimpl
def evalcore_strategies() -> list[Component]:
    """Declare the strategies."""
    return [
        Component(
            name="example-vote",
            summary="Asks several times and takes the most frequent answer",
            path="evalcore_example.vote:Vote",
            settings="evalcore_example.vote:VoteSettings",
        )
    ]


@hookimpl
def evalcore_metrics() -> list[Component]:
    """Declare the metrics."""
    return [
        Component(
            name="example-solved",
            summary="Share of samples that some attempt got right",
            path="evalcore_example.solved:Solved",
        )
    ]
