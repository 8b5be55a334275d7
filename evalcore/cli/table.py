"""Results as a table: on a terminal, and as plain text that is never cut.

With room for them, the metrics stand side by side, a row for each cell. Otherwise, and where the
metrics of a cell are over different numbers of attempts, every result has a row of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from evalcore.numerals import number_formats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from evalcore.data import Result
    from evalcore.numerals import NumberFormat

__all__ = ["plain", "table"]

#: Beyond this many columns of text, a line is hard to read even where nothing cuts it.
_WIDTH = 160

#: What stands between two columns.
_GAP = "  "


class _Column(NamedTuple):
    """A head of one line or more, and the text of each row."""

    head: str
    cells: list[str]
    right: bool = False

    @property
    def width(self) -> int:
        """Characters of the longest line."""
        return max(len(line) for text in (self.head, *self.cells) for line in text.split("\n"))


def table(results: Sequence[Result], width: int = _WIDTH) -> Table:
    """The results for a terminal of this many columns.

    What does not fit even so is folded within its column.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    columns = _layout(results, width)
    for column in columns:
        drawn.add_column(
            Text(column.head),
            justify="right" if column.right else "left",
            overflow="fold",
            no_wrap=column.right,
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        drawn.add_row(*(Text(cell) for cell in row))
    return drawn


def plain(results: Sequence[Result]) -> str:
    """The results as text without colours or rules, each row a line of whatever length."""
    columns = _layout(results, _WIDTH)
    heads = [column.head.split("\n") for column in columns]
    height = max(map(len, heads))
    rows = [
        *zip(*([""] * (height - len(head)) + head for head in heads), strict=True),
        *zip(*(column.cells for column in columns), strict=True),
    ]
    return "".join(_line(columns, row) + "\n" for row in rows)


def _line(columns: Sequence[_Column], row: Sequence[str]) -> str:
    padded = (
        text.rjust(column.width) if column.right else text.ljust(column.width)
        for column, text in zip(columns, row, strict=True)
    )
    return _GAP.join(padded).rstrip()


def _layout(results: Sequence[Result], width: int) -> list[_Column]:
    forms = number_formats(results)
    if _alike(results):
        wide = _wide(results, forms)
        if sum(column.width + len(_GAP) for column in wide) <= width:
            return wide
    return _long(results, forms)


def _by_cell(results: Sequence[Result]) -> dict[tuple[str, str], dict[str, Result]]:
    cells: dict[tuple[str, str], dict[str, Result]] = {}
    for result in results:
        cells.setdefault((result.run, result.cell), {})[result.metric] = result
    return cells


def _alike(results: Sequence[Result]) -> bool:
    """Whether all metrics of each cell are over the same attempts."""
    return all(
        len({(result.n, result.failed) for result in of_cell.values()}) == 1
        for of_cell in _by_cell(results).values()
    )


def _wide(results: Sequence[Result], forms: Mapping[str, NumberFormat]) -> list[_Column]:
    cells = _by_cell(results)
    firsts = [next(iter(of_cell.values())) for of_cell in cells.values()]
    metrics = [
        _metric(
            metric, [form.estimate(of[metric]) if metric in of else "" for of in cells.values()]
        )
        for metric, form in forms.items()
    ]
    return [*_names(firsts), *metrics, *_counts(firsts)]


def _metric(name: str, estimates: list[str]) -> _Column:
    """A column as wide as the estimates, if a head of two lines can make it so."""
    room = max(map(len, estimates))
    return _Column(name if len(name) <= room else name.replace("/", "/\n"), estimates, right=True)


def _long(results: Sequence[Result], forms: Mapping[str, NumberFormat]) -> list[_Column]:
    metrics = _Column("metric", [result.metric for result in results])
    values = _Column("value", [forms[r.metric].estimate(r) for r in results], right=True)
    return [*_names(results), metrics, values, *_counts(results)]


def _names(results: Sequence[Result]) -> list[_Column]:
    runs = _Column("run", [result.run for result in results])
    cells = _Column("cell", [result.cell for result in results])
    return [runs, cells] if len(set(runs.cells)) > 1 else [cells]


def _counts(results: Sequence[Result]) -> list[_Column]:
    attempts = _Column("n", [str(result.n) for result in results], right=True)
    failed = _Column("failed", [str(result.failed) for result in results], right=True)
    return [attempts, failed]
