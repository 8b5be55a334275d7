"""Strategy `route`: a router on its way through a recorded log, or live in front of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from evalcore.data import Attempt, Message
from evalcore.errors import EvalcoreError
from evalcore.settings import DataPath
from evalcore.strategy import Strategy
from evalcore_metallm.evaluation.passes import Pass
from evalcore_metallm.policies.catalogue import PolicySettings
from evalcore_metallm.router import RouterSettings

if TYPE_CHECKING:
    from evalcore.data import Sample
    from evalcore.strategy import Context, Outcome
    from evalcore_metallm.pass_router import PassRouter

__all__ = ["Route", "RouteSettings"]

_OF_A_ROUTER = {"policy", "features", "training_cost"}

_INDIFFERENT = {"static", "random"}
"""Policies that choose alike whatever the outcomes and the costs are."""


class RouteSettings(RouterSettings):
    """What routes, and how it is graded."""

    policy: PolicySettings = Field(default="linucb", validate_default=True)
    """What picks: a name such as `linucb`, or `use` with settings of its own."""
    router: DataPath | None = None
    """A saved router to begin with, instead of one that is made from the settings above."""
    prices: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)] | None = None
    """On a log: instead of `price` several, at each of which the router passes over the log."""
    budget: float | None = Field(None, gt=0)
    """On a log: dollars for 10,000 queries. The price is then the lowest that keeps to it on the
    validation part; with `budgeted-linucb` the budget holds for the pass itself."""
    warm_start: bool = True
    """On a log: whether the router learns from the training part before."""
    online: bool = True
    """Whether it learns from the outcomes of its choices."""
    batch: int = Field(1, ge=1)
    """On a log: how many queries are chosen for before the outcomes of the first are known."""
    tries: int = Field(3, ge=1)
    """Live, without a saved router: how often each model is asked in turn before the router
    chooses. By these it knows what a query costs. `static` and `random` choose from the first query
    on: nothing that they could be told would change what they do."""
    temperature: float | None = Field(None, ge=0)
    """Live: of the models; left to them if not set."""
    max_tokens: int | None = Field(None, ge=1)
    """Live: length limit of an answer."""

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        priced = self.prices is not None or "price" in self.model_fields_set
        if self.budget is not None and priced:
            raise ValueError("one of `budget` and `price` or `prices`")
        if self.router is not None and (set_too := _OF_A_ROUTER & self.model_fields_set):
            raise ValueError(f"a saved router has its own {', '.join(sorted(set_too))}")
        if self.policy.use == "budgeted-linucb" and not self.online:
            raise ValueError("budgeted-linucb follows what is spent: leave `online` as it is")
        return self

    def is_indifferent(self) -> bool:
        """Whether the router that these settings make does the same whatever it is told."""
        return self.router is None and self.policy.use in _INDIFFERENT

    def of_router(self) -> RouterSettings:
        """The part that makes a router."""
        return RouterSettings.model_validate(
            {name: getattr(self, name) for name in RouterSettings.model_fields}
        )


class Route(Strategy[RouteSettings]):
    """On a pass of `routing-log` chooses a model for every query; elsewhere asks the one it picks.

    Live, the attempts of one number are a pass: one router learns from all of them, in the order
    in which they are made.
    """

    def __init__(self, settings: RouteSettings) -> None:
        super().__init__(settings)
        self.learns = settings.online and not settings.is_indifferent()
        self._live: dict[int, PassRouter] = {}

    async def attempt(self, sample: Sample, context: Context) -> Attempt:
        """The choices for all queries of a pass; or the answer of the model that was picked."""
        if isinstance(sample.public, Pass):
            from evalcore_metallm.grading import graded

            return await graded(sample.public, self.settings, context)
        return await self._answered(sample, context)

    def learn(self, sample: Sample, outcome: Outcome) -> None:
        """Live: learn from the score of the model that was picked, and from its cost.

        Raises:
            EvalcoreError: if the score is no quality from 0 to 1.
        """
        if isinstance(sample.public, Pass):
            return
        arm = outcome.attempt.details.get("arm")
        self._router(outcome.number).tell(_query(sample), arm, outcome.value, outcome.usage.dollars)

    async def _answered(self, sample: Sample, context: Context) -> Attempt:
        if self.settings.prices is not None or self.settings.budget is not None:
            raise EvalcoreError(
                "`prices` and `budget` are for passes over a log; live, set `price`"
            )
        router = self._router(context.number if self.learns else 0)
        picked = router.pick(_query(sample), tuple(context.models), context.seed)
        messages = _messages(sample)
        generation = await context.models[picked.arm].generate(
            messages, temperature=self.settings.temperature, max_tokens=self.settings.max_tokens
        )
        return Attempt(
            generation.text,
            (*messages, Message("assistant", generation.text)),
            {"arm": picked.arm, "propensity": picked.propensity, "tried": picked.tried},
        )

    def _router(self, number: int) -> PassRouter:
        """The router of a pass."""
        if number not in self._live:
            from evalcore_metallm.pass_router import PassRouter

            self._live[number] = PassRouter(self.settings, number)
        return self._live[number]


def _messages(sample: Sample) -> tuple[Message, ...]:
    asked = sample.input
    return (Message("user", asked),) if isinstance(asked, str) else tuple(asked)


def _query(sample: Sample) -> str:
    """What features are made of: the public side where that is a text, or all that is asked."""
    if isinstance(sample.public, str):
        return sample.public
    return "\n\n".join(message.content for message in _messages(sample))
