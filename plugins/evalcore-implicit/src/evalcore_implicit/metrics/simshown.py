"""Pictures of State-driven Implicit Modeling, from what is on record of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore.metric import Picture
from evalcore_implicit.metrics.contenders import records_of
from evalcore_implicit.metrics.curves import estimate
from evalcore_implicit.pictures.charts import Chart, Point, charts
from evalcore_implicit.pictures.matrices import Matrices, matrices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore.metric import Shown
    from evalcore_implicit.metrics.contenders import Read, Records

__all__ = ["against_weights", "over_strengths", "patterns", "under_attack"]


def against_weights(cells: Sequence[Shown], read: Read, what: str) -> Iterator[Picture]:
    """A number of every contender over the share of weights that it has left."""

    def drawn(records: Records) -> dict[str, list[Point]]:
        lines: dict[str, list[Point]] = {}
        for name in records.names():
            for strength in records.strengths(name):
                shares = records.values(name, strength, lambda found: found["share"])
                if np.isnan(shares).all():
                    continue
                at = float(np.nanmean(shares))
                point = _point(at, records.values(name, strength, read), records)
                if point is not None and at > 0:
                    lines.setdefault(name, []).append(point)
        return {name: sorted(points) for name, points in lines.items()}

    title = f"{what.capitalize()} against weights left"
    caption = (
        "Weights that are not 0 as a share of the teacher's, on a logarithmic scale; bands are "
        "95% intervals over drawings. The teacher is where all are left."
    )
    yield from _charts(cells, drawn, (title, caption), ("share of weights left", what))


def under_attack(cells: Sequence[Shown], kind: str, strength: float | None) -> Iterator[Picture]:
    """The accuracy of every contender over the strength of an attack."""

    def drawn(records: Records) -> dict[str, list[Point]]:
        lines: dict[str, list[Point]] = {}
        for name in records.names():
            for at in records.attacked(kind):
                found = records.accuracies(name, strength, kind, at)
                point = _point(at, found, records)
                if point is not None:
                    lines.setdefault(name, []).append(point)
        return lines

    title = f"Accuracy under attack, {kind}"
    of = "the middle of the path" if strength is None else f"lambda = {strength:g}"
    caption = (
        f"Each contender under attacks of its own, at {of}; epsilon is the largest change of a "
        "pixel (of Gaussian noise the standard deviation), on a logarithmic scale; bands are 95% "
        "intervals over drawings."
    )
    yield from _charts(cells, drawn, (title, caption), ("epsilon", "accuracy"))


def over_strengths(
    cells: Sequence[Shown], contender: str, read: Read, what: str
) -> Iterator[Picture]:
    """A number of one contender over lambda, a line for each cell."""
    lines: dict[str, list[Point]] = {}
    for cell in cells:
        records = records_of(cell.scores)
        if records is None:
            continue
        for strength in records.strengths(contender):
            if strength:
                point = _point(strength, records.values(contender, strength, read), records)
                if point is not None:
                    lines.setdefault(cell.cell or contender, []).append(point)
    if lines:
        title = f"{what.capitalize()} of {contender}"
        told = f"{what} over lambda, a line for each of {', '.join(lines)}."
        chart = Chart("", lines)
        caption = "The mean over samples; bands are 95% intervals over drawings."
        yield Picture(title, charts([chart], title, told, ("lambda", what)), caption)


def patterns(cells: Sequence[Shown]) -> Iterator[Picture]:
    """The matrices of one drawing of each cell."""
    shown = []
    strengths = []
    for cell in cells:
        known = [found for found in cell.scores.details("details.pattern") if found]
        if known:
            shown.append(_matrices(cell.cell, known[0]))
            strengths.append(f"{known[0]['strength']:g}")
    if shown:
        title = "Pattern of the matrices"
        at = " and ".join(dict.fromkeys(strengths))
        caption = (
            f"Of one drawing at lambda = {at}: A and B above, C and D below; the darker, the more "
            "of the weights there are not 0. Lines part the layers, the last one first."
        )
        told = f"The matrices of {len(shown)} models."
        yield Picture(title, matrices(shown, title, told), caption)


def _matrices(name: str, found: Mapping[str, Any]) -> Matrices:
    states = found["shape"][0]
    ends = [end / states for end in found["layers"]] if states else []
    return Matrices(name, {key: found[key] for key in "ABCD"}, ends)


def _charts(
    cells: Sequence[Shown], drawn: Any, words: tuple[str, str], axes: tuple[str, str]
) -> Iterator[Picture]:
    """A picture with a chart for each cell of which there is anything to draw."""
    title, caption = words
    shown = []
    for cell in cells:
        records = records_of(cell.scores)
        lines = {} if records is None else drawn(records)
        if lines:
            shown.append(Chart(cell.cell, lines))
    if shown:
        names = dict.fromkeys(name for chart in shown for name in chart.lines)
        told = f"{len(shown)} charts of {axes[1]} over {axes[0]}: {', '.join(names)}."
        yield Picture(title, charts(shown, title, told, axes), caption)


def _point(at: float, values: NDArray[np.float64], records: Records) -> Point | None:
    if np.isnan(values).all():
        return None
    found = estimate(values, records.samples)
    return Point(at, found.value, found.low, found.high)
