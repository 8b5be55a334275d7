"""The golden file is written anew by running this module, after looking at what it draws."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise, product
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore.builtin.html_report import HtmlReporter, render
from evalcore.builtin.svg import (
    LABEL,
    LINES,
    SERIES,
    Caption,
    Line,
    Point,
    Scale,
    dots,
    leaders,
    text,
)
from evalcore.data import Result
from evalcore.metric import Picture
from evalcore.reporter import FailureCount, Report
from evalcore.settings import Settings

GOLDEN = Path(__file__).with_name("golden") / "report.html"
EVIL = """</title><script>alert("1")</script>'>&\x00\ud800"""


def result(cell, metric, value, low=None, high=None, n=60, failed=0, **settings):
    return Result("runs/demo", cell, settings, metric, value, low, high, n, failed)


def curve(cell, values, metric="pass", axis="attempts"):
    """Parts of a metric that lie on an axis, by their places."""
    return [
        replace(result(cell, f"{metric}/{at}", value), axis=axis, at=float(at))
        for at, value in values.items()
    ]


def swept():
    """Results of a sweep over turns and feedback, with verdicts that sum to one."""
    for feedback, gain in (("binary", 0.05), ("failed-tests", 0.08)):
        for turns in (1, 2, 3):
            cell = f"feedback={feedback},max_turns={turns}"
            settings = {"strategy.feedback": feedback, "strategy.max_turns": turns}
            right, failed = 0.25 + gain * turns, 2 if turns == 3 else 0
            yield result(
                cell, "mean", right, right - 0.06, right + 0.06, 60 - failed, failed, **settings
            )
            yield result(
                cell, "cost/tokens", 9000.0 * turns, 8500.0 * turns, 9600.0 * turns, **settings
            )
            yield result(cell, "count/accepted", right, **settings)
            yield result(cell, "count/wrong-answer", 0.9 - right, **settings)
            yield result(cell, "count/failed", 0.1, **settings)
            for k in (1, 3, 30):
                value = 1 - (1 - right) ** k**0.4
                yield replace(
                    result(cell, f"best-of/{k}", value, value - 0.05, value + 0.04, **settings),
                    axis="attempts",
                    at=float(k),
                )


REPORT = Report(
    name="demo",
    run="runs/demo",
    status="finished with failed attempts",
    facts={"attempts": "360", "failed": "4", "wall time": "1 min 12 s"},
    results=tuple(swept()),
    failures=(FailureCount("feedback=binary,max_turns=3", "model", "HTTP 503: overloaded", 4),),
    samples=(
        {"cell": "feedback=binary,max_turns=1", "sample": "p1", "attempt": 0, "answer": "4\n2"},
        {"cell": "feedback=binary,max_turns=1", "sample": "p2", "attempt": 1, "label": "no-code"},
    ),
    spec="evalcore: 1\nname: demo\n",
)
BARE = Report("demo", "runs/demo", "interrupted", {}, (), (), (), "")


class Page(HTMLParser):
    """The elements of a page, with its text and that of each element by tag."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.open, self.content = [], [], {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.content.setdefault(self.open[-1], []).append(data)

    def count(self, tag, kind=None):
        return sum(
            1
            for name, attributes in self.elements
            if name == tag and (kind is None or kind in (attributes.get("class") or "").split())
        )


def plots(*results):
    return Page(render(replace(BARE, results=results)))


def test_the_page_is_as_it_was_looked_at():
    assert render(REPORT) == GOLDEN.read_text(encoding="utf-8")


def test_the_reporter_writes_one_file_into_the_run(tmp_path):
    file = HtmlReporter(Settings()).write(replace(REPORT, spec=EVIL), tmp_path)
    assert file == tmp_path / "report.html"
    assert "�" in file.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [file]


def test_the_page_is_well_formed_and_fetches_nothing():
    page = Page(render(REPORT))
    assert page.open == []
    assert {"img", "link", "iframe", "object"}.isdisjoint(tag for tag, _ in page.elements)
    assert not any({"src", "data", "srcset"} & set(attributes) for _, attributes in page.elements)
    assert all(a["href"].startswith("#") for tag, a in page.elements if tag == "a")
    assert "http" not in render(REPORT).replace("http-equiv", "")
    assert "@import" not in render(REPORT)
    assert "url(" not in render(REPORT)


def test_nothing_of_a_run_becomes_markup():
    settings = dict.fromkeys((EVIL, "x"), EVIL)
    results = [
        Result(EVIL, f"{EVIL}{x}", settings | {"n": x}, metric, 0.5, 0.4, 0.6, 1, 0)
        for x in range(3)
        for metric in (EVIL, f"count/{EVIL}", "count/other")
    ]
    evil = Report(
        name=EVIL,
        run=EVIL,
        status="finished",
        facts={EVIL: EVIL},
        results=results,
        failures=[FailureCount(EVIL, EVIL, EVIL, 1)],
        samples=[{EVIL: EVIL, "long": EVIL * 9}],
        spec=EVIL,
    )
    page = Page(render(evil))
    assert page.open == []
    assert page.count("script") == 1
    assert page.count("title") == 1 + page.count("desc") + page.count("polyline")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\ud800-\udfff]", render(evil))


def test_every_plot_and_table_says_what_it_is():
    page = Page(render(REPORT))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    labels = [a["aria-labelledby"] for tag, a in page.elements if tag == "svg" and "role" in a]
    assert len(ids) == len(set(ids))
    assert {name for label in labels for name in label.split()} <= set(ids)
    assert len(labels) == page.count("figure") == page.count("desc") == 11
    assert page.count("caption") == page.count("table") == 3
    assert all(a["scope"] in ("row", "col") for tag, a in page.elements if tag == "th")


def test_a_description_tells_the_extremes():
    told = plots(result("a", "mean", 0.2, 0.1, 0.3), result("b", "mean", 0.7, 0.6, 0.8))
    assert told.content["desc"] == ["Lowest: a, 0.20 [0.10, 0.30]. Highest: b, 0.70 [0.60, 0.80]."]


def test_a_run_without_anything_is_a_page_without_sections():
    page = Page(render(BARE))
    assert page.count("section") == page.count("a") == 0
    assert page.content["h1"] == ["demo"]


def test_a_missing_value_is_a_dash_without_a_dot():
    page = plots(result("a", "mean", None), result("b", "mean", 0.5, None, None))
    assert page.count("circle", "dot") == 1
    assert page.count("line", "whisker") == 0
    assert "—" in page.content["td"]


def test_a_metric_that_nowhere_has_a_value():
    page = plots(
        result("a", "mean", None), result("a", "count/x", None), result("a", "count/y", None)
    )
    assert page.count("circle") == page.count("rect", "s0") == 0
    assert page.content["desc"] == ["Nothing could be measured."] * 3


@pytest.mark.parametrize(
    ("metrics", "bars"),
    [
        ({"count/a": 0.75, "count/b": 0.25}, 2),
        ({"count/a": 0.75, "count/b": 0.2}, 0),
        ({"count/a": 1.5, "count/b": -0.5}, 0),
        ({"mean": 1.0}, 0),
    ],
)
def test_only_parts_of_one_whole_are_stacked(metrics, bars):
    page = plots(*(result("a", metric, value) for metric, value in metrics.items()))
    stacked = page.count("svg", "stack")
    assert (stacked, page.count("svg", "dots")) == ((1, 0) if bars else (0, len(metrics)))
    assert page.count("rect") == 2 * bars  # in the legend as well


def test_more_parts_than_colours_end_in_others():
    page = plots(*(result("a", f"count/{part}", 0.1) for part in "abcdefghij"))
    assert page.content["li"][:7] == [*"abcdef", "4 others"]
    assert "40%" in page.content["text"]


def test_every_part_has_a_colour():
    page = render(BARE)
    assert all(f".{kind}{place} {{" in page for kind in ("s", "on") for place in range(SERIES))
    assert all(f".c{place} {{" in page for place in range(LINES))


@pytest.mark.parametrize(
    ("settings", "drawn"),
    [
        ([{"k": 1}, {"k": 10}, {"k": 100}], 1),
        ([{"k": 1}, {"k": 2}], 0),
        ([{"k": True}, {"k": False}, {"k": 3}], 0),
        ([{"k": 1}, {"k": 2}, {"k": 3}, {"k": "all"}], 0),
        ([{"k": k, "seed": f"{k}"} for k in range(8)], 0),
        ([{"k": k, "to": to} for k in range(3) for to in "ab"], 2),
        ([{"k": k, "to": to} for k in range(3) for to in map(str, range(30))], 30),
    ],
)
def test_a_swept_number_is_drawn_as_lines(settings, drawn):
    page = plots(*(result(f"c{i}", "mean", 0.5, 0.4, 0.6, **s) for i, s in enumerate(settings)))
    assert page.count("polyline", "line") == drawn


@pytest.mark.parametrize(
    ("results", "drawn", "dots"),
    [
        (curve("a", {1: 0.25, 10: 0.75}), 1, 0),
        (curve("a", {1: 0.2, 5: 0.5, 10: 0.7}) + curve("b", {1: 0.1, 5: 0.2, 10: 0.3}), 2, 2),
        ([*curve("a", {1: 0.2, 5: 0.5}), result("a", "pass/mean", 0.3)], 1, 1),
        (curve("a", {1: 0.2}), 0, 1),
        (curve("a", {1: 0.2}) + curve("a", {5: 0.5}, axis="calls"), 0, 2),
        (curve("a", {1: 0.2, "1.0": 0.3}), 0, 2),
        (curve("a", {1: 0.2, 5: 0.3, math.nan: 0.4}), 1, 1),
    ],
    ids=["curve", "cells", "besides", "one point", "two axes", "one place", "no place"],
)
def test_parts_that_lie_on_an_axis_are_a_curve(results, drawn, dots):
    page = plots(*results)
    assert page.count("polyline", "line") == drawn
    assert page.count("svg", "dots") == dots


def test_what_was_measured_stands_beside_a_figure_where_all_its_values_say_so():
    cells = [*curve("a", {1: 0.25, 10: 0.75}), *curve("b", {1: 0.5, 10: 0.5})]
    same = [replace(found, of="accuracy") for found in cells]
    assert plots(*same).content["span"].count("accuracy") == 3
    assert plots(*cells).content["span"].count("value") == 3
    assert "accuracy" not in plots(*same[:2], *cells[2:]).content["span"]


def test_a_curve_alone_has_its_values_beside_its_points():
    page = plots(*curve("a", {1: 0.25, 5: None, 10: 0.75}))
    assert page.content["text"][-2:] == ["0.250", "0.750"]
    assert page.count("circle", "point") == 2
    assert page.count("ol", "ends") == 0


def test_the_values_of_a_curve_alone_are_told_apart_however_far_apart_they_lie():
    page = plots(*curve("a", {1: 0.034, 5: 0.88, 10: 85_000.0}))
    assert page.content["text"][-3:] == ["0.034", "0.88", "85,000"]


def ends(page):
    """The names at the ends of lines, from top to bottom."""
    return re.findall(r'<li style="[^"]*" title="([^"]+)">', page)


@pytest.mark.parametrize("seed", range(10))
def test_of_many_lines_the_first_and_the_highest_are_named(seed):
    draw = Random(seed)
    last = {f"c{i}": draw.random() for i in range(30)}
    results = [item for cell, end in last.items() for item in curve(cell, {1: 1.0, 10: end})]
    page = render(replace(BARE, results=tuple(results)))
    ranked = sorted(last, key=lambda cell: -last[cell])
    assert set(ends(page)) == {"c0", *ranked[: LINES - 1]}
    assert ends(page) == [cell for cell in ranked if cell in ends(page)]
    assert Page(page).count("polyline", "grey") == len(last) - len(ends(page))
    assert f"the first of 30 lines and the {LINES - 1} that end highest are named" in page


def test_a_line_that_ends_nowhere_has_no_name():
    page = render(
        replace(BARE, results=(*curve("a", {1: 0.1, 2: 0.2}), *curve("b", {1: None, 2: None})))
    )
    assert ends(page) == ["a"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=LINES))
def test_names_at_ends_are_apart_and_beside_the_plot(values):
    scale = Scale((0.0, 1.0))
    found = sorted(values, reverse=True)
    _, places = leaders([Line("", [Point(value)], 0) for value in found], scale)
    assert all(low - high >= LABEL - 1e-9 for high, low in pairwise(places))
    assert all(0 <= place <= 220 for place in places)
    at_ends = [(1 - value) * 220 for value in found]
    if all(low - high >= LABEL for high, low in pairwise(at_ends)):
        assert places == pytest.approx(at_ends)


def unbeaten(page):
    """The names in the list below each plot of a metric against a cost."""
    lists = re.findall(r'<ol class="best">(.*?)</ol>', page)
    return [re.findall(r"<li>(\w+): ", items) for items in lists]


@pytest.mark.parametrize("seed", range(20))
def test_the_cells_that_no_other_beats_are_numbered(seed):
    draw = Random(seed)
    cells = {f"c{i}": (draw.randrange(1, 9), draw.randrange(9) / 10) for i in range(12)}
    results = [result(cell, "mean", worth) for cell, (_, worth) in cells.items()]
    results += [result(cell, "cost/calls", cost) for cell, (cost, _) in cells.items()]
    page = render(replace(BARE, results=tuple(results)))
    kept = {
        cell
        for cell, (cost, worth) in cells.items()
        if not any(c <= cost and w >= worth and (c, w) != (cost, worth) for c, w in cells.values())
    }
    (found,) = unbeaten(page)
    assert set(found) == kept
    assert found == sorted(found, key=lambda cell: cells[cell][0])
    assert Page(page).count("circle", "faint") == len(cells) - len(kept)


@pytest.mark.parametrize(
    "metrics",
    [
        {"mean": (0.5, 7.0), "cost/calls": (1, 2)},
        {"mean": (0.5, None), "cost/calls": (1, 2)},
        {"mean": (0.5, 0.6), "cost/calls": (2, 2)},
        {"count/right": (0.5, 0.6), "count/wrong": (0.5, 0.4), "cost/calls": (1, 2)},
        {"cost/calls": (0.1, 0.2), "cost/seconds": (0.1, 0.2)},
        {"mean": (0.5, 0.6)},
    ],
    ids=["no share", "no value", "one cost", "kinds", "costs alone", "no cost"],
)
def test_what_is_no_share_or_costs_the_same_is_not_drawn_against_costs(metrics):
    page = render(
        replace(
            BARE,
            results=tuple(
                result(cell, metric, values[i])
                for metric, values in metrics.items()
                for i, cell in enumerate("ab")
            ),
        )
    )
    assert unbeaten(page) == []


def grid(*sizes, left_out=()):
    """A cell for each combination of so many values of settings `a`, `b`, ..., but for some."""
    places = [place for place in product(*map(range, sizes)) if place not in left_out]
    for rank, place in enumerate(places):
        settings = {name: f"{name}{at}" for name, at in zip("abcd", place, strict=False)}
        cell = ",".join(settings.values())
        yield result(cell, "pass", rank / len(places), rank / 90, rank / 20, **settings)


@pytest.mark.parametrize(
    ("sizes", "tables"), [((3, 2), 1), ((2, 4, 3), 2), ((2, 2), 0), ((9,), 0), ((2, 2, 2, 2), 0)]
)
def test_two_settings_that_are_words_are_crossed_in_tables(sizes, tables):
    page = render(replace(BARE, results=list(grid(*sizes))))
    assert page.count('<table class="crossed">') == tables


def test_a_crossed_table_is_shaded_by_value_and_has_holes():
    page = render(replace(BARE, results=list(grid(3, 3, left_out={(1, 1)}))))
    table = page[page.index('<table class="crossed">') :].partition("</table>")[0]
    shades = [int(share) for share in re.findall(r"--shade:(\d+)%", table)]
    assert shades == sorted(shades)
    assert (len(shades), shades[0], shades[-1]) == (8, 0, 50)
    assert table.count("<td></td>") == 2  # the corner, and the cell that was left out


@pytest.mark.parametrize(("cells", "drawn"), [("a", ["mean"]), ("ab", ["mean", "cost/calls"])])
def test_costs_are_drawn_beside_those_of_other_cells(cells, drawn):
    results = [
        result(cell, metric, value)
        for metric, value in (("mean", 0.5), ("cost/calls", 2))
        for cell in cells
    ]
    page = render(replace(BARE, results=results))
    assert re.findall("<h3>(.*?)</h3>", page) == drawn


def test_long_names_keep_their_ends():
    page = plots(result("model=an-organisation/a-model,reasoning=r8", "mean", 0.5))
    assert page.content["span"][-1] == "reasoning=r8"
    assert ("li", {"title": "model=an-organisation/a-model,reasoning=r8"}) in page.elements


def test_a_hundred_cells_can_be_scrolled_and_label_the_axis_at_both_ends():
    few, many = (plots(*(result(f"c{i}", "mean", i / n) for i in range(n))) for n in (20, 100))
    labels = ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert few.content["text"] == labels
    assert many.content["text"] == labels + labels
    assert (few.count("div", "tall"), many.count("div", "tall")) == (0, 1)


@pytest.mark.parametrize(
    ("ends", "labels"),
    [
        ((0.31, 0.58), ["0.3", "0.4", "0.5", "0.6"]),
        ((0.2, 0.9), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ((0.5, 0.5), ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
        ((0, 0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ((-3, 4), ["-4", "-2", "0", "2", "4"]),
        ((2e4, 7e4), ["0", "20k", "40k", "60k", "80k"]),
        ((1e6, 1.9e6), ["1M", "1.2M", "1.4M", "1.6M", "1.8M", "2M"]),
        ((0, 3e-6), ["0", "1e-06", "2e-06", "3e-06"]),
    ],
)
def test_an_axis_has_round_ticks(ends, labels):
    assert [label for _, label in Scale.around([Point(end) for end in ends]).labels()] == labels


def test_an_axis_of_lines_has_a_tick_at_each_value_and_is_logarithmic_beyond_a_decade():
    assert Scale.at_each([3, 1, 2, 2]).labels() == [(0, "1"), (50, "2"), (100, "3")]
    assert Scale.at_each([1, 10, 100]).labels() == [(0, "1"), (50, "10"), (100, "100")]
    assert Scale.at_each([1, 5.5, 10]).labels() == [(0, "1.0"), (50, "5.5"), (100, "10.0")]
    assert [label for _, label in Scale.at_each([0.0, 0.25, 1.0]).labels()] == [
        "0.00",
        "0.25",
        "1.00",
    ]


def test_tick_labels_never_collide():
    assert [label for _, label in Scale.at_each([0, 1, 2, 500, 1000]).labels()] == [
        "0",
        "500",
        "1000",
    ]


def test_text_is_fit_for_a_page_whatever_it_contains():
    assert text("a<b>\t\n\x1b[0m\x7f\udc80é") == "a&lt;b&gt;\t\n␛[0m␡�é"


def test_a_plot_is_escaped_on_its_own():
    svg = dots([Point(0.5)], Scale((0.0, 1.0)), Caption("f", EVIL, EVIL))
    assert "<script" not in svg


def over_decades(cell, settings=None):
    found = curve(cell, {1: 0.02, 10: 3.0, 100: 450.0})
    return [replace(result, settings=settings or {}) for result in found]


def test_values_over_decades_have_a_logarithmic_axis_and_three_digits():
    results = over_decades("a")
    results[0] = replace(results[0], low=-0.01, high=0.05)
    page = render(replace(BARE, results=tuple(results)))
    assert ">100</text>" in page
    assert ">0.01</text>" in page
    assert "450" in page
    assert "nan" not in page.partition("<body>")[2].lower()


def test_figures_of_swept_tasks_stand_under_headings_with_the_names_of_what_else_differs():
    results = [
        result
        for task in ("sums", "products")
        for model in ("m1", "m2")
        for result in over_decades(
            f"task={task},model={model}", {"task": task, "models.m.model": model}
        )
    ]
    page = render(replace(BARE, results=tuple(results)))
    assert page.index('<h3 class="group">sums</h3>') < page.index('class="group">products</h3>')
    assert ends(page) == ["model=m1", "model=m2"] * 2
    ids = re.findall(r'id="(figure-\d+)-title"', page)
    assert len(ids) == len(set(ids)) > 1


def test_pictures_of_metrics_have_a_section():
    drawn = Picture("A <map>", '<svg viewBox="0 0 1 1"></svg>', "Where it is & what.")
    page = render(replace(BARE, pictures=(drawn,)))
    assert '<section id="pictures">' in page
    assert "A &lt;map&gt;" in page
    assert '<svg viewBox="0 0 1 1"></svg>' in page
    assert "Where it is &amp; what." in page


if __name__ == "__main__":
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(render(REPORT), encoding="utf-8")
