"""The figures of the report: cost against quality, regret over time, shares of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from evalcore_metallm.report.drawing import CARD, INK, LINES, REST, SOFT, figure, svg
from evalcore_metallm.report.labels import beside

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from evalcore_metallm.oracles import Frontier
    from evalcore_metallm.report.numbers import Drawn, Measured, Models, Point

    Floats = NDArray[np.float64]

__all__ = ["alone", "overview", "regret", "shares"]

_WIDTH = 820.0
_LONG = 30
"""Letters of a name in a figure."""

_DASHES = ("-", (0, (4, 1.6)), (0, (1, 1.4)), (0, (5, 1.4, 1, 1.4)))
_MARKERS = "osD^vPX"
_DOLLARS = "dollars for 10,000 queries"


_BETWEEN = 16
"""Steps of a curve between two points."""


class _Look(NamedTuple):
    """How a router is drawn in all figures."""

    color: str
    linestyle: Any
    marker: str
    linewidth: float = 1.6
    zorder: float = 4


_FAINT = _Look(REST, "-", "", linewidth=0.8, zorder=1)


def overview(drawn: Drawn) -> str:
    """All routers, models and oracles, cost against quality."""
    of = figure(_WIDTH, max(470, 16 * (len(drawn.routers) + 5)))
    axes = of.add_subplot()
    _draw_models(axes, drawn.models, labelled=True)
    _draw_oracles(axes, drawn.models)
    for router, look in _looks(drawn.routers):
        single = len(router.points) == 1
        if single:
            _draw_whiskers(axes, router.points, look.color)
        _draw_points(
            axes, router.points, look, label=_short(router.name), size=6.5 if single else 4
        )
    _scale_dollars(axes, _dollars(drawn))
    axes.set_ylabel("quality")
    of.legend(loc="outside right upper")
    _name_models(axes, drawn)
    return svg(of, "overview", "Quality over cost of every model, oracle and router")


def alone(drawn: Drawn) -> str:
    """Each router for itself, with its intervals, before the hull of the models alone."""
    columns = min(3, len(drawn.routers))
    rows = -(-len(drawn.routers) // columns)
    of = figure(_WIDTH, 195 * rows + 14)
    panels = of.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    dollars, limits = _dollars(drawn), _limits(drawn)
    for axes, (router, look) in zip(panels, _looks(drawn.routers), strict=False):
        _draw_models(axes, drawn.models, labelled=False, lowest=limits[0])
        for other in drawn.routers:
            if other is not router and len(other.points) > 1:
                _draw_points(axes, other.points, _FAINT, size=0)
        if len(router.points) > 1:
            _draw_hull(axes, router.hull, dollars, color=look.color, lw=1, alpha=0.6)
        _draw_whiskers(axes, router.points, look.color)
        solid = look._replace(linestyle="none")
        _draw_points(axes, router.points, solid, size=4 if len(router.points) > 1 else 6)
        axes.set_title(_short(router.name))
    for axes in panels[len(drawn.routers) :]:
        axes.remove()
    for axes in panels[: len(drawn.routers)][-columns:]:
        axes.tick_params(labelbottom=True)
    _scale_dollars(panels[0], dollars, named=False)
    panels[0].set_ylim(*limits)
    of.supxlabel(_DOLLARS, color=SOFT, size=9)
    of.supylabel("quality", color=SOFT, size=9)
    return svg(of, "alone", "Quality over cost of each router, with intervals")


def regret(drawn: Drawn) -> str:
    """Gathered regret of the routers that chose query by query; nothing if none did."""
    routers = [(router, look) for router, look in _looks(drawn.routers) if router.times]
    if not routers:
        return ""
    of = figure(_WIDTH, 340)
    panels = dict(zip(routers[0][0].times, of.subplots(1, 2), strict=True))
    for against, axes in panels.items():
        for router, look in routers:
            time = router.times[against]
            label = _short(router.name) if against == "reward" else None
            axes.fill_between(time.queries, time.low, time.high, color=look.color, alpha=0.14, lw=0)
            axes.plot(
                time.queries, time.regret, color=look.color, linestyle=look.linestyle, label=label
            )
        axes.axhline(0, color=SOFT, lw=0.8)
        axes.set_title(f"against {_AGAINST[against]}")
        axes.set_xlabel("queries of a pass")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.margins(x=0)
    panels["reward"].set_ylabel("cumulative regret")
    of.legend(loc="outside lower center", ncols=min(4, len(routers)))
    return svg(of, "regret", "Cumulative regret over the queries of a pass")


def shares(drawn: Drawn) -> str:
    """For how many queries each router chose each model."""
    models = drawn.models
    of = figure(_WIDTH, 24 * len(drawn.routers) + 54 + 13 * -(-len(models.names) // 4))
    axes = of.add_subplot()
    rows = np.arange(len(drawn.routers))
    table = np.array([router.shares for router in drawn.routers])[:, models.places]
    starts = table.cumsum(axis=1) - table
    colours = _shades(len(models.names))
    for number, name in enumerate(models.names):
        axes.barh(
            rows, table[:, number], left=starts[:, number], height=0.72, label=_short(name),
            color=colours[number], edgecolor=CARD, lw=1,
        )  # fmt: skip
        for row in rows[table[:, number] >= _WRITTEN]:
            axes.text(
                starts[row, number] + table[row, number] / 2, row, f"{table[row, number]:.0%}",
                ha="center", va="center", size=8, color=_on(colours[number]),
            )  # fmt: skip
    axes.set_yticks(rows, [_short(router.name) for router in drawn.routers], color=INK)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0%}"))
    axes.grid(visible=False)
    axes.tick_params(left=False)
    axes.spines["left"].set_visible(False)
    of.legend(loc="outside upper center", ncols=min(4, len(models.names)), handlelength=1.2)
    return svg(of, "shares", "Share of the queries for which each router chose each model")


_AGAINST = {"reward": "the best choice for each query", "best-single": "the best single model"}
_WRITTEN = 0.06
"""From this share on it is written in its bar."""


def _short(name: str) -> str:
    return name if len(name) <= _LONG else f"{name[: _LONG - 1]}…"


def _looks(routers: Sequence[Measured]) -> Iterable[tuple[Measured, _Look]]:
    """Six colours, then the same with other dashes."""
    for number, router in enumerate(routers):
        dashes = _DASHES[number // len(LINES) % len(_DASHES)]
        yield router, _Look(LINES[number % len(LINES)], dashes, _MARKERS[number % len(_MARKERS)])


def _xy(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [one.dollars.value for one in points], [one.quality.value for one in points]


def _draw_points(
    axes: Axes, points: Sequence[Point], look: _Look, *, size: float, label: str | None = None
) -> None:
    """Points, and between them what can be had of both, which is no line where the axis is not."""
    line = [np.interp(np.arange((len(of) - 1) * _BETWEEN + 1) / _BETWEEN, np.arange(len(of)), of)
            for of in _xy(points)]  # fmt: skip
    axes.plot(
        *line, **look._asdict(), label=label,
        markevery=_BETWEEN, markersize=size, mec=CARD, mew=0.6,
    )  # fmt: skip


def _draw_whiskers(axes: Axes, points: Sequence[Point], color: str) -> None:
    """The intervals that are known."""
    style: dict[str, Any] = {"color": color, "lw": 1.2, "alpha": 0.45, "zorder": 3}
    for dollars, quality in points:
        if np.isfinite([dollars.low, dollars.high]).all():
            axes.plot([dollars.low, dollars.high], [quality.value] * 2, **style)
        if np.isfinite([quality.low, quality.high]).all():
            axes.plot([dollars.value] * 2, [quality.low, quality.high], **style)


def _draw_hull(axes: Axes, hull: Frontier, dollars: Floats, **style: Any) -> None:
    """A hull, which is made of straight lines where the axis is linear, and flat at its end."""
    start, stop = hull.cost[0], max(dollars.max(), hull.cost[-1])
    at = np.union1d(hull.cost, np.linspace(start, stop, 200))
    axes.plot(at, np.interp(at, hull.cost, hull.quality), **style)


def _draw_models(axes: Axes, models: Models, *, labelled: bool, lowest: float = -np.inf) -> None:
    """The models whose quality is not below the lowest, each whole, and the hull of all."""
    dollars = np.array(_xy(models.points)[0])
    seen = [one for one in models.points if one.quality.value >= lowest]
    if labelled:
        _draw_whiskers(axes, models.points, SOFT)
    size = 5.5 if labelled else 3
    label = "a model alone" if labelled else None
    axes.plot(
        *_xy(seen), "D", color=SOFT, markersize=size, mec=CARD, mew=0.6, label=label, clip_on=False
    )
    hull = {"color": SOFT, "linestyle": (0, (4, 2)), "lw": 1.1, "zorder": 1.5}
    _draw_hull(axes, models.hull, dollars, **hull, label="hull of the models" if labelled else None)


def _draw_oracles(axes: Axes, models: Models) -> None:
    axes.plot(
        *models.plans, color=INK, linestyle=(0, (1, 1.6)), lw=1.1, label="best plan at a cost"
    )
    _draw_whiskers(axes, [models.oracle], INK)
    axes.plot(
        *_xy([models.oracle]), "*", color=INK, markersize=10, mec=CARD, mew=0.6,
        label="best model of each query",
    )  # fmt: skip


def _name_models(axes: Axes, drawn: Drawn) -> None:
    names = [_short(name) for name in drawn.models.names]
    at = list(zip(*_xy(drawn.models.points), strict=True))
    beside(axes, at, names, color=SOFT, size=8)


def _dollars(drawn: Drawn) -> Floats:
    """All costs of the figure of models and routers."""
    points = [*drawn.models.points, *(one for router in drawn.routers for one in router.points)]
    return np.array([one.dollars.value for one in points])


def _limits(drawn: Drawn) -> tuple[float, float]:
    """Of quality, where routers are: models that are worse than all of them are left out."""
    points = [one.quality for router in drawn.routers for one in router.points]
    ends = [end for one in points for end in (one.low, one.value, one.high)]
    seen = np.array([*ends, *drawn.models.hull.quality])
    low, high = np.nanmin(seen), np.nanmax(seen)
    room = 0.05 * (high - low) or 0.05
    return low - room, high + room


def _scale_dollars(axes: Axes, dollars: Floats, *, named: bool = True) -> None:
    """An axis of dollars, logarithmic where they span a decade."""
    if dollars.min() > 0 and dollars.max() >= 10 * dollars.min():
        axes.set_xscale("log")
        decades = np.log10(dollars.max() / dollars.min())
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 3 else (1,)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"${value:,g}"))
    if named:
        axes.set_xlabel(_DOLLARS)


def _shades(count: int) -> list[str]:
    """From light for the cheapest to dark for the dearest: cividis, without its darkest."""
    shades = mpl.colormaps["cividis"](np.linspace(0.95, 0.15, count))
    return [mpl.colors.to_hex(shade) for shade in shades]


def _on(colour: str) -> str:
    """Black or white, whichever can be read on a colour."""
    light = np.dot(mpl.colors.to_rgb(colour), (0.299, 0.587, 0.114)) > 0.5
    return "#1c1d21" if light else "#ffffff"
