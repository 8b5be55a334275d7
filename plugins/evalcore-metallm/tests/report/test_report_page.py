"""The page: whole in itself, the same for the same run, safe whatever names there are."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from small_runs import NAMES, ROUTERS

from evalcore.stats import Estimate
from evalcore_metallm.evaluation.graded import read_routers
from evalcore_metallm.report import figures as drawn_figures
from evalcore_metallm.report.drawing import drawing
from evalcore_metallm.report.numbers import Point, measured
from evalcore_metallm.report.page import page

_VOID = {"meta"}


@pytest.fixture(scope="module")
def told(run):
    graded = read_routers([run])
    drawn = measured(graded, graded.routers[0])
    return lambda: page(drawn, [str(run)], ["one <note>"], "warm", "at p = 0")


@pytest.fixture(scope="module")
def written(told):
    return told()


def figures(written):
    return [ElementTree.fromstring(svg) for svg in re.findall("<svg.*?</svg>", written, re.DOTALL)]


def texts(figure):
    return [text.text for text in figure.iter("{http://www.w3.org/2000/svg}text")]


class Tags(HTMLParser):
    """Checks that what is opened is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_it_needs_nothing_else(written):
    tags = Tags()
    tags.feed(written)
    assert not tags.open
    assert not {"script", "link", "img", "iframe", "object"} & set(tags.seen)
    addresses = set(re.findall(r"https?://[^\"' )]+", written))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "url(" not in re.sub(r"url\(#p[0-9a-f]+\)", "", written)
    assert "default-src 'none'; style-src 'unsafe-inline'" in written


def test_it_is_the_same_for_the_same_run_whatever_style_the_user_has(told, written):
    import matplotlib as mpl

    with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "svg.hashsalt": "mine"}):
        assert told() == written


def test_it_has_all_figures_and_tables(written):
    titles = re.findall("<h2>(.*?)</h2>", written)
    assert titles == [
        "Cost against quality",
        "Each router",
        "Regret over time",
        "Shares of the models",
        "Numbers",
        "Compared with warm",
    ]
    overview, alone, regret, shares = (set(texts(figure)) for figure in figures(written))
    assert {*ROUTERS, "small", "big", "hull of the models"} <= overview
    assert {*ROUTERS} <= alone
    assert {"cold", "any", "against the best single model"} <= regret
    assert not {"warm", "one"} & regret
    assert {*ROUTERS, "small", "big", "100%"} <= shares


def test_a_model_is_shown_whole_or_not_at_all(run):
    """However near the end of the axis it is."""
    drawn = measured(read_routers([run]))

    def markers(quality):
        worse = Point(drawn.models.points[0].dollars, Estimate(quality, quality, quality, 1, 1))
        models = replace(drawn.models, points=(*drawn.models.points, worse))
        with drawing():
            figure = drawn_figures.alone(replace(drawn, models=models))
        uses = ElementTree.fromstring(figure).iterfind(".//{*}g[@clip-path]//{*}use")
        return figure.count("<use"), len(list(uses))

    low, _ = drawn_figures._limits(drawn)
    shown, left_out = markers(low + 1e-9), markers(low - 1e-9)
    assert shown[0] - left_out[0] == len(drawn.routers)
    assert shown[1] == left_out[1]  # none of them is cut at the end of the axis


def test_colours_are_those_of_the_page_in_light_and_dark(written):
    used = set(
        re.findall(r"var\(--([a-z0-9]+)\)", "".join(re.findall("<svg.*?</svg>", written, re.S)))
    )
    for mode in re.findall(r":root \{(.*?)\}", written, re.DOTALL):
        assert used <= set(re.findall(r"--([a-z0-9]+):", mode))
    assert {"ink", "soft", "grid", "c0", "c3"} <= used
    assert "#fe00" not in written


def test_each_name_of_an_element_is_its_own(written):
    names = re.findall(r' id="([^"]+)"', written)
    assert len(names) == len(set(names))
    assert set(re.findall(r'(?:url\(|href=")#(p?m?[0-9a-f]+)', written)) <= set(names)


def test_a_table_has_each_number_with_its_interval(written):
    numbers = written[written.index("<h2>Numbers") : written.index("<h2>Compared")]
    rows = re.findall('<tr><th scope="row">(.*?)</th>(.*?)</tr>', numbers)
    assert [name for name, _ in rows] == ["warm", "cold", "any", "one"]
    assert re.findall("<td></td>", rows[2][1]) == ["<td></td>"] * 2
    number = "\N{MINUS SIGN}?[0-9.]+%?"
    cell = rf"<td><span>{number}</span><small>\[({number}|\N{{EM DASH}}), {number}\]</small></td>"
    assert len(re.findall(cell, rows[0][1])) == 7


def test_differences_that_are_sure_are_bold(written):
    compared = written[written.index("<h2>Compared") :].replace("\N{MINUS SIGN}", "-")
    cells = re.findall(r"<span( class=.apart.)?>[^<]+</span><small>\[(.*?)%?, (.*?)%?\]", compared)
    sure = 0
    for mark, *ends in cells:
        low, high = (float(end.replace("\N{EM DASH}", "nan")) for end in ends)
        assert (low >= 0 or high <= 0) if mark else not (low > 0 or high < 0)
        sure += bool(mark)
    assert 0 < sure < len(cells)


def test_names_are_text_and_nothing_else(other_run):
    names = ("<script>alert(1)</script>", "$x^2$ \N{SNOWMAN}\N{CJK UNIFIED IDEOGRAPH-6A21} #fe0000")
    routers = {'"><b>&': {"policy": {"use": "random"}, "price": 0.1}}
    graded = read_routers([other_run(names=names, routers=routers)])
    written = page(measured(graded), ["<run>"], ["<i>"], "", "<u>")
    for tag in ("<script", "<b>", "<run>", "<i>", "<u>"):
        assert tag not in written
    assert {names[0], names[1]} <= {*texts(figures(written)[0])}


def test_one_router_over_one_query_can_be_drawn(other_run):
    """Where nothing has an interval, and the models are equally good."""
    split = {"train": 0.9, "validation": 0.09, "test": 0.01}
    graded = read_routers([other_run(limit=1, split=split, routers={"any": ROUTERS["any"]})])
    assert graded.routers[0].passes["000000"].queries.size == 1
    written = page(measured(graded), ["run"], [], "", "p = 0")
    assert len(figures(written)) == 4
    assert "1 router over a log of 2 models" in written


def test_models_that_cost_nothing_can_be_drawn(other_run):
    prices = {name: {"prompt": 0, "completion": 0} for name in NAMES}
    columns = {"proxy": "characters"}
    graded = read_routers([other_run(prices=prices, columns=columns)])
    written = page(measured(graded, graded.routers[0]), ["run"], [], "warm", "p = 0")
    assert len(figures(written)) == 4
    assert "nan" not in written
