"""Metric `extrapolation-map`: the error of locations, and maps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalcore.metric import Picture
from evalcore_implicit.metrics.curve import ExtrapolationCurve, ExtrapolationCurveSettings
from evalcore_implicit.metrics.shown import drawn
from evalcore_implicit.pictures.world import World, worlds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from evalcore.metric import Shown

__all__ = ["ExtrapolationMap", "ExtrapolationMapSettings"]


class ExtrapolationMapSettings(ExtrapolationCurveSettings):
    """What is measured; what is drawn are kilometres."""


class ExtrapolationMap(ExtrapolationCurve):
    """The error at each shift, and of one drawing a map of it for each model.

    Of tasks without maps on record there is nothing.
    """

    needs = "score.map"

    settings: ExtrapolationMapSettings

    def pictures(self, cells: Sequence[Shown]) -> Iterable[Picture]:
        """A picture for each task, with a map for each model."""
        for group in drawn(cells, self.needs):
            title = f"Maps of errors, {group.of}" if group.of else "Maps of errors"
            shown = [
                _world(model, found) for model, found in zip(group.models, group.found, strict=True)
            ]
            caption = (
                "Test events of one drawing at their true places; the colour is by how many "
                "kilometres each was missed, the dashed line the region of the task."
            )
            told = f"{len(shown)} maps: {', '.join(group.models)}."
            yield Picture(title, worlds(shown, title, told), caption)


def _world(model: str, found: Mapping[str, Any]) -> World:
    events = zip(found["longitude"], found["latitude"], found["error"], strict=True)
    region = [(float(longitude), float(latitude)) for longitude, latitude in found["region"]]
    return World(model, list(events), region)
