"""The policies by name: the settings of each, and how one is made."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias, get_args

from pydantic import BeforeValidator, Field, model_validator

from evalcore.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalcore_metallm.policies.policy import Floats, Policy

__all__ = [
    "BestOnTrainingSettings",
    "BetaThompsonSettings",
    "BudgetedLinUcbSettings",
    "CascadeSettings",
    "CheapestSettings",
    "EpsilonGreedySettings",
    "HybridLinUcbSettings",
    "LinUcbSettings",
    "LinearThompsonSettings",
    "LogisticSettings",
    "MultilayerPerceptronSettings",
    "NearestNeighboursSettings",
    "PolicySettings",
    "RandomSettings",
    "SquareCbSettings",
    "StaticSettings",
    "Ucb1Settings",
    "make",
]


class StaticSettings(Settings):
    """One model for all queries."""

    use: Literal["static"] = "static"
    arm: str = Field(coerce_numbers_to_str=True)
    """Name of the model."""


class CheapestSettings(Settings):
    """The model of the lowest mean cost for all queries."""

    use: Literal["cheapest"] = "cheapest"


class BestOnTrainingSettings(Settings):
    """The model of the highest mean reward on training queries, for all queries."""

    use: Literal["best-on-training"] = "best-on-training"


class RandomSettings(Settings):
    """Any model, with equal probability."""

    use: Literal["random"] = "random"


class EpsilonGreedySettings(Settings):
    """The model of the highest mean reward so far; at times any."""

    use: Literal["epsilon-greedy"] = "epsilon-greedy"
    epsilon: float = Field(0.1, ge=0, le=1)
    """Probability of picking any model."""
    decay: bool = False
    """Whether it falls as 1 / t, where t outcomes are known, once t is over 1 / epsilon."""


class Ucb1Settings(Settings):
    """Mean reward with an upper confidence bound."""

    use: Literal["ucb1"] = "ucb1"


class BetaThompsonSettings(Settings):
    """Thompson sampling of each model's mean quality."""

    use: Literal["beta-thompson"] = "beta-thompson"


class LinearSettings(Settings):
    """Ridge regressions of quality and of cost, for each model."""

    ridge: float = Field(12.94, gt=0)
    """Weight of the penalty; the default is that of the program that came with the paper."""


class DiscountedSettings(LinearSettings):
    """Ridge regressions that may forget."""

    discount: float = Field(1.0, gt=0, le=1)
    """What an outcome is worth after each newer one of its model; 1 forgets nothing. Below 1 an
    update takes time in proportion to the cube of the features' number, not to the square."""


class LinUcbSettings(DiscountedSettings):
    """LinUCB with a model for each arm: the policy of MetaLLM."""

    use: Literal["linucb"] = "linucb"
    alpha: float = Field(0.1, ge=0)
    """How much a model is wanted for what is not known of it."""
    paper_compat: bool = False
    """Break ties by the order of the models, as the program that came with the paper: started
    cold with an `alpha` of 0, the first model is then picked as long as it earns anything."""


class HybridLinUcbSettings(LinearSettings):
    """LinUCB with one model for all arms beside a model for each."""

    use: Literal["hybrid-linucb"] = "hybrid-linucb"
    alpha: float = Field(0.1, ge=0)
    """How much a model is wanted for what is not known of it."""


class LinearThompsonSettings(DiscountedSettings):
    """Linear Thompson sampling."""

    use: Literal["linear-thompson"] = "linear-thompson"
    spread: float = Field(0.1, ge=0)
    """Standard deviation of the draws, in units of what is not known."""


class SquareCbSettings(DiscountedSettings):
    """SquareCB: any model at times, the less so the worse it looks."""

    use: Literal["squarecb"] = "squarecb"
    gamma: float = Field(50.0, ge=0)
    """How seldom a model is picked that looks worse than the best."""


class BudgetedLinUcbSettings(LinearSettings):
    """LinUCB under a budget that is kept on every path, by a price that follows the spending."""

    use: Literal["budgeted-linucb"] = "budgeted-linucb"
    alpha: float = Field(0.1, ge=0)
    """How much a model is wanted for what is not known of it."""
    budget: float = Field(0.5, gt=0)
    """Mean cost of a query, in units of what the dearest model costs on average."""
    queries: int = Field(1000, ge=1)
    """How many queries the budget is for."""
    rate: float = Field(0.05, gt=0)
    """How fast the price follows the spending."""
    highest_price: float = Field(5.0, gt=0)
    """Where the price stops to rise."""
    when_spent: Literal["refuse", "cheapest"] = "refuse"
    """What is done with queries when nothing is left: refuse them, or go on with the cheapest
    model, beyond the budget."""


class LogisticSettings(Settings):
    """Logistic regressions of quality, with an upper confidence bound."""

    use: Literal["logistic"] = "logistic"
    alpha: float = Field(0.1, ge=0)
    """How much a model is wanted for what is not known of it."""
    ridge: float = Field(1.0, gt=0)
    """Precision of the normal prior of each weight."""


class NearestNeighboursSettings(Settings):
    """The mean outcome of the training queries nearest by cosine."""

    use: Literal["nearest-neighbours"] = "nearest-neighbours"
    neighbours: int = Field(40, ge=1)
    """How many; all, where there are fewer."""


class MultilayerPerceptronSettings(Settings):
    """A small neural network, trained on the training queries."""

    use: Literal["mlp"] = "mlp"
    hidden: tuple[Annotated[int, Field(ge=1)], ...] = Field((100,), min_length=1)
    """Units of each hidden layer."""


class CascadeSettings(Settings):
    """Models in turn, until an answer is scored well enough."""

    use: Literal["cascade"] = "cascade"
    arms: tuple[str, ...] = ()
    """Models in the order in which they are asked; if none is named, those are found that are
    best on training queries, in the order of their cost."""
    thresholds: tuple[float, ...] = ()
    """The score from which an answer is accepted, of each model but the last; if none is named,
    those are found that are best on training queries."""
    length: int = Field(3, ge=1, le=4)
    """The most models that are looked for, where none is named."""
    noise: float = Field(0.1, ge=0, le=1)
    """How often the scorer takes a quality q for 1 - q. On a log the scorer is simulated so."""

    @model_validator(mode="after")
    def _one_threshold_less(self) -> Self:
        if len(set(self.arms)) < len(self.arms):
            raise ValueError(f"expected each model once in arms, found {', '.join(self.arms)}")
        if self.thresholds and len(self.thresholds) != len(self.arms) - 1:
            raise ValueError(
                f"found {len(self.thresholds)} thresholds for {len(self.arms)} arms: "
                "expected one for each model but the last"
            )
        return self


_AnySettings: TypeAlias = (
    StaticSettings
    | CheapestSettings
    | BestOnTrainingSettings
    | RandomSettings
    | EpsilonGreedySettings
    | Ucb1Settings
    | BetaThompsonSettings
    | LinUcbSettings
    | HybridLinUcbSettings
    | LinearThompsonSettings
    | SquareCbSettings
    | LogisticSettings
    | NearestNeighboursSettings
    | MultilayerPerceptronSettings
    | CascadeSettings
    | BudgetedLinUcbSettings
)

_FIELDS = {
    cls.model_fields["use"].default: cls.model_fields.keys() for cls in get_args(_AnySettings)
}


def _named(value: Any) -> Any:
    return {"use": value} if isinstance(value, str) else value


def _of_one_policy(value: Any) -> Any:
    """Refuse what is left of the settings of another policy, where only `use` was changed."""
    use = value.get("use") if isinstance(value, dict) else None
    if isinstance(use, str) and use in _FIELDS:
        others = frozenset().union(*_FIELDS.values()) - _FIELDS[use]
        if left := sorted(others & value.keys()):
            raise ValueError(
                f"{', '.join(left)}: no setting of {use}, but of other policies; to change `use`, "
                f"give the policy as a whole, such as {{use: {use}}} with its own settings"
            )
    return value


PolicySettings: TypeAlias = Annotated[
    _AnySettings,
    Field(discriminator="use"),
    BeforeValidator(_of_one_policy),
    BeforeValidator(_named),
]
"""The settings of any policy, told apart by `use`; a bare name stands for its defaults."""

_CLASSES = {
    "static": "fixed:Static",
    "cheapest": "fixed:Cheapest",
    "best-on-training": "fixed:BestOnTraining",
    "random": "fixed:Random",
    "epsilon-greedy": "context_free:EpsilonGreedy",
    "ucb1": "context_free:Ucb1",
    "beta-thompson": "context_free:BetaThompson",
    "linucb": "linucb:LinUcb",
    "hybrid-linucb": "hybrid_linucb:HybridLinUcb",
    "linear-thompson": "linear_thompson:LinearThompson",
    "squarecb": "squarecb:SquareCb",
    "logistic": "logistic:Logistic",
    "nearest-neighbours": "supervised:NearestNeighbours",
    "mlp": "supervised:MultilayerPerceptron",
    "cascade": "cascade:Cascade",
    "budgeted-linucb": "budgeted_linucb:BudgetedLinUcb",
}
"""Module and class of each, imported when one is made: scikit-learn takes a second."""


def make(
    settings: PolicySettings,
    arms: int,
    width: int,
    price: float,
    seed: int,
    costs: Floats,
    names: Sequence[str] = (),
) -> Policy:
    """A policy that has learned nothing yet.

    Args:
        settings: which one, and how.
        arms: number of models to choose from.
        width: of a query's context.
        price: what a unit of cost is worth in quality.
        seed: of all that it draws.
        costs: mean cost of each model, as far as it is known beforehand, shape (arms,).
        names: of the models, for settings that name some; their numbers if not given.

    Raises:
        EvalcoreError: if there is no model, or the settings name one that is not there.
    """
    from evalcore_metallm.policies.policy import Pool

    pool = Pool(tuple(names) or tuple(map(str, range(arms))), costs)
    module, _, name = _CLASSES[settings.use].partition(":")
    found = getattr(import_module(f"evalcore_metallm.policies.{module}"), name)
    policy: Policy = found(settings, pool, width, price=price, seed=seed)
    return policy
