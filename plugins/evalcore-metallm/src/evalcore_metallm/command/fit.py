"""`evalcore route fit LOG --out ROUTER`: a router that has learned from a full-information log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from evalcore.errors import EvalcoreError
from evalcore_metallm.command.given import add_settings_arguments, given_settings
from evalcore_metallm.dial import choices_over_prices, price_for_budget
from evalcore_metallm.logs import LogColumns, PriceSettings, read_routing_log
from evalcore_metallm.router import Router, RouterSettings
from evalcore_metallm.state import RouterStateError, read_state

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from evalcore_metallm.logs import RoutingLog

__all__ = ["FitSettings", "configure", "run"]


class FitSettings(RouterSettings, PriceSettings):
    """How a log is read, and what is learned from it."""

    columns: LogColumns = LogColumns()
    """Where the log's rows hold what is wanted of them."""
    part: str | None = None
    """The part to learn from, of those that the log records, such as `train`; all if not set."""
    budget: float | None = Field(None, gt=0, allow_inf_nan=False)
    """Dollars for 10,000 queries: instead of a price, which is then the smallest that keeps to the
    budget on validation queries."""
    validation: float = Field(0.2, gt=0, lt=1)
    """Share of the queries that is kept for that, where there is a budget, and not learned from."""
    seed: int = Field(0, ge=0)
    """Of all that is drawn."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments to its parser."""
    parser.add_argument(
        "log", nargs="+", type=Path, metavar="LOG",
        help="a full-information log: .jsonl, .csv, .tsv (also .gz) or .parquet",
    )  # fmt: skip
    parser.add_argument(
        "--out", required=True, type=Path, metavar="ROUTER", help="the file to save the router in"
    )
    add_settings_arguments(
        parser, "policy, features, price or budget, columns, prices", "policy.alpha=0.5"
    )


def run(arguments: argparse.Namespace) -> int:
    """Fit, save and tell what was found, and answer 0.

    Raises:
        EvalcoreError: if a setting, the log or the place of the router is wrong.
    """
    settings = given_settings(FitSettings, arguments.settings, arguments.set)
    _check_replaceable(arguments.out)
    log = read_routing_log(arguments.log, settings.columns, settings.table())
    if settings.part is not None:
        log = _part(log, settings.part)
    router = _fitted(log, settings)
    router.save(arguments.out)
    print(f"saved {arguments.out}: {settings.policy.use}, price {router.price:g}")
    return 0


def _fitted(log: RoutingLog, settings: FitSettings) -> Router:
    """A router, and for those who watch, a table of the models and of what the router chooses."""
    training, validation = log, None
    if settings.budget is not None:
        _check_divisible(log)
        order = np.random.default_rng(settings.seed).permutation(len(log))
        kept = min(max(1, round(settings.validation * len(log))), len(log) - 1)
        training, validation = log.take(np.sort(order[kept:])), log.take(np.sort(order[:kept]))
    of_router = {name: getattr(settings, name) for name in RouterSettings.model_fields}
    router = Router.fit(training, RouterSettings(**of_router), settings.seed)
    if validation is not None and settings.budget is not None:
        router.price = price_for_budget(
            router, validation.queries, validation.cost, settings.budget / 1e4
        )
    print("\n".join(_table(router, training, validation)))
    return router


def _check_divisible(log: RoutingLog) -> None:
    if len(log) < 2:
        raise EvalcoreError(
            "found 1 query, expected 2 at least: a price is chosen for a budget on validation "
            "queries, which the router does not learn from; add queries, or set a price instead"
        )


def _table(router: Router, training: RoutingLog, validation: RoutingLog | None) -> Iterator[str]:
    yield from (f"note: {note}" for note in training.notes)
    yield f"learned from {len(training)} queries"
    seen, kind = (training, "training") if validation is None else (validation, "validation")
    heading = f"{len(seen)} {kind} queries"
    width = max(map(len, (heading, *seen.arms)))
    yield f"{heading:{width}}  quality  $ per 10,000"
    for name, quality, cost in zip(seen.arms, seen.mean_quality(), seen.mean_cost(), strict=True):
        yield f"{name:{width}}  {quality:7.4f}  {1e4 * cost:12.4f}"
    arms = choices_over_prices(router, seen.queries, [router.price])[0]
    rows = np.arange(len(seen))
    quality, cost = (np.nanmean(part[rows, arms]) for part in (seen.quality, seen.cost))
    yield f"{'router':{width}}  {quality:7.4f}  {1e4 * cost:12.4f}"


def _part(log: RoutingLog, name: str) -> RoutingLog:
    rows = np.array([part == name for part in log.split])
    if not rows.any():
        raise EvalcoreError(
            f"found no query of the part {name!r}, expected one of: "
            + ", ".join(sorted(map(repr, set(log.split))))
        )
    return log.take(rows)


def _check_replaceable(path: Path) -> None:
    """Refuse to write over what is no router."""
    if not path.parent.is_dir():
        raise EvalcoreError(f"cannot write {path}: {path.parent} is no folder")
    if path.exists():
        try:
            read_state(path)
        except RouterStateError as error:
            raise EvalcoreError(
                f"would write over {path}, which is no router that this version reads; "
                "name another file, or remove that one first"
            ) from error
