"""What can be told of a spec's components before any of them is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from evalcore.errors import EvalcoreError, SpecError
from evalcore.model import LanguageModel, Model
from evalcore.spec import note_secrets
from evalcore.strategy import Strategy
from evalcore.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evalcore.spec import Part, Spec

__all__ = ["check_components"]

BUILTIN = "builtin"
"""The plugin that comes with the core."""


def check_components(spec: Spec) -> None:
    """Make the components, and ask tasks and models what would keep them from being opened.

    Strategies are asked which kind of models they use, metrics whether the cells have attempts
    enough. Where dollars are limited, a model of each cell must have a price as well. The built-in
    metrics and reporters are known to be there, and are left out: importing them takes a while.

    Raises:
        SpecError: with every problem, each with its place in the file.
    """
    parts = [part for cell in spec.cells for part in cell.parts]
    after = [part for part in [*spec.metrics, *spec.reports] if part.found.plugin.name != BUILTIN]
    problems: list[str] = []
    made: dict[str, _Made] = {}
    for part in [*parts, *after]:
        if part.key not in made:
            made[part.key] = _made(part, spec.secrets)
            if problem := made[part.key].problem:
                problems.append(f"{spec.where(part.place)}: {spec.redact(problem)}")
    problems += _of_another_kind(spec, made)
    problems += _beyond_attempts(spec, made)
    if spec.limits.dollars is not None:
        problems += _without_prices(spec, made)
    if problems:
        raise SpecError(spec.document.in_order(problems))


class _Made(NamedTuple):
    """What became of a component.

    Attributes:
        problem: why it cannot be used, in words.
        priced: of a model, whether its tokens have a price.
        component: the component, where it could be made.
    """

    problem: str = ""
    priced: bool = False
    component: Any = None


def _made(part: Part, secrets: dict[str, str]) -> _Made:
    try:
        component = part.create()
    except EvalcoreError as error:
        return _Made(str(error))
    try:
        if isinstance(component, Task | Model):
            component.preflight()
        if isinstance(component, LanguageModel):
            priced = bool(part.price or component.price())
            return _Made(priced=priced, component=component)
    except (Exception, SystemExit) as error:  # the component's own code runs here
        if isinstance(component, Model):
            note_secrets(component, secrets)
        return _Made(_told(part, error), component=component)
    return _Made(component=component)


def _of_another_kind(spec: Spec, made: Mapping[str, _Made]) -> Iterator[str]:
    """Models that the strategy of their cell cannot use, each told once."""
    told: set[tuple[str, str]] = set()
    for cell in spec.cells:
        strategy = made[cell.strategy.key].component
        for name, part in cell.models.items():
            model, pair = made[part.key].component, (cell.strategy.key, part.key)
            if not isinstance(strategy, Strategy) or model is None or pair in told:
                continue
            if not isinstance(model, strategy.uses):
                told.add(pair)
                expected, found = strategy.uses.__name__, _kind(model)
                yield (
                    f"{spec.where(part.place)}: model {name} ({part.name}) is of the kind {found}, "
                    f"strategy {cell.strategy.name} uses {expected}; give it one of that kind, or "
                    "use another strategy"
                )


def _kind(model: Model[Any]) -> str:
    """The interface that a model implements."""
    return next(cls.__name__ for cls in type(model).__mro__ if cls.__module__ == Model.__module__)


def _beyond_attempts(spec: Spec, made: Mapping[str, _Made]) -> Iterator[str]:
    """What metrics say of the cells' attempts; of one that has a problem, that is told."""
    for part in spec.metrics:
        if part.key in made and not made[part.key].problem:
            for attempts in sorted({cell.attempts for cell in spec.cells}):
                try:
                    part.create().preflight(attempts)
                except Exception as error:  # the component's own code runs here
                    told = str(error) if isinstance(error, ValueError) else _told(part, error)
                    yield f"{spec.where(part.place)}: {spec.redact(told)}"
                    break


def _told(part: Part, error: BaseException) -> str:
    if isinstance(error, EvalcoreError):
        return str(error)
    return f"{part.found.kind} {part.name} cannot be checked: {type(error).__name__}: {error}"


def _without_prices(spec: Spec, made: Mapping[str, _Made]) -> Iterator[str]:
    """The cells whose dollars would never be known; of a model that has a problem, that is told."""
    cells = [
        cell.name
        for cell in spec.cells
        if not any(made[part.key].priced or made[part.key].problem for part in cell.models.values())
    ]
    if cells:
        more = f" and of {len(cells) - 1} more" if len(cells) > 1 else ""
        yield (
            f"{spec.where(('limits', 'dollars'))}: no model of cell {cells[0]}{more} has a price: "
            "write `price: {prompt: ..., completion: ...}` beside it, in dollars for a million "
            "tokens"
        )
