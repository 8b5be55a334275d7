"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Command, Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_tasks() -> list[Component]:
    """A log to route over, and what routers are often tried on live."""
    return [
        Component(
            name="routing-log",
            summary="Passes of a router over a log of what every model achieved",
            path="evalcore_metallm.replay:RoutingLogTask",
            settings="evalcore_metallm.replay:RoutingLogSettings",
        ),
        Component(
            name="labelled",
            summary="Texts to classify, or multiple choice, from files",
            path="evalcore_metallm.labels:Labelled",
            settings="evalcore_metallm.labels:LabelledSettings",
        ),
    ]


@hookimpl
def evalcore_strategies() -> list[Component]:
    """One strategy for every policy."""
    return [
        Component(
            name="route",
            summary="A router that learns which model a query is worth, over a log or live",
            path="evalcore_metallm.strategy:Route",
            settings="evalcore_metallm.strategy:RouteSettings",
        )
    ]


@hookimpl
def evalcore_metrics() -> list[Component]:
    """What routers are compared by."""
    summaries = {
        "means:RouteQuality": "Mean quality of a router's choices",
        "means:RouteCost": "Dollars of a router's choices, for 10,000 queries",
        "means:RouteShare": "Share of the queries that each model was chosen for",
        "means:RouteRegret": "What a router missed against oracles and the best single model",
        "means:RouteModels": "Quality and cost of each model alone",
        "frontier:RouteFrontier": "Hull, AIQ and saving of a router over all prices",
    }
    return [
        Component(
            name=f"route-{path.partition(':Route')[2].lower()}",
            summary=summary,
            path=f"evalcore_metallm.metrics.{path}",
            settings="evalcore_metallm.metrics.resampled:PassMetricSettings",
        )
        for path, summary in summaries.items()
    ]


@hookimpl
def evalcore_commands() -> list[Command]:
    """Routers from the command line."""
    return [
        Command(
            name="route",
            summary="Fit routers to logs, serve them, evaluate them by the logs of others",
            path="evalcore_metallm.command",
        )
    ]
