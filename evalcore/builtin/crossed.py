"""The first metric over two swept settings, as tables shaded by value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalcore.builtin.svg import text
from evalcore.numerals import known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evalcore.data import Result
    from evalcore.numerals import NumberFormat

__all__ = ["crossed"]

#: Fewer cells are read as fast from a list.
_FEW = 6

#: Values of a third setting, each with a table of its own.
_TABLES = 6

_Swept = dict[str, list[Any]]  # the values of each swept setting


def crossed(results: Sequence[Result], form: NumberFormat) -> str:
    """Tables of one metric: rows and columns are the two swept settings with the most values.

    Of a third there is a table for each value. Nothing, where fewer than two settings are swept,
    more than three, a number, which lines show better, or too few cells.
    """
    swept = _swept(results)
    if not 2 <= len(swept) <= 3 or len(results) < _FEW:
        return ""
    down, across, *others = sorted(swept, key=lambda name: -len(swept[name]))
    third = others[0] if others else ""
    if len(swept.get(third, ())) > _TABLES:
        return ""
    shades = _shades(results)
    tables: list[str] = []
    for of in swept.get(third, [None]):
        of_table = [r for r in results if r.settings.get(third) == of]
        placed = {(r.settings[down], r.settings[across]): r for r in of_table}
        names = down, across, f"{third}={of}" if third else ""
        tables.append(_table(placed, names, swept, shades, form))
    return "".join(tables)


def _swept(results: Sequence[Result]) -> _Swept:
    """The values of each setting in which cells differ, if every cell has all of them."""
    swept: _Swept = {}
    for result in results:
        for name, value in result.settings.items():
            if not isinstance(value, str | bool | None):
                return {}
            values = swept.setdefault(name, [])
            if value not in values:
                values.append(value)
    swept = {name: values for name, values in swept.items() if len(values) > 1}
    whole = all(swept.keys() <= result.settings.keys() for result in results)
    return swept if whole else {}


def _shades(results: Sequence[Result]) -> Mapping[str, float]:
    """How dark each cell is: from 0, the lowest value, to 1, the highest."""
    values = {result.cell: result.value for result in results if known(result.value)}
    low, high = min(values.values(), default=0.0), max(values.values(), default=0.0)
    return {cell: (value - low) / ((high - low) or 1.0) for cell, value in values.items()}


def _table(
    results: Mapping[tuple[Any, Any], Result],
    names: tuple[str, str, str],
    swept: _Swept,
    shades: Mapping[str, float],
    form: NumberFormat,
) -> str:
    down, across, third = names
    heads = "".join(f'<th scope="col">{text(str(value))}</th>' for value in swept[across])
    rows = "".join(
        f'<tr><th scope="row" class="text">{text(str(one))}</th>'
        + "".join(_cell(results.get((one, other)), shades, form) for other in swept[across])
        + "</tr>\n"
        for one in swept[down]
    )
    caption = f"{down} down, {across} across" + (f"; {third}" if third else "")
    return (
        f'<div class="wide"><table class="crossed"><caption>{text(caption)}</caption>\n'
        f"<thead><tr><td></td>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
    )


def _cell(result: Result | None, shades: Mapping[str, float], form: NumberFormat) -> str:
    if result is None:
        return "<td></td>"
    interval = form.interval(result.low, result.high)
    shade = f' style="--shade:{50 * shades.get(result.cell, 0.0):.0f}%"'
    return f'<td{shade} title="{text(f"{result.cell} {interval}")}">{form.value(result.value)}</td>'
