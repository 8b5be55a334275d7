"""A run as one HTML file: its facts, plots, results, failures, samples and spec.

The page needs no network and no JavaScript (a script of a few lines sorts the tables where it
may run), follows the reader's light or dark scheme, and prints. Whatever comes from a run is
escaped, and the page's policy lets no script run but its own.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalcore.builtin.figures import figures
from evalcore.builtin.svg import text
from evalcore.numerals import counted, known, number_formats
from evalcore.reporter import Reporter
from evalcore.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from evalcore.data import Result
    from evalcore.metric import Picture
    from evalcore.numerals import NumberFormat
    from evalcore.reporter import FailureCount, Report, Status

__all__ = ["HtmlReporter", "render"]

#: A longer text in a table is broken into lines.
_LONG = 44

_TONES: Mapping[Status, str] = {
    "finished": "good",
    "finished with failed attempts": "fair",
    "stopped by a limit": "fair",
    "stopped by an error": "poor",
    "interrupted": "poor",
}


class HtmlReporter(Reporter[Settings]):
    """Writes `report.html` into the run's directory."""

    def write(self, report: Report, directory: Path) -> Path:
        """Write the page and return its file."""
        file = directory / "report.html"
        file.write_text(render(report), encoding="utf-8")
        return file


def render(report: Report) -> str:
    """The whole page."""
    sections = [
        ("Plots", figures(report.results) if report.results else ""),
        ("Pictures", "".join(map(_picture, report.pictures))),
        ("Results", _results(report.results)),
        ("Failures", _failures(report.failures)),
        ("Samples", _samples(report.samples)),
        ("Spec", _code(report.spec) if report.spec else ""),
    ]
    present = [(title, content) for title, content in sections if content]
    links = "".join(f'<a href="#{title.lower()}">{title}</a>' for title, _ in present)
    style, script = _resource("report.css"), _resource("report.js")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">
<title>{text(report.name)} · evalcore</title>
<style>{style}</style>
</head>
<body>
{_header(report)}
<nav aria-label="Sections">{links}</nav>
<main>
{"".join(_section(title, content) for title, content in present)}</main>
<script>{script}</script>
</body>
</html>
"""


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


@cache
def _resource(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _header(report: Report) -> str:
    facts = "".join(
        f"<div><dt>{text(key)}</dt><dd>{text(value)}</dd></div>"
        for key, value in report.facts.items()
    )
    return f"""<header>
<h1>{text(report.name)}</h1>
<p class="run"><span class="status {_TONES[report.status]}">{report.status}</span>
<code>{text(report.run)}</code></p>
<dl>{facts}</dl>
</header>"""


def _section(title: str, content: str) -> str:
    return f'<section id="{title.lower()}">\n<h2>{title}</h2>\n{content}\n</section>\n'


def _code(written: str) -> str:
    return f'<pre tabindex="0"><code>{text(written)}</code></pre>'


def _picture(picture: Picture) -> str:
    return (
        f'<figure class="picture">\n<figcaption><h3>{text(picture.title)}</h3></figcaption>\n'
        f"{picture.svg}\n<p>{text(picture.caption)}</p>\n</figure>\n"
    )


def _results(results: Sequence[Result]) -> str:
    if not results:
        return ""
    by_cell: dict[str, dict[str, Result]] = {}
    for result in results:
        by_cell.setdefault(result.cell, {})[result.metric] = result
    forms = number_formats(results)
    rows = [
        _row_head(cell)
        + "".join(_estimate(of.get(metric), form) for metric, form in forms.items())
        + _range([result.n for result in of.values()])
        + _range([result.failed for result in of.values()])
        for cell, of in by_cell.items()
    ]
    columns = [("cell", "text"), *((name, "number") for name in (*forms, "n", "failed"))]
    return _table("Each value with its 95 % interval.", columns, rows)


def _row_head(cell: str) -> str:
    kind = "text long" if len(cell) > _LONG else "text"
    return f'<th scope="row" class="{kind}">{text(cell)}</th>'


def _estimate(result: Result | None, form: NumberFormat) -> str:
    if result is None:
        return "<td></td>"
    key = f' data-value="{float(result.value)}"' if known(result.value) else ""
    interval = form.interval(result.low, result.high)
    small = f"<small>{interval}</small>" if interval else ""
    over = f"over {counted(result.n, 'attempt')}, {result.failed} failed"
    return f'<td{key} title="{over}">{form.value(result.value)}{small}</td>'


def _range(counts: Sequence[int]) -> str:
    """One number where the metrics of a cell agree, else the lowest and the highest."""
    low, high = min(counts), max(counts)
    return f'<td data-value="{low}">{low if low == high else f"{low} to {high}"}</td>'


def _failures(failures: Sequence[FailureCount]) -> str:
    rows = [
        f'{_row_head(cell)}<td class="text">{text(kind)}</td>'
        f'<td class="text message">{text(message)}</td><td data-value="{attempts}">{attempts}</td>'
        for cell, kind, message, attempts in failures
    ]
    caption = "Failed attempts, alike ones together; they have no score."
    columns = [("cell", "text"), ("kind", "text"), ("message", "text"), ("attempts", "number")]
    return _table(caption, columns, rows) if rows else ""


def _samples(samples: Sequence[Mapping[str, Any]]) -> str:
    columns = {
        key: "number" if known(value) else "text"
        for sample in samples
        for key, value in sample.items()
    }
    rows = ["".join(_field(sample.get(column)) for column in columns) for sample in samples]
    return _table("Some records worth reading.", columns.items(), rows) if rows else ""


def _field(value: object) -> str:
    if known(value):
        return f'<td data-value="{float(value)}">{value}</td>'
    written = "" if value is None else str(value)
    if len(written) > _LONG or "\n" in written:
        return f'<td class="text long">{_code(written)}</td>'
    return f'<td class="text">{text(written)}</td>'


def _table(caption: str, columns: Iterable[tuple[str, str]], rows: Iterable[str]) -> str:
    """A table with these columns, each a name and the class of its cells."""
    heads = "".join(
        f'<th scope="col" class="{kind}">{text(column).replace("/", "/<wbr>")}</th>'
        for column, kind in columns
    )
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    return (
        f'<div class="wide" tabindex="0"><table><caption>{caption}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody></table></div>"
    )
