"""Figures of matplotlib as SVG in a page, whose colours are those of the page's style sheet.

The colours in which figures are drawn stand for variables of the style sheet, so that one figure is
right in light, in dark and on paper; and so are fonts. The same figure gives the same bytes.
"""

from __future__ import annotations

import io
import re
import warnings
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CARD", "GRID", "HALO", "INK", "LINES", "REST", "SOFT", "drawing", "figure", "svg"]

_VARIABLES = ("ink", "soft", "grid", "rest", "card", "c0", "c1", "c2", "c3", "c4", "c5")
_STANDS_FOR = {f"#fe00{number:02x}": name for number, name in enumerate(_VARIABLES)}
INK, SOFT, GRID, REST, CARD, *LINES = _STANDS_FOR

HALO = "halo"
"""Name of texts that can be read on what is drawn behind them."""

_COLOUR = re.compile("(fill|stroke): (#fe00[0-9a-f]{2})")
_NAMED = re.compile(r' id="[A-Za-z0-9.]+_[0-9]+"')
"""Names of groups, the same in every figure; those that are referred to are hashes."""

_NO_METADATA: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))

_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": GRID,
    "axes.facecolor": "none",
    "axes.labelcolor": SOFT,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "figure.dpi": 72,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "legend.labelspacing": 0.55,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
    "svg.fonttype": "none",
    "xtick.color": GRID,
    "xtick.labelcolor": SOFT,
    "ytick.color": GRID,
    "ytick.labelcolor": SOFT,
}


@contextmanager
def drawing() -> Iterator[None]:
    """All figures are made, drawn and written inside, whatever the user's own style is."""
    with mpl.rc_context(), warnings.catch_warnings():
        # A page has fonts for what that of matplotlib cannot draw.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def figure(width: float, height: float) -> Figure:
    """An empty figure; both in points."""
    return Figure((width / 72, height / 72))


def svg(of: Figure, name: str, description: str) -> str:
    """The figure as an element of a page.

    Args:
        of: the figure.
        name: its own in the page.
        description: for those who cannot see it.
    """
    mpl.rcParams["svg.hashsalt"] = name
    stream = io.StringIO()
    of.savefig(stream, format="svg", metadata=_NO_METADATA)
    written = stream.getvalue()
    element = _NAMED.sub("", written[written.index("<svg") :])
    element = _COLOUR.sub(lambda found: f"{found[1]}: var(--{_STANDS_FOR[found[2]]})", element)
    element = element.replace(f'id="{HALO}"', f'class="{HALO}"')
    return element.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1)
