"""Metric `extrapolation-forecast`: the error of forecasts, and pictures of them and the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalcore.metric import Picture
from evalcore_implicit.metrics.curve import ExtrapolationCurve, ExtrapolationCurveSettings
from evalcore_implicit.metrics.shown import drawn
from evalcore_implicit.pictures.panels import Panel, panels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evalcore.metric import Shown
    from evalcore_implicit.metrics.shown import Drawn

__all__ = ["ExtrapolationForecast", "ExtrapolationForecastSettings"]


class ExtrapolationForecastSettings(ExtrapolationCurveSettings):
    """What is measured and drawn."""

    measure: str | None = "mae"
    """The error, one that the task has; `null` for its main measure."""


class ExtrapolationForecast(ExtrapolationCurve):
    """The error at each shift, and of one drawing the forecasts beside the truth.

    Of tasks without forecasts on record there is nothing.
    """

    needs = "score.forecast"

    settings: ExtrapolationForecastSettings

    def pictures(self, cells: Sequence[Shown]) -> Iterable[Picture]:
        """A picture for each task, with a panel for each shift and a line for each model."""
        for group in drawn(cells, self.needs):
            title = f"Forecasts, {group.of}" if group.of else "Forecasts"
            caption = (
                "Of one drawing, and of many times those evenly spread. The axis of a panel is "
                "around its truth; forecasts that leave it are cut there."
            )
            shown = _panels(group)
            told = f"{len(shown)} panels with the truth and {', '.join(group.models)}."
            yield Picture(title, panels(shown, title, told), caption)


def _panels(group: Drawn) -> list[Panel]:
    """A panel for each stretch that the first model has on record, with all models that have it."""
    first = group.found[0]
    return [
        Panel(
            stretch["name"],
            stretch["time"],
            stretch["truth"],
            {
                model: found[i]["predicted"]
                for model, found in zip(group.models, group.found, strict=True)
                if i < len(found) and found[i]["time"] == stretch["time"]
            },
        )
        for i, stretch in enumerate(first)
        if stretch["time"]
    ]
