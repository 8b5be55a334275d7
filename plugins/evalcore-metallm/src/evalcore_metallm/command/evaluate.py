"""`evalcore route evaluate LOG --router ROUTER`: a router's value from the log of another one."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalcore_metallm.command.given import add_settings_arguments, given_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from evalcore.stats import Estimate
    from evalcore_metallm.off_policy.evaluation import Evaluation, Value
    from evalcore_metallm.off_policy.routers import EvaluationSettings
    from evalcore_metallm.off_policy.support import Overlap
    from evalcore_metallm.router import Router

__all__ = ["configure", "run"]

#: With fewer effective queries, or groups, intervals cover less often than they say.
_FEW_QUERIES, _FEW_GROUPS = 100, 20

_HEADS = ("quality", "$ per 10,000", "reward", "quality gained", "cost saved")

#: So many of these are of one router, the others of it and what it is compared with.
_OF_ONE = 3

_UNKNOWN = "—"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments to its parser."""
    parser.add_argument(
        "log",
        nargs="+",
        type=Path,
        metavar="LOG",
        help="choices of a deployed router with quality, cost and propensity: .jsonl, .csv, .tsv "
        "(also .gz) or .parquet",
    )
    parser.add_argument(
        "--router", required=True, type=Path, metavar="ROUTER", help="the saved router to evaluate"
    )
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="ROUTER",
        help="the saved router to compare with; the deployed one if not given",
    )
    parser.add_argument("--json", action="store_true", help="print an object")
    add_settings_arguments(parser, "columns, prices, price, independent", "price=0.1")


def run(arguments: argparse.Namespace) -> int:
    """Estimate and tell, and answer 0.

    Raises:
        EvalcoreError: if a setting, the log or a router is wrong, or the log cannot tell.
    """
    from evalcore_metallm.logs import read_deployment_log
    from evalcore_metallm.off_policy.routers import EvaluationSettings, evaluate_router
    from evalcore_metallm.router import Router

    settings = given_settings(EvaluationSettings, arguments.settings, arguments.set)
    router = Router.load(arguments.router)
    reference = arguments.reference and Router.load(arguments.reference)
    log = read_deployment_log(arguments.log, settings.columns, settings.table())
    found = evaluate_router(log, router, settings, reference)
    compared = arguments.reference or "the deployed router"
    notes = [*log.notes, *_told_of_budgets(router, reference), *_notes(found)]
    if arguments.json:
        print(json.dumps(_object(found, settings, router.price, str(compared), notes), indent=2))
    else:
        print("\n".join(_text(found, settings, router.price, str(compared), notes)))
    return 0


def _text(
    found: Evaluation,
    settings: EvaluationSettings,
    price: float,
    compared: str,
    notes: Sequence[str],
) -> Iterator[str]:
    known = found.deployed.quality
    kind = "queries" if known.n == known.clusters else "groups of queries"
    yield (
        f"{known.n:,} queries, price {price:g}, compared with {compared}; "
        f"{settings.confidence:.0%} intervals by {settings.resamples:,} resamples of "
        f"{known.clusters:,} {kind}"
    )
    yield ""
    yield from _table(found)
    yield ""
    yield from _told_of_overlap(found.overlap)
    if not math.isnan(found.quality_at_least):
        yield (
            f"with {(1 + settings.confidence) / 2:.1%} confidence, at any number of queries and "
            f"whatever the weights, quality is {found.quality_at_least:.3f} at least"
        )
    yield from (f"note: {note}" for note in notes)


def _table(found: Evaluation) -> Iterator[str]:
    rows = [["", *_HEADS], ["deployed router", *list(_cells(found.deployed))[:_OF_ONE], "", ""]]
    rows += [[name, *_cells(value)] for name, value in found.values.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _cells(value: Value) -> Iterator[str]:
    yield _written(value.quality, "{:.3f}")
    yield _written(value.cost, "{:,.3f}", 1e4)
    yield _written(value.reward, "{:.3f}")
    yield _written(value.gain, "{:+.3f}")
    yield _written(value.saving, "{:.1%}")


def _written(estimate: Estimate, form: str, times: float = 1.0) -> str:
    if math.isnan(estimate.value):
        return _UNKNOWN
    value, low, high = (
        form.format(times * number) for number in (estimate.value, estimate.low, estimate.high)
    )
    return value if math.isnan(estimate.low) else f"{value} [{low}, {high}]"


def _told_of_overlap(overlap: Overlap) -> Iterator[str]:
    yield (
        f"the log tells as much as {overlap.effective:,.0f} queries of the new router's own would; "
        f"the largest weight is {overlap.largest:.3g}, the mean {overlap.mean:.3f} "
        f"(± {overlap.mean_error:.3f}, 1 if propensities are right)"
    )


def _told_of_budgets(*routers: Router | None) -> Iterator[str]:
    if any(one and one.settings.policy.use == "budgeted-linucb" for one in routers):
        yield (
            "`budgeted-linucb` chooses for each query as if nothing of its budget were spent; how "
            "it spends one over many queries is told by a pass over a log with the outcome of "
            "every model"
        )


def _notes(found: Evaluation) -> Iterator[str]:
    """What to know before one believes the numbers."""
    if found.overlap.doubtful:
        yield (
            f"the mean weight of {found.overlap.mean:.3f} is further from 1 than chance explains: "
            "propensities are wrong, or the deployed router could not choose what the new one may"
        )
    if found.overlap.effective < _FEW_QUERIES:
        yield (
            f"the effective number of queries is {found.overlap.effective:.0f}: intervals cover "
            "less often than they say"
        )
    known = found.deployed.quality
    if known.clusters < min(_FEW_GROUPS, known.n):
        yield (
            f"intervals rest on {known.clusters} groups: too few for them to cover as often as "
            "they say; independent=queries takes every query for itself"
        )
    yield "the interval of `direct` does not know how wrong its model of outcomes is"
    yield (
        "intervals hold if the deployed router did not learn while it wrote this log, and neither "
        "router learned from it: where it did learn, each pick depends on those before, and "
        "intervals are off by an unknown amount"
    )


def _object(
    found: Evaluation,
    settings: EvaluationSettings,
    price: float,
    compared: str,
    notes: Sequence[str],
) -> dict[str, Any]:
    known = found.deployed.quality
    return {
        "queries": known.n,
        "independent": known.clusters,
        "price": price,
        "reference": compared,
        "confidence": settings.confidence,
        "deployed": dict(list(_numbers(found.deployed).items())[:_OF_ONE]),
        "estimates": {name: _numbers(value) for name, value in found.values.items()},
        "effective_queries": found.overlap.effective,
        "largest_weight": found.overlap.largest,
        "mean_weight": found.overlap.mean,
        "clipped_at": found.most,
        "quality_at_least": _number(found.quality_at_least),
        "notes": list(notes),
    }


def _numbers(value: Value) -> dict[str, dict[str, float | None]]:
    """Cost in dollars a query, saving as a share."""
    return {
        name: {end: _number(getattr(estimate, end)) for end in ("value", "low", "high")}
        for name, estimate in value._asdict().items()
    }


def _number(number: float) -> float | None:
    return None if math.isnan(number) else number
