"""What a policy is: it scores arms, picks one for each query, and learns from what came of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evalcore.settings import Settings

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]
    Bools = NDArray[np.bool_]
    State = Mapping[str, NDArray[np.generic]]

__all__ = ["Choices", "Estimate", "Policy", "Pool", "shares_of_best"]


@dataclass(frozen=True, slots=True)
class Pool:
    """The models to choose from, called arms.

    Attributes:
        names: k of them.
        costs: the mean cost of each as far as it is known beforehand, shape (k,).

    Raises:
        EvalcoreError: if there is none, or not a cost for each.
    """

    names: tuple[str, ...]
    costs: Floats

    def __post_init__(self) -> None:
        if not self.names:
            raise EvalcoreError("found no model to choose from, expected one at least")
        if np.shape(self.costs) != (len(self.names),):
            raise EvalcoreError(
                f"found costs of shape {np.shape(self.costs)} for {len(self.names)} models, "
                "expected one for each"
            )

    def number(self, name: str) -> int:
        """Which arm has that name.

        Raises:
            EvalcoreError: if none has.
        """
        if name not in self.names:
            raise EvalcoreError(
                f"found no model {name!r} to choose from, expected one of {', '.join(self.names)}"
            )
        return self.names.index(name)


class Choices(NamedTuple):
    """The arms picked for some queries.

    Attributes:
        arms: shape (n,).
        propensity: the probability with which each was picked, shape (n,).
    """

    arms: Ints
    propensity: Floats


class Estimate(NamedTuple):
    """What a policy counts on, of each arm for each query; hopeful where it wants to explore.

    Attributes:
        quality: shape (n, k).
        cost: shape (n, k).
    """

    quality: Floats
    cost: Floats

    def scores(self, price: float) -> Floats:
        """How much each arm is wanted: quality - price * cost."""
        return self.quality - price * self.cost


class Policy(ABC):
    """Picks one arm of a pool for each query, by contexts of length `width`.

    Quality and cost are learned apart, and the reward is quality - price * cost (MetaLLM, arXiv
    2407.10834, section 3.3), so `price` may be set at any time and nothing is fitted anew. A unit
    of cost is what the dearest arm costs on average, so that costs lie about between 0 and 1.

    Attributes:
        price: the p of the paper: what a unit of cost is worth in quality; 0 looks at quality
            alone.
    """

    learned: ClassVar[tuple[str, ...]] = ()
    """The attributes that hold what was learned, all of them arrays."""

    def __init__(
        self, settings: Settings, pool: Pool, width: int, *, price: float = 0.0, seed: int = 0
    ) -> None:
        self.pool, self.arms, self.width, self.price = pool, len(pool.names), width, price
        self.seed_choice(seed)

    @abstractmethod
    def estimate(self, contexts: Floats) -> Estimate:
        """What is to be expected of each arm, for contexts of shape (n, d), at any price."""

    def scores(self, contexts: Floats) -> Floats:
        """How much each arm is wanted: shape (n, k) for contexts of shape (n, d)."""
        return self.estimate(contexts).scores(self.price)

    def warm_start(self, contexts: Floats, quality: Floats, cost: Floats) -> None:
        """Learn from queries whose outcome is known for every arm, before all else.

        Args:
            contexts: shape (n, d).
            quality: shape (n, k), NaN where it is not known.
            cost: shape (n, k), NaN where it is not known.
        """

    def update(self, contexts: Floats, arms: Ints, quality: Floats, cost: Floats) -> None:
        """Learn from the outcomes of arms that were picked; late and out of order are fine.

        Args:
            contexts: shape (n, d).
            arms: shape (n,).
            quality: shape (n,).
            cost: shape (n,).
        """

    def probabilities(self, contexts: Floats, allowed: Bools | None = None) -> Floats:
        """How likely each arm is to be picked, shape (n, k); ties share what is best.

        Args:
            contexts: shape (n, d).
            allowed: which arms may be picked, shape (n, k) or (k,); all if not given.

        Raises:
            EvalcoreError: if none may be.
        """
        return shares_of_best(self.scores(contexts), allowed)

    def choose(self, contexts: Floats, allowed: Bools | None = None) -> Choices:
        """Pick an arm for each query; arguments and errors as of `probabilities`."""
        return self._drawn(self.probabilities(contexts, allowed))

    def escalate(self, contexts: Floats, arms: Ints, quality: Floats) -> Ints:
        """The arms to ask after answers that are not good enough, -1 where the answer stands.

        Only a cascade asks more than one arm. Every arm that was asked is paid for; the answer of
        the last one counts.

        Args:
            contexts: shape (n, d).
            arms: that gave the answers, shape (n,).
            quality: of the answers, shape (n,), for the scorer to look at.
        """
        return np.full(len(arms), -1)

    def seed_choice(self, seed: int) -> None:
        """Draw from here on what `seed` says, whatever was drawn before."""
        self._rng = np.random.default_rng(seed)

    def state(self) -> State:
        """All that choices depend on but the settings and the price, as arrays by name.

        They are the policy's own, and change as it learns.
        """
        return {
            "generator": _generator_state(self._rng),
            **{name: getattr(self, name) for name in self.learned},
        }

    def restore(self, state: State) -> None:
        """Take over what `state` gave, of a policy that was made alike.

        Raises:
            EvalcoreError: if it was not.
        """
        self._check(state)
        self._rng = _generator(state["generator"])
        for name in self.learned:
            setattr(self, name, np.array(state[name]))

    def _check(self, state: State) -> None:
        """Refuse arrays of other names, shapes or types."""
        expected, found = (
            {name: (array.shape, str(array.dtype)) for name, array in of.items()}
            for of in (self.state(), state)
        )
        if expected != found:
            raise EvalcoreError(
                f"found the state of another policy or of other models: expected {expected}, "
                f"found {found}"
            )

    def _drawn(self, shares: Floats) -> Choices:
        below = shares.cumsum(axis=1)
        drawn = self._rng.random((len(shares), 1)) * below[:, -1:]
        arms = (below > drawn).argmax(axis=1)
        return Choices(arms, shares[np.arange(len(arms)), arms])


def shares_of_best(scores: Floats, allowed: Bools | None = None) -> Floats:
    """Along the last axis the place of the highest score; ties have equal shares.

    Raises:
        EvalcoreError: if somewhere none is allowed.
    """
    if allowed is not None:
        if not np.any(allowed, axis=-1).all():
            raise EvalcoreError("no model may be chosen: expected one that is allowed at least")
        scores = np.where(allowed, scores, -np.inf)
    best = scores == scores.max(axis=-1, keepdims=True)
    shares: Floats = best / best.sum(axis=-1, keepdims=True)
    return shares


def _generator_state(rng: np.random.Generator) -> NDArray[np.uint64]:
    """The state of a PCG64 in words of 64 bits."""
    state = rng.bit_generator.state
    inner = state["state"]
    words = [*divmod(inner["state"], 2**64), *divmod(inner["inc"], 2**64)]
    return np.array([*words, state["has_uint32"], state["uinteger"]], dtype=np.uint64)


def _generator(words: NDArray[np.generic]) -> np.random.Generator:
    high, low, inc_high, inc_low, has_half, half = words.tolist()
    rng = np.random.default_rng()
    rng.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": (high << 64) + low, "inc": (inc_high << 64) + inc_low},
        "has_uint32": has_half,
        "uinteger": half,
    }
    return rng
