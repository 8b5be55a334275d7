"""The report as one HTML file, which needs no network and no script."""

from __future__ import annotations

import math
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from evalcore_metallm.report import figures
from evalcore_metallm.report.drawing import drawing
from evalcore_metallm.report.numbers import COMPARED, NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from evalcore.stats import Estimate
    from evalcore_metallm.report.numbers import Drawn

__all__ = ["page"]

_UNKNOWN = "—"
_ROUNDING = 1e-12
"""Differences that are smaller are none."""

_WORDS = {
    "overview": "Each router is a curve over its prices, or a point. A hull shows what can be had "
    "by asking one for some queries and another for the rest; the dotted line, which no router can "
    "know, what the best plan would have reached at each cost, and the star the best model of each "
    "query, the cheapest of equal ones. Whiskers are 95 % intervals; those of curves are below.",
    "alone": "The same routers, each with 95 % intervals of cost and quality and with its own "
    "hull; the dashed line is the hull of the models alone, grey lines are the other routers. "
    "Models that are worse than all that is shown are left out.",
    "regret": "How much less reward was gathered since the first query of a pass, on the mean over "
    "orders; the bands are 95 % intervals for other orders. A router that learns bends; one that "
    "draws at random, or asks on until an answer is good, climbs evenly. Those that chose for all "
    "queries at once are left out. Below zero a router is better than what it is measured by.",
    "shares": "For how many of the queries each model was chosen; from the cheapest model, light, "
    "to the dearest, dark. What is left empty are queries that no model was asked for.",
}
"""What the figures show, by the functions that draw them."""


def page(drawn: Drawn, runs: Sequence[str], notes: Sequence[str], baseline: str, at: str) -> str:
    """The whole page.

    Args:
        drawn: what is told.
        runs: the directories of the runs.
        notes: what was left out.
        baseline: name of the router that others are compared with; nothing if they are not.
        at: the price that numbers of one price are told of, in words.
    """
    with drawing():
        images = {name: getattr(figures, name)(drawn) for name in _WORDS}
    style = files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    written = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Routers · evalcore</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{len(drawn.routers)} router{"s" * (len(drawn.routers) > 1)} over a log of \
{len(drawn.models.names)} models</h1>
<dl>{"".join(_facts(drawn, runs, at))}</dl>
</header>
<main>
{"".join(f'<p class="soft">Note: {escape(note)}.</p>' for note in notes)}
{_section("Cost against quality", _figure("overview", images))}
{_section("Each router", _figure("alone", images))}
{_section("Regret over time", _figure("regret", images)) if images["regret"] else ""}
{_section("Shares of the models", _figure("shares", images))}
{_section("Numbers", _numbers(drawn))}
{_section(f"Compared with {baseline}", _comparison(drawn)) if baseline else ""}
</main>
</body>
</html>
"""
    return "\n".join(line.rstrip() for line in written.split("\n"))


def _facts(drawn: Drawn, runs: Sequence[str], at: str) -> Iterator[str]:
    fewest, most = (f"{number:,}" for number in drawn.queries)
    facts = {
        "orders": str(drawn.orders),
        "queries of a pass": fewest if fewest == most else f"{fewest} to {most}",
        "regret, shares, numbers": at,
        "run" if len(runs) == 1 else "runs": ", ".join(runs),
    }
    for name, value in facts.items():
        yield f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>"


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{content}\n</section>"


def _figure(name: str, images: Mapping[str, str]) -> str:
    return f'<p class="soft">{_WORDS[name]}</p>\n<figure tabindex="0">{images[name]}</figure>'


def _numbers(drawn: Drawn) -> str:
    words = (
        "With 95 % intervals for other orders and other queries of the same kind. AIQ is the mean "
        "height of a router's hull between the costs of the cheapest and of the dearest model; the "
        "gain is over the hull of the models alone; the saving is the share of the best model's "
        "cost that is not spent where the router is as good, — where it never is. Quality, dollars "
        "and regret, which is of one query, are at the price told at the top."
    )
    rows = {router.name: router.numbers for router in drawn.routers}
    return f'<p class="soft">{words}</p>\n{_table(rows, tuple(NUMBERS), _forms(drawn, ""))}'


def _comparison(drawn: Drawn) -> str:
    words = (
        "How much higher each is, over the same queries in the same orders; orders and queries "
        "were resampled for both routers together. Differences whose interval is on one side of "
        "zero are bold."
    )
    rows = {router.name: router.against for router in drawn.routers if router.against}
    return f'<p class="soft">{words}</p>\n{_table(rows, COMPARED, _forms(drawn, "+"))}'


def _forms(drawn: Drawn, sign: str) -> dict[str, str]:
    """How numbers are written; dollars with four digits of the largest of them."""
    most = max(router.numbers["dollars"].value for router in drawn.routers)
    digits = max(0, 3 - math.floor(math.log10(most))) if most > 0 else 2
    forms = dict.fromkeys(NUMBERS, f"{{:{sign}.4f}}")
    return {**forms, "frontier/saving": f"{{:{sign}.1%}}", "dollars": f"{{:{sign},.{digits}f}}"}


def _table(
    rows: Mapping[str, Mapping[str, Estimate]], columns: Sequence[str], forms: Mapping[str, str]
) -> str:
    heads = "".join(f'<th scope="col">{NUMBERS[column]}</th>' for column in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(_cell(numbers.get(column), forms[column]) for column in columns)
        + "</tr>\n"
        for name, numbers in rows.items()
    )
    return (
        f'<div class="wide" tabindex="0"><table>\n<thead><tr><th scope="col">router</th>{heads}'
        f"</tr></thead>\n<tbody>\n{body}</tbody></table></div>"
    )


def _cell(found: Estimate | None, form: str) -> str:
    if found is None:
        return "<td></td>"
    value, low, high = (
        form.format(number).replace("-", "\N{MINUS SIGN}") if math.isfinite(number) else _UNKNOWN
        for number in (found.value, found.low, found.high)
    )
    known = math.isfinite(found.low) or math.isfinite(found.high)
    interval = f"<small>[{low}, {high}]</small>" if known else ""
    sure = "+" in form and (found.low > _ROUNDING or found.high < -_ROUNDING)
    apart = ' class="apart"' if sure else ""
    return f"<td><span{apart}>{value}</span>{interval}</td>"
