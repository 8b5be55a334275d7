"""The contexts of passes, which are the same in all cells of a sweep that share the features."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from evalcore_metallm import features
from evalcore_metallm.features import Featuriser

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evalcore_metallm.evaluation.passes import Pass
    from evalcore_metallm.features import FeatureSettings
    from evalcore_metallm.logs.routing import RoutingLog

    Floats = NDArray[np.float64]

__all__ = ["contexts_of"]

_HELD = 2**29
"""Bytes of contexts that are held in all; of passes beyond that they are computed each time."""


def contexts_of(one: Pass, train: RoutingLog, settings: FeatureSettings) -> Featuriser:
    """Features fitted on the training part, which know the contexts of the pass by heart.

    Fitting takes most of the time of a pass, and what is fitted is large; contexts are small.

    Raises:
        EvalcoreError: if they cannot be fitted.
    """
    key = _key(one, train, settings)
    if key in _known:
        return _known[key]
    fitted = features.make(settings)
    fitted.fit(train.queries)
    parts = [train.queries, one.queries]
    if one.validation is not None:
        parts.append(one.validation.queries)
    remembered = _Remembered({queries: fitted.transform(queries) for queries in parts})
    if remembered.size + sum(other.size for other in list(_known.values())) <= _HELD:
        _known[key] = remembered
    return remembered


class _Remembered(Featuriser):
    """What a featuriser made of some lists of queries."""

    def __init__(self, contexts: dict[Sequence[str], Floats]) -> None:
        self._contexts = contexts
        self.size = sum(of_part.nbytes for of_part in contexts.values())

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return int(next(iter(self._contexts.values())).shape[1])

    def transform(self, queries: Sequence[str]) -> Floats:
        """The contexts of one of these lists."""
        return self._contexts[queries]


_known: dict[bytes, _Remembered] = {}


def _key(one: Pass, train: RoutingLog, settings: FeatureSettings) -> bytes:
    validation = one.validation.queries if one.validation else ()
    text = repr((settings, train.queries, validation, one.queries))
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
