"""Elements of SVG in the manner of evalcore's reports: their fonts and colours, light and dark.

Colours are the custom properties of the report's page, each with what it is where the drawing
stands alone.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "COLOURS",
    "GRID",
    "INK",
    "SOFT",
    "WIDTH",
    "area",
    "cells",
    "dots",
    "label",
    "legend",
    "line",
    "number",
    "polyline",
    "svg",
]

#: Width of a drawing, in CSS pixels.
WIDTH = 1000

INK = "var(--ink, #1c1d21)"
SOFT = "var(--soft, #62656e)"
GRID = "var(--grid, #ececea)"

#: Of lines: the page's own, five of Okabe and Ito's, and a grey; they stand out on light and dark.
COLOURS = (
    "var(--accent, #33699e)",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#8c8c8c",
)

#: Width of a character of a label, about, and height of a row of a legend.
_CHARACTER = 6.3
_ROW = 18

#: What cannot stand in a page, and a picture of it.
_VISIBLE = {code: 0x2400 + code for code in range(32)} | dict.fromkeys(
    range(0xD800, 0xE000), 0xFFFD
)


def svg(title: str, description: str, height: float, content: str) -> str:
    """A whole drawing.

    Args:
        title: what it is, for readers who cannot see it.
        description: what is to be seen.
        height: in CSS pixels, where it is `WIDTH` of them wide.
        content: its elements.
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" '
        f'height="{number(height)}" viewBox="0 0 {WIDTH} {number(height)}">'
        f"<title>{_text(title)}</title><desc>{_text(description)}</desc>{content}</svg>"
    )


def label(
    x: float, y: float, text: str, *, anchor: str = "start", colour: str = SOFT, bold: bool = False
) -> str:
    """A line of text that stands on the point, or ends or is centred there."""
    weight = "600 " if bold else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" text-anchor="{anchor}" '
        f'style="fill:{colour};font:{weight}11px var(--sans, system-ui, sans-serif)">'
        f"{_text(text)}</text>"
    )


def line(start: tuple[float, float], end: tuple[float, float], colour: str = GRID) -> str:
    """A thin line between two points."""
    (x1, y1), (x2, y2) = start, end
    return (
        f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}" '
        f'style="stroke:{colour}"/>'
    )


def polyline(
    points: Iterable[tuple[float, float]], colour: str, *, width: float = 1.5, dash: str = ""
) -> str:
    """A line through points."""
    path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    dashed = f";stroke-dasharray:{dash}" if dash else ""
    return (
        f'<polyline points="{path}" style="fill:none;stroke:{colour};stroke-width:{width:g};'
        f'stroke-linejoin:round{dashed}"/>'
    )


def area(corners: Iterable[tuple[float, float]], colour: str) -> str:
    """A band behind a line, so light that others show through."""
    path = " ".join(f"{number(x)},{number(y)}" for x, y in corners)
    return f'<polygon points="{path}" style="fill:{colour};fill-opacity:0.15;stroke:none"/>'


def cells(places: Iterable[tuple[float, float, float]], height: float, opacity: float) -> str:
    """Filled cells of a raster, each from its left upper corner on and of its own width."""
    tall = f"{height:.2f}"
    path = "".join(f"M{x:.2f} {y:.2f}h{wide:.2f}v{tall}h-{wide:.2f}z" for x, y, wide in places)
    return f'<path d="{path}" style="fill:{COLOURS[0]};fill-opacity:{opacity:.2f}"/>'


def dots(points: Iterable[tuple[float, float, str]], colour: str, radius: float = 2.2) -> str:
    """Dots of one colour, each with what it says to who points at it."""
    circles = "".join(
        f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}">'
        f"<title>{_text(told)}</title></circle>"
        for x, y, told in points
    )
    return f'<g style="fill:{colour};stroke:{SOFT};stroke-width:0.4">{circles}</g>'


def legend(names: Sequence[tuple[str, str, str]], top: float) -> tuple[str, float]:
    """The keys of lines in rows, and the height that these take.

    Args:
        names: name, colour and dash of each line.
        top: where the rows begin.
    """
    drawn, x, y = [], 0.0, top + 11
    for name, colour, dash in names:
        width = 24 + _CHARACTER * len(name) + 14
        if x and x + width > WIDTH:
            x, y = 0.0, y + _ROW
        drawn.append(polyline([(x, y - 4), (x + 18, y - 4)], colour, width=2, dash=dash))
        drawn.append(label(x + 24, y, name, colour=INK))
        x += width
    return "".join(drawn), y - top + 7


def number(value: float) -> str:
    """A coordinate.

    Raises:
        ValueError: if it is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"found {value} as a coordinate, expected a finite number")
    return f"{value:.1f}".removesuffix(".0")


def _text(value: str) -> str:
    return escape(value.translate(_VISIBLE))
