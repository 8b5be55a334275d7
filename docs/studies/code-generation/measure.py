"""Runs the commands of `code-generation.md`, and writes its tables and pictures anew.

    python docs/studies/code-generation/measure.py

It is run in the checkout. A run that is finished is not run again, only shown.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.with_suffix(".md")

#: The metrics whose curves the page shows of each run.
CURVES = {
    "grid": ["pass-at-k"],
    "turns": ["pass-n-at-k"],
    "retry": ["pass-n-at-k"],
    "grains": ["pass-n-at-k", "code-similarity"],
}
#: The costs that the tables have.
COSTS = ("cost/calls", "cost/completion-tokens")
#: Exit code of a run that is complete but for attempts that failed.
ATTEMPTS_FAILED = 1
#: Width and height of a picture in CSS pixels.
SIZE = (860, 372)


def main() -> None:
    """Run, measure and write."""
    for words in commands(PAGE.read_text("utf-8")):
        code = subprocess.run([sys.executable, "-m", *words, "--quiet"], check=False).returncode
        if code not in (0, ATTEMPTS_FAILED):
            sys.exit(code)
        run = Path(words[words.index("--out") + 1])
        results = [sys.executable, "-m", "evalcore", "results", str(run), "--json"]
        found = subprocess.run(results, check=True, stdout=subprocess.PIPE, text=True).stdout
        (HERE / f"{run.name}.txt").write_text(table(json.loads(found)), "utf-8")
        report = (run / "report.html").read_text("utf-8")
        for metric in CURVES[run.name]:
            (HERE / f"{run.name}-{metric}.svg").write_text(picture(report, metric), "utf-8")


def commands(page: str) -> list[list[str]]:
    """The words of each `evalcore run` of the page that is limited to some problems."""
    written = re.findall(r"^\$ (evalcore run (?:.*\\\n)*.*)", page, re.MULTILINE)
    lines = (command.replace("\\\n", " ") for command in written)
    return [words for words in map(shlex.split, lines) if "--limit" in words]


def table(results: list[dict]) -> str:
    """A row for each cell, a column for each metric; of a curve over k, for its two ends."""
    places: dict[str, set[float]] = {}
    for result in results:
        places.setdefault(result["axis"], set()).add(result["at"])
    ends = {axis: {min(of), max(of)} for axis, of in places.items() if axis}
    metrics = [
        metric
        for metric, result in {result["metric"]: result for result in results}.items()
        if metric in COSTS or not metric.startswith(("cost/", "code-similarity/at-least"))
        if not result["axis"] or result["at"] in ends[result["axis"]]
    ]
    settings = list(dict.fromkeys(name for result in results for name in result["settings"]))
    cells: dict[str, dict[str, str]] = {}
    for result in results:
        cell = cells.setdefault(result["cell"], {})
        cell.update({name: str(value) for name, value in result["settings"].items()})
        cell[result["metric"]] = written(result)
        cell["failed"] = str(result["failed"])
    columns = [*settings, *metrics, "failed"]
    rows = [
        [column.removeprefix("strategy.").removeprefix("cost/") for column in columns],
        ["---" if column in settings else "---:" for column in columns],
        *([values.get(column, "") for column in columns] for values in cells.values()),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def written(result: dict) -> str:
    """A share of problems with its interval, any other value alone."""
    value, low, high = (result[key] for key in ("value", "low", "high"))
    if value is None:
        return ""
    if not result["metric"].startswith("pass") or low is None:
        return f"{value:.3g}" if value >= 1 else f"{value:.2f}"
    return f"{value:.2f} [{low:.2f},&nbsp;{high:.2f}]"


def picture(report: str, metric: str) -> str:
    """A metric's curve in a report as a picture by itself, with the rules of style that apply."""
    figures = re.findall(r"<figure>.*?</figure>", report, re.DOTALL)
    (figure,) = (found for found in figures if f"<h3>{metric} over " in found)
    # In XML, unlike in HTML, what is SVG has to say so.
    figure = figure.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    figure = f'<div class="broad">{figure}</div>'
    width, height = SIZE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">\n'
        f"<style>\n{escape(_style(report, figure), quote=False)}\n</style>\n"
        f'<foreignObject width="{width}" height="{height}">\n'
        '<body xmlns="http://www.w3.org/1999/xhtml" style="padding: 0; background: none">\n'
        f"{figure}\n</body>\n</foreignObject>\n</svg>\n"
    )


def _style(report: str, figure: str) -> str:
    """The colours of a report, by day and by night, and the rules for what is in a figure."""
    style = re.search(r"<style>(.*?)@media \(max-width", report, re.DOTALL)[1]
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    night = re.search(r"@media.*?^\}\n", style, re.DOTALL | re.MULTILINE)[0]
    used = {"body", *re.findall(r"<([a-z]\w*)", figure)}
    used |= {f".{name}" for names in re.findall(r'class="(.*?)"', figure) for name in names.split()}
    rules = map(str.strip, re.findall(r"[^{}]+\{[^{}]*\}", style.replace(night, "")))
    first, *others = (rule for rule in rules if used.issuperset(_names(rule)))
    return "\n".join([first, night.strip(), *others])


def _names(rule: str) -> list[str]:
    """The elements and classes that a rule of style is for."""
    selector = re.sub(r":not\(.*?\)", "", rule.partition("{")[0])
    return re.findall(r"(?:^|(?<=[ ,>]))[a-z]\w*|\.[a-z]\w*", selector)


if __name__ == "__main__":
    main()
