"""Figures of a page: every metric over the cells of a run, with labels around an inline SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalcore.builtin.svg import (
    ROW,
    SERIES,
    TALL,
    Caption,
    Mark,
    Point,
    Scale,
    dots,
    lines,
    scatter,
    stack,
    text,
)
from evalcore.numerals import counted, known, number_formats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from evalcore.data import Result
    from evalcore.numerals import NumberFormat

__all__ = ["figures"]

#: Figures stand side by side while the names of the cells are no longer than this.
_SHORT = 20

#: The metric whose parts are costs.
_COST = "cost"

#: So much of the end of a longer name is always shown.
_TAIL = 12


def figures(results: Sequence[Result]) -> str:
    """The figures of all metrics.

    The parts of a metric that divide a whole become stacked bars; any other metric becomes dots
    with whiskers, and lines as well where a number is swept. The first metric also stands against
    each cost, with the cells that no other beats.
    """
    forms = number_formats(results)
    families = _families(results)
    drawn: list[str] = []
    for family, by_metric in families.items():
        if _is_division(by_metric):
            drawn.append(_stack_figure(family, by_metric, len(drawn)))
            continue
        for metric, of_cells in by_metric.items():
            sweep = _sweep(of_cells)
            if sweep:
                drawn.append(_line_figure(of_cells, *sweep, forms[metric], len(drawn)))
            drawn.append(_dot_figure(of_cells, forms[metric], len(drawn)))
    for metric, cost, marks in _against_costs(families):
        drawn.append(_cost_figure(metric, cost, marks, forms, len(drawn)))
    broad = " broad" if any(len(result.cell) > _SHORT for result in results) else ""
    return f'<div class="figures{broad}">\n{"".join(drawn)}</div>'


def _families(results: Sequence[Result]) -> dict[str, dict[str, list[Result]]]:
    """Results by the part of the metric's name before the slash, then by the whole name."""
    families: dict[str, dict[str, list[Result]]] = {}
    for result in results:
        family = families.setdefault(result.metric.partition("/")[0], {})
        family.setdefault(result.metric, []).append(result)
    return families


def _is_division(by_metric: Mapping[str, Sequence[Result]]) -> bool:
    """Whether the parts of a family are shares of one whole in every cell."""
    parts = [metric.partition("/")[2] for metric in by_metric]
    by_cell: dict[str, float] = {}
    for result in (result for results in by_metric.values() for result in results):
        if known(result.value):
            if result.value < 0:
                return False
            by_cell[result.cell] = by_cell.get(result.cell, 0.0) + result.value
    whole = bool(by_cell) and all(abs(total - 1) < 1e-6 for total in by_cell.values())
    # Parts named by numbers are no kinds, such as the k of a pass@k.
    return whole and len(by_metric) > 1 and not all(part.isdigit() for part in parts)


def _stack_figure(family: str, by_metric: Mapping[str, Sequence[Result]], number: int) -> str:
    parts = _largest_parts(by_metric)
    cells = list(dict.fromkeys(r.cell for results in by_metric.values() for r in results))
    rows = [[shares.get(cell, 0.0) for shares in parts.values()] for cell in cells]
    caption = Caption(
        f"figure-{number}",
        f"{family} by cell",
        f"A bar for each of {counted(len(cells), 'cell')}, divided into {', '.join(parts)}.",
    )
    legend = _legend(parts)
    content = _rows(cells, stack(rows, caption), ["" for _ in cells])
    return _figure(family, "percent of the attempts", legend + content)


def _largest_parts(
    by_metric: Mapping[str, Sequence[Result]],
) -> dict[str, dict[str, float]]:
    """Shares by part and cell; beyond the number of colours, the smallest parts are one."""
    parts = {
        metric.partition("/")[2]: {r.cell: r.value for r in results if known(r.value)}
        for metric, results in by_metric.items()
    }
    if len(parts) <= SERIES:
        return parts
    by_size = sorted(parts, key=lambda part: -sum(parts[part].values()))
    kept, rest = set(by_size[: SERIES - 1]), by_size[SERIES - 1 :]
    cells = {cell for shares in parts.values() for cell in shares}
    other = {cell: sum(parts[part].get(cell, 0.0) for part in rest) for cell in cells}
    return {part: parts[part] for part in parts if part in kept} | {f"{len(rest)} others": other}


def _sweep(results: Sequence[Result]) -> tuple[str, dict[str, list[Point]]] | None:
    """The swept number with the most values, and a line for each setting of everything else."""
    numbers: dict[str, set[float]] = {}
    for result in results:
        for name, value in result.settings.items():
            if known(value):
                numbers.setdefault(name, set()).add(value)
    swept = max(numbers, key=lambda name: len(numbers[name]), default="")
    if len(numbers.get(swept, ())) < 3 or not all(known(r.settings.get(swept)) for r in results):
        return None
    series: dict[str, list[Point]] = {}
    for r in results:
        others = ", ".join(f"{key}={value}" for key, value in r.settings.items() if key != swept)
        series.setdefault(others, []).append(Point(r.value, r.low, r.high, r.settings[swept]))
    return (swept, series) if len(series) <= SERIES else None


def _line_figure(
    results: Sequence[Result],
    swept: str,
    series: Mapping[str, list[Point]],
    form: NumberFormat,
    number: int,
) -> str:
    title = f"{results[0].metric} over {swept}"
    points = [point for of_series in series.values() for point in of_series]
    x = Scale.of_setting(point.x for point in points)
    caption = Caption(
        f"figure-{number}",
        title,
        f"{counted(len(series), 'line')} over {counted(len(x.ticks), 'value')} of {swept}. "
        + _extremes(results, form),
    )
    legend = _legend(series) if len(series) > 1 else ""
    plot = f'<div class="curve">{lines(series, Scale.around(points), x, caption)}</div>'
    return _figure(title, _unit(results), legend + plot)


def _against_costs(
    families: Mapping[str, Mapping[str, Sequence[Result]]],
) -> Iterator[tuple[str, str, list[Mark]]]:
    """The first metric, if it is a share, and each cost that differs, with a mark for each cell.

    Shares of kinds are left out: nobody says of which of them more is better.
    """
    first, costs = next(iter(families.values())), families.get(_COST, {})
    metric, worth = next(iter(first.items()))
    share = all(known(r.value) and 0 <= r.value <= 1 for r in worth)
    if not share or first is costs or _is_division(first):
        return
    for cost, of_cells in costs.items():
        spent = {r.cell: r.value for r in of_cells if known(r.value)}
        marks = [
            Mark(r.cell, spent[r.cell], r.value, r.low, r.high)
            for r in worth
            if known(r.value) and r.cell in spent
        ]
        if len({mark.x for mark in marks}) > 1:
            yield metric, cost, marks


def _unbeaten(marks: Iterable[Mark]) -> list[Mark]:
    """The Pareto set, by rising cost: no other has as much for less, or more for as little."""
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.x, -mark.y)):
        if not kept or mark.y > kept[-1].y or (mark.x, mark.y) == (kept[-1].x, kept[-1].y):
            kept.append(mark)
    return kept


def _cost_figure(
    metric: str, cost: str, marks: Sequence[Mark], forms: Mapping[str, NumberFormat], number: int
) -> str:
    title = f"{metric} against {cost.partition('/')[2]}"
    best = _unbeaten(marks)
    named = [
        f"{mark.name}: {forms[metric].value(mark.y)} at {forms[cost].value(mark.x)}"
        for mark in best
    ]
    told = f"Of {counted(len(marks), 'cell')}, no other beats {'; '.join(named)}."
    plot = scatter(marks, best, Caption(f"figure-{number}", title, told))
    items = "".join(f"<li>{text(name)}</li>" for name in named)
    content = f'<div class="curve">{plot}</div><ol class="best">{items}</ol>'
    return _figure(title, "numbered: no other cell has more for as little", content)


def _dot_figure(results: Sequence[Result], form: NumberFormat, number: int) -> str:
    metric = results[0].metric
    points = [Point(result.value, result.low, result.high) for result in results]
    caption = Caption(f"figure-{number}", f"{metric} by cell", _extremes(results, form))
    values = [
        f"{form.value(r.value)} <small>{form.interval(r.low, r.high)}</small>" for r in results
    ]
    plot = dots(points, Scale.around(points), caption)
    content = _rows([result.cell for result in results], plot, values)
    return _figure(metric, _unit(results), content)


def _unit(results: Iterable[Result]) -> str:
    bounded = any(known(result.low) for result in results)
    return "value with its 95 % interval" if bounded else "value"


def _extremes(results: Sequence[Result], form: NumberFormat) -> str:
    measured = [(result.value, result) for result in results if known(result.value)]
    if not measured:
        return "Nothing could be measured."
    lowest, highest = (pick(measured, key=lambda pair: pair[0])[1] for pick in (min, max))
    return (
        f"Lowest: {lowest.cell}, {form.estimate(lowest)}. "
        f"Highest: {highest.cell}, {form.estimate(highest)}."
    )


def _rows(cells: Iterable[str], plot: str, values: Sequence[str]) -> str:
    names = "".join(f'<li title="{text(cell)}">{_name(cell)}</li>' for cell in cells)
    numbers = "".join(f"<li>{value}</li>" for value in values) if any(values) else ""
    side = f'<ol class="values">{numbers}</ol>' if numbers else ""
    height = " tall" if len(values) > TALL else ""
    return (
        f'<div class="rows{height}" style="--row:{ROW}px"><ol class="names">{names}</ol>'
        f'<div class="plot">{plot}</div>{side}</div>'
    )


def _name(cell: str) -> str:
    """A name that is cut in its middle where room is short: cells often differ at the end."""
    if len(cell) <= _SHORT:
        return text(cell)
    return f"<span>{text(cell[:-_TAIL])}</span><span>{text(cell[-_TAIL:])}</span>"


def _legend(names: Iterable[str]) -> str:
    items = "".join(
        f'<li><svg class="key" aria-hidden="true"><rect class="s{place}" width="12" height="12" '
        f'rx="3"/></svg>{text(name)}</li>'
        for place, name in enumerate(names)
    )
    return f'<ul class="legend">{items}</ul>'


def _figure(title: str, unit: str, content: str) -> str:
    return (
        f"<figure>\n<figcaption><h3>{text(title)}</h3><span>{unit}</span></figcaption>\n"
        f"{content}\n</figure>\n"
    )
