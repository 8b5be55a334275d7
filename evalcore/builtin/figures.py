"""Figures of a page: every metric over the cells of a run, with labels around an inline SVG."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from evalcore.builtin.crossed import crossed
from evalcore.builtin.svg import (
    LABEL,
    LINES,
    ROW,
    SERIES,
    TALL,
    Caption,
    Line,
    Mark,
    Point,
    Scale,
    dots,
    leaders,
    lines,
    scatter,
    stack,
    text,
)
from evalcore.numerals import counted, known, number_format, number_formats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from evalcore.data import Result
    from evalcore.numerals import NumberFormat

__all__ = ["figures"]

#: Figures stand side by side while the names of the cells are no longer than this.
_SHORT = 20

#: The metric whose parts are costs.
_COST = "cost"

#: Settings by which runs over several tasks are told apart.
_TASKS = ("task", "task.use")

#: So much of the end of a longer name is always shown.
_TAIL = 12


class _Curve(NamedTuple):
    """Lines over an axis.

    Attributes:
        axis: What is on it.
        parts: The metrics whose values the points are, from left to right.
        lines: The points of each line by its name, from left to right.
        of: What they are values of, where the metric's name does not say.
    """

    axis: str
    parts: Sequence[str]
    lines: Mapping[str, Sequence[Point]]
    of: str


def figures(results: Sequence[Result]) -> str:
    """The figures of all metrics, those of each task under a heading where tasks are swept."""
    tasks = _by_task(results)
    if len(tasks) < 2:
        return _grid(results, 0)
    drawn, number = [], 0
    for task, of_task in tasks.items():
        grid = _grid(of_task, number)
        number += grid.count("<figure")
        drawn.append(f'<h3 class="group">{text(task)}</h3>\n{grid}\n')
    return "".join(drawn)


def _by_task(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Results by the task of their cell, where it is swept, without it in the cells' names."""
    tasks: dict[str, list[Result]] = {}
    for result in results:
        path = next((path for path in _TASKS if path in result.settings), None)
        if path is None:
            return {}
        task = str(result.settings[path])
        settings = {key: value for key, value in result.settings.items() if key != path}
        shared = {f"{name}={task}" for name in (path, path.rpartition(".")[2])}
        names = [part for part in result.cell.split(",") if part not in shared]
        own = replace(result, cell=",".join(names) or result.cell, settings=settings)
        tasks.setdefault(task, []).append(own)
    return tasks


def _grid(results: Sequence[Result], before: int) -> str:
    """The figures of all metrics, numbered from how many stand before.

    The parts of a metric that divide a whole become stacked bars, those that lie on an axis a
    curve. Any other metric, and of several cells the two ends of their curves, become dots with
    whiskers, and lines as well where a number is swept. The first metric also stands in a table of
    two swept settings, and against each cost, with the cells that no other beats. Costs of one
    cell alone have nothing to stand beside: they are in the table of results.
    """
    forms = number_formats(results)
    families = _families(results)
    first = next(iter(forms))
    table = crossed([r for r in results if r.metric == first], forms[first])
    drawn = [_figure(first, "the darker, the more", table)] if table else []
    alone = len({result.cell for result in results}) == 1
    for family, by_metric in families.items():
        if alone and family == _COST and len(families) > 1:
            continue
        if _is_division(by_metric):
            drawn.append(_stack_figure(family, by_metric, before + len(drawn)))
            continue
        curve = _curve(by_metric)
        if curve:
            # A line alone has all its values written, several those at their ends.
            written = curve.parts if len(curve.lines) == 1 else curve.parts[-1:]
            form = number_format([r for part in written for r in by_metric[part]])
            drawn.append(_line_figure(family, curve, form, before + len(drawn)))
        for metric, of_cells in by_metric.items():
            if curve and metric in curve.parts and not _stands_apart(metric, curve):
                continue
            if sweep := _sweep(of_cells):
                drawn.append(_line_figure(metric, sweep, forms[metric], before + len(drawn)))
            drawn.append(_dot_figure(of_cells, forms[metric], before + len(drawn)))
    for metric, cost, marks in _against_costs(families):
        drawn.append(_cost_figure(metric, cost, marks, forms, before + len(drawn)))
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
    """Whether the parts of a family are shares of one whole in every cell, and not of a curve."""
    if any(result.axis for results in by_metric.values() for result in results):
        return False
    by_cell: dict[str, float] = {}
    for result in (result for results in by_metric.values() for result in results):
        if known(result.value):
            if result.value < 0:
                return False
            by_cell[result.cell] = by_cell.get(result.cell, 0.0) + result.value
    whole = bool(by_cell) and all(abs(total - 1) < 1e-6 for total in by_cell.values())
    return whole and len(by_metric) > 1


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


def _curve(by_metric: Mapping[str, Sequence[Result]]) -> _Curve | None:
    """A line for each cell, if parts lie at several places of one axis, one at each."""
    placed = [
        (r.at, r) for of_cells in by_metric.values() for r in of_cells if r.axis and known(r.at)
    ]
    placed.sort(key=lambda pair: pair[0])
    by_cell: dict[str, list[Point]] = {}
    for at, r in placed:
        by_cell.setdefault(r.cell, []).append(Point(r.value, r.low, r.high, at))
    apart = all(len({p.x for p in points}) == len(points) > 1 for points in by_cell.values())
    if not placed or not apart or len({r.axis for _, r in placed}) > 1:
        return None
    parts = list(dict.fromkeys(r.metric for _, r in placed))
    return _Curve(placed[0][1].axis, parts, by_cell, _measured(r for _, r in placed))


def _stands_apart(metric: str, curve: _Curve) -> bool:
    """Whether a part of a curve has a figure of its own: of several cells, those at its ends."""
    return len(curve.lines) > 1 and metric in {curve.parts[0], curve.parts[-1]}


def _sweep(results: Sequence[Result]) -> _Curve | None:
    """A line over the swept number with the most values for each setting of everything else."""
    numbers: dict[str, set[float]] = {}
    for result in results:
        for name, value in result.settings.items():
            if known(value):
                numbers.setdefault(name, set()).add(value)
    swept = max(numbers, key=lambda name: len(numbers[name]), default="")
    if len(numbers.get(swept, ())) < 3 or not all(known(r.settings.get(swept)) for r in results):
        return None
    series: dict[str, list[Point]] = {}
    for r in sorted(results, key=lambda r: r.settings[swept]):
        others = ", ".join(f"{key}={value}" for key, value in r.settings.items() if key != swept)
        series.setdefault(others, []).append(Point(r.value, r.low, r.high, r.settings[swept]))
    several = any(len(points) > 1 for points in series.values())
    return _Curve(swept, [results[0].metric], series, _measured(results)) if several else None


def _line_figure(metric: str, curve: _Curve, form: NumberFormat, number: int) -> str:
    """Lines, each with its value at each point, or several with their names at their ends."""
    title = f"{metric} over {curve.axis}"
    drawn = _coloured(curve.lines)
    points = [point for line in drawn for point in line.points]
    visible = [p if line.banded else Point(p.value) for line in drawn for p in line.points]
    scale, x = Scale.around(visible), Scale.at_each(point.x for point in points)
    over = f"{counted(len(drawn), 'line')} over {counted(len(x.ticks), 'value')} of {curve.axis}"
    if len(drawn) > 1:
        names = _names_at_ends(drawn, scale, form)
        extremes = _extremes([(line.name, line.points[-1]) for line in drawn], form)
        told = f"{over}, at its end: {extremes}"
    else:
        names = ""
        drawn = [drawn[0]._replace(labels=[form.value(point.value) for point in points])]
        first, last = (_written(point, form) for point in (points[0], points[-1]))
        told = f"{over}, from {first} to {last}."
    plot = lines(drawn, scale, x, curve.axis, Caption(f"figure-{number}", title, told))
    content = f'<div class="curve{" named" if names else ""}">{plot}{names}</div>'
    return _figure(title, _shown(drawn, curve.of), content)


def _coloured(series: Mapping[str, Sequence[Point]]) -> list[Line]:
    """Lines with a colour and a band each; of more than there are colours, some of them.

    These are the highest at the right end, and the first, which a sweep begins with. Of these, the
    highest and the first have bands: more would hide each other.
    """
    drawn = [Line(name, points) for name, points in series.items()]
    if len(drawn) > LINES:
        chosen = [*sorted(drawn, key=_height, reverse=True)[: LINES - 1], drawn[0]]
        banded = {chosen[0].name, chosen[-1].name}
    else:
        chosen, banded = drawn, set(series)
    colours = {
        name: place for place, name in enumerate(dict.fromkeys(line.name for line in chosen))
    }
    return [
        line._replace(colour=colours.get(line.name), banded=line.name in banded) for line in drawn
    ]


def _height(line: Line) -> float:
    """The value at the right end, below any other where nothing could be measured."""
    return -math.inf if line.end is None else line.end


def _shown(drawn: Sequence[Line], of: str) -> str:
    """What is shown, in words."""
    points = [point for line in drawn for point in line.points]
    if len(drawn) <= LINES:
        return _unit(points, of)
    bounded = any(known(point.low) for point in points)
    bands = ", the first and the highest with their 95 % intervals" if bounded else ""
    named = f"the first of {len(drawn)} lines and the {LINES - 1} that end highest"
    return f"{of}: {named} are named{bands}" if of else f"{named} are named{bands}"


def _names_at_ends(drawn: Sequence[Line], scale: Scale, form: NumberFormat) -> str:
    """The names of lines with a colour, beside the plot, each with the value that it ends at."""
    named = [line for line in drawn if line.colour is not None and line.end is not None]
    named.sort(key=_height, reverse=True)
    leading, middles = leaders(named, scale)
    items, bottom = [], 0.0
    for line, middle in zip(named, middles, strict=True):
        top = middle - LABEL / 2
        items.append(
            f'<li style="margin-top:{top - bottom:.1f}px" title="{text(line.name)}">'
            f"{_name(line.name)} <small>{form.value(line.end)}</small></li>"
        )
        bottom = top + LABEL
    return f'{leading}<ol class="ends" style="--row:{LABEL}px">{"".join(items)}</ol>'


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
    axis = cost.partition("/")[2]
    title = f"{metric} against {axis}"
    best = _unbeaten(marks)
    named = [
        f"{mark.name}: {forms[metric].value(mark.y)} at {forms[cost].value(mark.x)}"
        for mark in best
    ]
    told = f"Of {counted(len(marks), 'cell')}, no other beats {'; '.join(named)}."
    plot = scatter(marks, best, axis, Caption(f"figure-{number}", title, told))
    items = "".join(f"<li>{text(name)}</li>" for name in named)
    content = f'<div class="curve">{plot}</div><ol class="best">{items}</ol>'
    return _figure(title, "numbered: no other cell has more for as little", content)


def _dot_figure(results: Sequence[Result], form: NumberFormat, number: int) -> str:
    metric = results[0].metric
    points = [Point(result.value, result.low, result.high) for result in results]
    told = _extremes([(r.cell, point) for r, point in zip(results, points, strict=True)], form)
    caption = Caption(f"figure-{number}", f"{metric} by cell", told)
    values = [
        f"{form.value(r.value)} <small>{form.interval(r.low, r.high)}</small>" for r in results
    ]
    plot = dots(points, Scale.around(points), caption)
    content = _rows([result.cell for result in results], plot, values)
    return _figure(metric, _unit(points, _measured(results)), content)


def _measured(results: Iterable[Result]) -> str:
    """What they are values of, where all say the same."""
    found = {result.of for result in results}
    return found.pop() if len(found) == 1 else ""


def _unit(points: Iterable[Point], of: str) -> str:
    bounded = any(known(point.low) for point in points)
    return f"{of or 'value'} with its 95 % interval" if bounded else of or "value"


def _extremes(points: Iterable[tuple[str, Point]], form: NumberFormat) -> str:
    measured = [(point.value, name, point) for name, point in points if known(point.value)]
    if not measured:
        return "Nothing could be measured."
    (_, low, lowest), (_, high, highest) = (
        pick(measured, key=lambda found: found[0]) for pick in (min, max)
    )
    return f"Lowest: {low}, {_written(lowest, form)}. Highest: {high}, {_written(highest, form)}."


def _written(point: Point, form: NumberFormat) -> str:
    return f"{form.value(point.value)} {form.interval(point.low, point.high)}".rstrip()


def _rows(cells: Iterable[str], plot: str, values: Sequence[str]) -> str:
    names = "".join(f'<li title="{text(cell)}">{_name(cell)}</li>' for cell in cells)
    numbers = "".join(f"<li>{value}</li>" for value in values) if any(values) else ""
    side = f'<ol class="values">{numbers}</ol>' if numbers else ""
    kind = 'class="rows tall" tabindex="0"' if len(values) > TALL else 'class="rows"'
    return (
        f'<div {kind} style="--row:{ROW}px"><ol class="names">{names}</ol>'
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
        f"<figure>\n<figcaption><h3>{text(title)}</h3><span>{text(unit)}</span></figcaption>\n"
        f"{content}\n</figure>\n"
    )
