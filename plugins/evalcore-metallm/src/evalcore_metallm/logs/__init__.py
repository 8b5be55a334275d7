"""Logs of what models answered: all of them on each query, or the one that a router picked."""

from __future__ import annotations

from evalcore_metallm.logs.deployment import DeploymentColumns, DeploymentLog, read_deployment_log
from evalcore_metallm.logs.pricing import PriceSettings, price_table
from evalcore_metallm.logs.reading import LogError
from evalcore_metallm.logs.routing import Arm, LogColumns, RoutingLog, read_routing_log

__all__ = [
    "Arm",
    "DeploymentColumns",
    "DeploymentLog",
    "LogColumns",
    "LogError",
    "PriceSettings",
    "RoutingLog",
    "price_table",
    "read_deployment_log",
    "read_routing_log",
]
