"""A router: the one object that is fitted, graded, saved and served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from evalcore.errors import EvalcoreError
from evalcore.prices import Price
from evalcore.settings import Settings
from evalcore_metallm import features, state
from evalcore_metallm.features import FeatureSettings
from evalcore_metallm.logs.routing import Arm
from evalcore_metallm.policies import catalogue
from evalcore_metallm.policies.catalogue import PolicySettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from evalcore_metallm.features import Featuriser
    from evalcore_metallm.logs.routing import RoutingLog
    from evalcore_metallm.policies.policy import Bools, Choices, Floats, Policy

__all__ = ["Router", "RouterSettings"]


class RouterSettings(Settings):
    """How a router picks, and by what."""

    policy: PolicySettings = Field(default="linucb", validate_default=True)
    """What picks: a name such as `linucb`, or `use` with settings of its own."""
    features: FeatureSettings = Field(default="tfidf", validate_default=True)
    """What it sees of a query: `tfidf`, `hashing` or `sentence`, or `use` with settings."""
    price: float = Field(0.0, ge=0, allow_inf_nan=False)
    """How much quality the mean cost of the dearest model is worth; 0 looks at quality alone."""
    training_cost: Literal["mean", "recorded"] = "mean"
    """What a training query is taken to cost: as much as every query of that model on the mean,
    which MetaLLM found to be as good as any (section 4.4), or what is recorded of it."""


class Router:
    """Picks one of several models for each query.

    Policies see cost as a share of `scale`, so `price` has the meaning of the p of MetaLLM
    (arXiv 2407.10834, section 3.3), whatever the models cost.

    Attributes:
        arms: the models.
        settings: what it was made with.
        featuriser: what turns queries into contexts.
        policy: what picks, and learns.
        costs: dollars that a query costs each arm, as far as was known at the start, shape (k,).
        scale: the highest of these, in dollars; 1 where all cost nothing.
        seed: of all that it draws.
    """

    def __init__(
        self,
        arms: Sequence[Arm],
        costs: ArrayLike,
        settings: RouterSettings,
        featuriser: Featuriser,
        seed: int = 0,
    ) -> None:
        self.arms, self.settings = tuple(arms), settings
        self.featuriser, self.seed = featuriser, seed
        self.costs = _checked(costs, self.arms)
        self.scale = float(self.costs.max()) or 1.0
        self.policy: Policy = catalogue.make(
            settings.policy,
            arms=len(self.arms),
            width=featuriser.width,
            price=settings.price,
            seed=seed,
            costs=self.costs / self.scale,
            names=[arm.name for arm in self.arms],
        )

    @classmethod
    def fit(cls, log: RoutingLog, settings: RouterSettings, seed: int = 0) -> Router:
        """A router that has learned from a log with the outcome of every model.

        Args:
            log: the training queries, and no others.
            settings: of the policy and the features.
            seed: of all that it draws.

        Raises:
            EvalcoreError: if a model has no outcome, or the features cannot be fitted.
        """
        featuriser = features.make(settings.features)
        featuriser.fit(log.queries)
        router = cls(log.models, log.mean_cost(), settings, featuriser, seed)
        router.warm_start(log)
        return router

    @classmethod
    def cold(
        cls, arms: Sequence[Arm], costs: ArrayLike, settings: RouterSettings, seed: int = 0
    ) -> Router:
        """A router that has learned nothing yet.

        Args:
            arms: the models.
            costs: dollars that a query is expected to cost each, shape (k,).
            settings: of the policy and of features that need no training.
            seed: of all that it draws.

        Raises:
            EvalcoreError: if the features, or the policy, must be trained.
        """
        return cls(arms, costs, settings, features.make(settings.features), seed)

    @property
    def price(self) -> float:
        """The p of the paper: may be set at any time, and nothing is fitted anew."""
        return self.policy.price

    @price.setter
    def price(self, price: float) -> None:
        if not (np.isfinite(price) and price >= 0):
            raise EvalcoreError(f"found a price of {price}, expected 0 or more")
        self.policy.price = float(price)

    def contexts(self, queries: Sequence[str]) -> Floats:
        """What the policy sees of n queries, shape (n, d)."""
        return self.featuriser.transform(queries)

    def warm_start(self, log: RoutingLog) -> None:
        """Learn from a log with the outcome of every model, before all else."""
        cost = log.cost
        if self.settings.training_cost == "mean":
            cost = np.broadcast_to(self.costs, cost.shape)
        self.policy.warm_start(self.contexts(log.queries), log.quality, cost / self.scale)

    def choose(self, queries: Sequence[str], allowed: Bools | None = None) -> Choices:
        """Pick an arm for each query.

        Args:
            queries: n texts.
            allowed: which arms may be picked, shape (n, k) or (k,); all if not given.

        Returns:
            Numbers of the arms, and the probability of each to have been picked.

        Raises:
            EvalcoreError: if none may be.
        """
        return self.policy.choose(self.contexts(queries), allowed)

    def learn(
        self, queries: Sequence[str], arms: ArrayLike, quality: ArrayLike, cost: ArrayLike
    ) -> None:
        """Learn from the outcomes of arms that were picked; late and out of order are fine.

        Args:
            queries: n texts.
            arms: their numbers, shape (n,).
            quality: between 0 and 1, shape (n,).
            cost: dollars, shape (n,).
        """
        self.policy.update(
            self.contexts(queries),
            np.asarray(arms, dtype=np.intp),
            np.asarray(quality, dtype=np.float64),
            np.asarray(cost, dtype=np.float64) / self.scale,
        )

    def save(self, path: Path) -> None:
        """Write the router to a file, which is at all times the old one or the new one, whole.

        Raises:
            RouterStateError: if it cannot be written.
        """
        state.write_state(path, *self._state())

    @classmethod
    def load(cls, path: Path) -> Router:
        """The router that `save` wrote, equal to the bit.

        Raises:
            RouterStateError: if there is none, or it is damaged, of another version, or its parts
                do not fit each other.
        """
        return cls._restored(*state.read_state(path), source=str(path))

    def dumps(self) -> bytes:
        """The content of the file that `save` writes."""
        return state.pack(*self._state())

    @classmethod
    def loads(cls, content: bytes, source: str = "router") -> Router:
        """The router of which `dumps` gave the content; errors as of `load` call it `source`."""
        return cls._restored(*state.unpack(content, source), source=source)

    def _state(self) -> tuple[dict[str, Any], dict[str, NDArray[np.generic]]]:
        feature_meta, feature_arrays = self.featuriser.state()
        meta = {
            "arms": [
                {"name": arm.name, "price": arm.price and arm.price.model_dump()}
                for arm in self.arms
            ],
            "settings": self.settings.model_dump(mode="json"),
            "seed": self.seed,
            "price": self.price,
            "width": self.featuriser.width,
            "features": feature_meta,
        }
        arrays = _prefixed(_FEATURES, feature_arrays) | _prefixed(_POLICY, self.policy.state())
        return meta, {"costs": self.costs, **arrays}

    @classmethod
    def _restored(
        cls, meta: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]], source: str
    ) -> Router:
        try:
            _check_finite(arrays)
            settings = RouterSettings.model_validate(meta["settings"])
            featuriser = features.make(settings.features)
            featuriser.restore(meta["features"], _under(_FEATURES, arrays))
            _check_width(featuriser, meta["width"])
            arms = [_arm(**arm) for arm in meta["arms"]]
            router = cls(arms, arrays["costs"], settings, featuriser, meta["seed"])
            router.policy.restore(_under(_POLICY, arrays))
            router.price = meta["price"]
        except (EvalcoreError, KeyError, TypeError, ValueError) as error:
            raise state.RouterStateError(f"{source}: its parts do not fit: {error}") from error
        return router


_FEATURES, _POLICY = "features/", "policy/"


def _prefixed(
    prefix: str, arrays: Mapping[str, NDArray[np.generic]]
) -> dict[str, NDArray[np.generic]]:
    return {prefix + name: array for name, array in arrays.items()}


def _under(
    prefix: str, arrays: Mapping[str, NDArray[np.generic]]
) -> dict[str, NDArray[np.generic]]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _arm(name: str, price: Mapping[str, Any] | None) -> Arm:
    return Arm(name, None if price is None else Price.model_validate(price))


def _check_finite(arrays: Mapping[str, NDArray[np.generic]]) -> None:
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise EvalcoreError(f"{name} is of {array.dtype}, expected numbers")
        if not np.isfinite(array).all():
            raise EvalcoreError(f"{name} has values that are not finite, expected none")


def _check_width(featuriser: Featuriser, width: int) -> None:
    if featuriser.width != width:
        raise EvalcoreError(
            f"its policy learned from contexts of {width} numbers, and its features have "
            f"{featuriser.width}; fit the router again"
        )


def _checked(costs: ArrayLike, arms: Sequence[Arm]) -> Floats:
    found = np.array(costs, dtype=np.float64)
    if found.shape != (len(arms),):
        raise EvalcoreError(f"found {found.size} costs for {len(arms)} models, expected one each")
    for arm, cost in zip(arms, found, strict=True):
        if not (np.isfinite(cost) and cost >= 0):
            raise EvalcoreError(
                f"found a cost of {cost} a query for {arm.name}, expected dollars, 0 or more"
                + (": it has no known outcome to learn from" if np.isnan(cost) else "")
            )
    return found
