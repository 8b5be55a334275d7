"""The spec: a file that names task, models, strategy and metrics, checked whole before it runs.

Every problem is reported at once, with its line, what was found, what was expected and the
nearest valid spelling.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from evalcore.document import Document, Place, parse_value, path_of, read_document, short
from evalcore.errors import EvalcoreError, PluginError, SpecError
from evalcore.plugins import Found, Registry, registry
from evalcore.prices import Price
from evalcore.sweep import Variant, expand, parse_path, path_in_sweep, set_in
from evalcore.wording import NAME, explain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evalcore.component import Kind
    from evalcore.model import Model
    from evalcore.settings import Settings

__all__ = [
    "Cell",
    "Frame",
    "Limits",
    "ModelLimits",
    "Part",
    "Spec",
    "load_metrics",
    "load_model",
    "load_spec",
    "note_secrets",
    "redact",
]


M = TypeVar("M", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class Limits(_Strict):
    """What a run may use; reaching a limit stops it cleanly, to be gone on with later."""

    concurrency: int = Field(default=16, ge=1, le=100_000)
    """Attempts in flight at a time."""
    dollars: float | None = Field(default=None, gt=0)
    """Dollars spent on models by their prices, over all sessions of a run; answers of the cache
    are free."""
    calls: int | None = Field(default=None, gt=0)
    """Calls that models answered, over all sessions; answers of the cache are free, as are further
    tries of a call."""
    tokens: int | None = Field(default=None, gt=0)
    """Tokens of these calls, prompts and answers together, as the models counted them."""
    minutes: float | None = Field(default=None, gt=0)
    """Minutes of wall time of one `evalcore run`."""
    attempt_seconds: float | None = Field(default=None, gt=0)
    """Seconds of wall time of one attempt; a longer one fails, with kind `time`."""
    retries: int = Field(default=4, ge=0, le=100)
    """Tries after the first for a model call that failed in a way that may pass."""
    retry_wait: float = Field(default=60.0, ge=0)
    """Seconds that a retry waits at most, also where a model asks for more."""
    outage_seconds: float = Field(default=300.0, ge=0)
    """Seconds in which a model answers nothing before the run stops; 30 at most for a model that
    has not answered at all."""


class ModelLimits(_Strict):
    """What one model may be asked; calls beyond it wait."""

    concurrency: int | None = Field(default=None, ge=1)
    """Calls in flight at a time."""
    requests_per_minute: float | None = Field(default=None, gt=0)
    """Calls a minute."""
    tokens_per_minute: float | None = Field(default=None, gt=0)
    """Tokens a minute, prompts and answers together."""
    seconds: float | None = Field(default=None, gt=0)
    """Deadline of one call; one that is not answered by then is tried again."""


DEFAULT_STRATEGY = "single"


class Frame(_Strict):
    """The outer form of a spec; what components' settings are is for their plugins to say."""

    evalcore: Literal[1]
    """Version of the spec format."""
    name: str = Field(pattern=NAME, max_length=100)
    """Name of the run and of its folder."""
    task: Any
    """The task: a component's name, or `use:` with its settings beside."""
    models: dict[str, Any] = {}
    """The models, each by the name under which the strategy knows it."""
    strategy: Any = DEFAULT_STRATEGY
    """The strategy."""
    attempts: int = Field(default=1, ge=1)
    """Attempts at each sample."""
    metrics: list[Any] = Field(default=["mean"], min_length=1)
    """The metrics, each a name or `use:` with settings."""
    sweep: dict[str, Any] = {}
    """Dotted paths with the values to try; `include` and `exclude` add and remove cells."""
    seed: int = 0
    """What all that is random starts from."""
    limits: Limits = Limits()
    """What the run may use."""
    cache: bool = False
    """Whether answers are shared with other runs: an equal call is made once, here or there."""
    plugins: list[str] = []
    """Plugins whose observers are wanted although no component of theirs is named."""
    reports: list[Any] = ["html"]
    """The reporters that write at the end."""


@dataclass(frozen=True, slots=True)
class Part:
    """A component as a spec uses it.

    Attributes:
        found: the component and its plugin.
        settings: its settings, validated.
        written: the same as written, with `${NAME}` unexpanded: what may be stored and shown.
        price: of a model, what its tokens cost.
        limits: of a model, what it may be asked.
        place: where it stands in the document; in the sweep if it is a value there.
        key: equal for two parts that are the same component with the same settings.
        decided: the same without what can change no answer, as written.
        deciding: a hash of the same with its values, secret ones and those from the environment
            included.
    """

    found: Found
    settings: Settings = field(repr=False)
    written: dict[str, Any]
    price: Price | None = None
    limits: ModelLimits = field(default_factory=ModelLimits)
    place: Place = field(default=(), repr=False, compare=False)
    key: str = field(init=False, repr=False)
    decided: dict[str, Any] = field(init=False, repr=False)
    deciding: str = field(init=False, repr=False)

    @property
    def name(self) -> str:
        """The component's name."""
        return self.found.component.name

    @property
    def fixed(self) -> str:
        """What may not change while a run is gone on with."""
        return f"{self.found.kind} {self.found.qualified} {_canonical(self.decided)}"

    def __post_init__(self) -> None:
        which = f"{self.found.kind} {self.found.qualified}"
        free = self.settings.incidental | {"limits"}
        values = self.settings.model_dump(exclude=set(free))
        for name, value in {
            "key": f"{which} {_canonical(self.written)}",
            "decided": {k: v for k, v in self.written.items() if k not in free},
            "deciding": f"{which} {self.found.component.version} {_digest(values)}",
        }.items():
            object.__setattr__(self, name, value)

    def create(self) -> Any:
        """Import the component's class and make an instance.

        Raises:
            PluginError: if the class cannot be imported, or no instance can be made.
        """
        try:
            return self.found.component.load()(self.settings)
        except EvalcoreError:
            raise
        except Exception as error:
            raise PluginError(_cannot_load(self.found, self.found.component.path, error)) from error


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of the sweep, ready to run.

    Attributes:
        name: stable, readable, unique in its spec.
        hash: of all that decides its attempts.
        changes: the settings in which it differs from the other cells.
    """

    name: str
    hash: str
    changes: dict[str, Any]
    task: Part
    models: dict[str, Part]
    strategy: Part
    attempts: int
    seed: int

    @property
    def parts(self) -> list[Part]:
        """Every component of the cell."""
        return [self.task, self.strategy, *self.models.values()]


@dataclass(frozen=True, slots=True)
class Spec:
    """A checked spec.

    Attributes:
        secrets: values that came from the environment, with the names to show instead.
        resolved: the spec after overrides, as written otherwise: what is stored.
        overridden: the overrides, as given, by the place that each is for.
    """

    name: str
    document: Document
    resolved: dict[str, Any]
    cells: list[Cell]
    metrics: list[Part]
    reports: list[Part]
    limits: Limits
    cache: bool
    plugins: set[str]
    secrets: dict[str, str] = field(repr=False)
    overridden: dict[Place, str] = field(default_factory=dict)

    def where(self, place: Place) -> str:
        """How a problem begins that is at a place: with its line, or the override that set it."""
        override = _at_or_above(place, self.overridden)
        if override:
            return f"{self.overridden[override]}: {path_of(place)}"
        return self.document.where(place)

    def redact(self, text: str) -> str:
        """The text with `${NAME}` in place of each value that came from the environment."""
        return redact(text, self.secrets)


def load_spec(path: Path, overrides: tuple[str, ...] = ()) -> Spec:
    """Read and check a spec file.

    Args:
        path: a YAML (or JSON) or TOML file; relative data paths in it start from its folder.
        overrides: `dotted.path=value` each, the value in YAML.

    Raises:
        SpecError: with every problem found.
    """
    try:
        document = read_document(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SpecError([f"{path}: cannot be read: {reason}"]) from None
    return _Reader(document, path.parent, registry()).read(overrides)


def redact(text: str, secrets: dict[str, str]) -> str:
    """The text with the names of secrets in place of their values, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, secrets[secret])
    return text


def note_secrets(model: Model[Any], secrets: dict[str, str]) -> None:
    """Add a model's secrets to those that are never stored or shown."""
    for secret in filter(None, model.secrets()):
        secrets.setdefault(secret, "[secret]")


def load_metrics(resolved: dict[str, Any], source: str) -> list[Part]:
    """The metrics of a stored spec, to measure a run again; its data and models need not exist.

    Raises:
        SpecError: if a metric is not installed, or its settings no longer fit.
    """
    reader = _Reader(Document(source, "", resolved), Path(), registry())
    metrics = reader.part_list("metric", resolved, "metrics", ["mean"])
    if reader.problems:
        raise SpecError(reader.document.in_order(reader.problems))
    return metrics


def load_model(written: str | Mapping[str, Any], base: Path) -> Part:
    """A model by itself, written as in a spec.

    Args:
        written: its name, or `use` with its settings beside.
        base: the folder that relative paths start from.

    Raises:
        SpecError: with every problem found.
    """
    raw = written if isinstance(written, str) else dict(written)
    reader = _Reader(Document("model", "", {"model": raw}), base, registry())
    part = reader.part("model", raw, ())
    if part is None:
        raise SpecError(reader.document.in_order(reader.problems))
    return part


class _Reader:
    """Collects the problems of one document while it becomes a spec."""

    def __init__(self, document: Document, base: Path, components: Registry) -> None:
        self.document = document
        self.base = base.absolute()
        self.components = components
        self.problems: dict[str, None] = dict.fromkeys(document.problems)
        self.origins: dict[Place, Place] = {}
        self.overridden: dict[Place, str] = {}
        self.secrets: dict[str, str] = {}
        self.parts: dict[str, Part | None] = {}

    def read(self, overrides: tuple[str, ...]) -> Spec:
        data = self.document.data
        if not isinstance(data, dict):
            if not self.problems:
                self.report((), f"found {short(data)}, expected the keys {', '.join(_FRAME)}")
            raise SpecError(self.document.in_order(self.problems))
        data = self.override({"strategy": DEFAULT_STRATEGY, **deepcopy(data)}, overrides)
        self.check_overridden(data.get("sweep"))
        frame = self.frame(data)
        variants = expand(data, self.report)
        cells = [self.cell(variant) for variant in variants]
        metrics = self.part_list("metric", data, "metrics", ["mean"])
        reports = self.part_list("reporter", data, "reports", ["html"])
        if self.problems or frame is None:
            raise SpecError(self.document.in_order(self.problems))
        checked = [cell for cell in cells if cell]
        used = {part.found.plugin.name for cell in checked for part in cell.parts}
        used |= {part.found.plugin.name for part in [*metrics, *reports]} | set(frame.plugins)
        return Spec(
            name=frame.name,
            document=self.document,
            resolved=data,
            cells=checked,
            metrics=metrics,
            reports=reports,
            limits=frame.limits,
            cache=frame.cache,
            plugins=used,
            secrets=self.secrets,
            overridden=self.overridden,
        )

    def report(self, place: Place, text: str, *, of_path: bool = False) -> None:
        """Note a problem at a place of the document, or of the sweep or override it came from.

        Args:
            place: where it is in the document as it was checked.
            text: what was found and what was expected.
            of_path: whether it is one of the path, the same for all values that a sweep tries.
        """
        text = redact(text, self.secrets)
        override = _origin(place, self.overridden)
        if override:
            self.problems[f"{self.overridden[override]}: {path_of(place)}: {text}"] = None
            return
        origin = _origin(place, self.origins)
        if origin:
            found = self.origins[origin]
            place = path_in_sweep(found) if of_path else (*found, *place[len(origin) :])
        where = f"{self.document.where(place)}: "
        if not any(problem.startswith(where) for problem in self.document.problems):
            self.problems[f"{where}{text}"] = None

    # The frame

    def override(self, data: dict[str, Any], overrides: tuple[str, ...]) -> dict[str, Any]:
        for text in overrides:
            path, equals, value = text.partition("=")
            if not equals or not path:
                self.problems[f"--set {text}: expected PATH=VALUE"] = None
                continue
            try:
                set_in(data, parse_path(path), parse_value(value))
            except KeyError as error:
                self.problems[f"--set {text}: {error.args[0]}"] = None
            except ValueError as error:
                self.problems[f"--set {text}: {error}"] = None
            self.overridden[parse_path(path)] = f"--set {text}"
        return data

    def check_overridden(self, sweep: Any) -> None:
        """Refuse an override of what the sweep replaces in every cell: it would do nothing."""
        if not isinstance(sweep, dict) or "include" in sweep:
            return
        for path in sweep:
            swept = parse_path(str(path))
            for place, text in self.overridden.items():
                if place[: len(swept)] == swept:
                    self.problems[
                        f"{text}: the sweep sets {path} in every cell, so this would do nothing; "
                        f"change what is swept, by --set sweep.{path}=VALUES or in the spec"
                    ] = None

    def frame(self, data: dict[str, Any]) -> Frame | None:
        try:
            frame = Frame.model_validate(data)
        except ValidationError as error:
            self.report_all(error, (), data, Frame, "a spec")
            return None
        if len(frame.models) and not all(frame.models):
            self.report(("models",), "found an empty name, expected a name for each model")
        for i, name in enumerate(frame.plugins):
            try:
                self.components.plugin(name)
            except PluginError as error:
                self.report(("plugins", i), str(error))
        return frame

    # Cells and their parts

    def cell(self, variant: Variant) -> Cell | None:
        self.origins = variant.origins
        data = variant.data
        task = self.part("task", data.get("task"), ("task",)) if "task" in data else None
        strategy = self.part("strategy", data["strategy"], ("strategy",))
        written = data.get("models")
        named = written if isinstance(written, dict) else {}
        models = {k: self.part("model", v, ("models", k)) for k, v in named.items()}
        frame = self.recheck(variant)
        self.origins = {}
        if not (task and strategy and frame and all(models.values())):
            return None
        parts = {name: part for name, part in models.items() if part}
        fixed = [task.fixed, strategy.fixed, {k: v.fixed for k, v in parts.items()}]
        digest = _digest([*fixed, frame.attempts, frame.seed])
        name, changes = variant.name, variant.changes
        return Cell(name, digest, changes, task, parts, strategy, frame.attempts, frame.seed)

    def recheck(self, variant: Variant) -> Frame | None:
        """The frame with the variant's values; its problems are new only where the sweep is."""
        try:
            return Frame.model_validate(variant.data)
        except ValidationError as error:
            if variant.origins:
                self.report_all(error, (), variant.data, Frame, "a spec")
            return None

    def part_list(
        self, kind: Kind, data: dict[str, Any], key: str, default: list[Any]
    ) -> list[Part]:
        items = data.get(key, default)
        items = items if isinstance(items, list) else []
        parts = [self.part(kind, item, (key, i)) for i, item in enumerate(items)]
        return [part for part in parts if part]

    def part(self, kind: Kind, raw: Any, place: Place) -> Part | None:
        """A component with its settings, checked once for each different text."""
        written = {"use": raw} if isinstance(raw, str) else raw
        if not isinstance(written, dict) or not isinstance(written.get("use"), str):
            expected = f"expected a {kind}'s name, or `use: NAME` with its settings beside"
            self.report(place, f"found {short(raw)}, {expected}")
            return None
        cache = f"{kind} {place} {_canonical(written)}"
        if cache not in self.parts:
            self.parts[cache] = self.load_part(kind, written, place)
        return self.parts[cache]

    def load_part(self, kind: Kind, written: dict[str, Any], place: Place) -> Part | None:
        try:
            found = self.components.find(kind, written["use"])
            model = found.component.load_settings()
        except PluginError as error:
            self.report(
                (*place, "use") if (*place, "use") in self.document.lines else place, str(error)
            )
            return None
        except Exception as error:  # the plugin's own code runs here
            self.report(place, _cannot_load(found, found.component.settings, error))
            return None
        own = {key: value for key, value in written.items() if key != "use"}
        price, limits = None, ModelLimits()
        if kind == "model":
            price = self.beside(own, "price", Price, place)
            limits = self.beside(own, "limits", ModelLimits, place) or limits
        settings = self.settings(found, model, own, place)
        if settings is None:
            return None
        return Part(found, settings, written, price, limits, self.standing(place))

    def standing(self, place: Place) -> Place:
        """Where a place of the cell at hand stands in the document, which may be in the sweep."""
        origin = _at_or_above(place, self.origins)
        return (*self.origins[origin], *place[len(origin) :]) if origin else place

    def settings(
        self, found: Found, model: type[Settings], own: dict[str, Any], place: Place
    ) -> Settings | None:
        try:
            expanded = self.expand_names(own, place)
        except _UnsetError:
            return None
        try:
            return model.model_validate(expanded, context={"base": self.base})
        except ValidationError as error:
            self.report_all(error, place, own, model, f"{found.kind} {found.component.name!r}")
        except Exception as error:  # the plugin's own code runs here, and may be unfinished
            self.report(place, _cannot_load(found, found.component.settings, error))
        return None

    def beside(self, own: dict[str, Any], key: str, form: type[M], place: Place) -> M | None:
        """What stands beside a model's own settings under `key`, taken out of them."""
        raw = own.pop(key, None)
        if raw is None:
            return None
        try:
            return form.model_validate(raw)
        except ValidationError as error:
            self.report_all(error, (*place, key), raw, form, f"`{key}`")
            return None

    # Values from the environment

    def expand_names(self, value: Any, place: Place) -> Any:
        """Replace `${NAME}` by the environment's value, everywhere inside `value`.

        Raises:
            _UnsetError: if a name is not set; each is reported.
        """
        unset = list(self.unset_names(value, place))
        for where, name in unset:
            remedy = f"set it, or write $${{{name}}} for the text itself"
            self.report(where, f"${{{name}}} is not set in the environment; {remedy}")
        if unset:
            raise _UnsetError
        return self.expanded(value)

    def unset_names(self, value: Any, place: Place) -> Iterator[tuple[Place, str]]:
        if isinstance(value, dict | list):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, inner in items:
                yield from self.unset_names(inner, (*place, key))
        elif isinstance(value, str):
            for match in _NAME_IN_TEXT.finditer(value):
                if not match.group(0).startswith("$$") and match.group(1) not in os.environ:
                    yield place, match.group(1)

    def expanded(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.expanded(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.expanded(inner) for inner in value]
        if isinstance(value, str) and "${" in value:
            return _NAME_IN_TEXT.sub(self.lookup, value)
        return value

    def lookup(self, match: re.Match[str]) -> str:
        if match.group(0).startswith("$$"):
            return match.group(0)[1:]
        name = match.group(1)
        value = os.environ[name]
        if value:
            self.secrets[value] = f"${{{name}}}"
        return value

    # Pydantic's errors in our words

    def report_all(
        self,
        error: ValidationError,
        place: Place,
        written: Any,
        model: type[BaseModel],
        owner: str,
    ) -> None:
        """Report each problem of a value once; where several forms are allowed, name them all."""
        for at, text, of_key in explain(error, written, model, owner):
            self.report((*place, *at), text, of_path=of_key)


def _origin(place: Place, changed: Mapping[Place, Any]) -> Place:
    """Which change a place comes from: one at it or above it, or one that made it; else empty."""
    below = (other for other in changed if place and other[: len(place)] == place)
    return _at_or_above(place, changed) or next(below, ())


def _at_or_above(place: Place, changed: Mapping[Place, Any]) -> Place:
    above = (place[:end] for end in range(len(place), 0, -1) if place[:end] in changed)
    return next(above, ())


class _UnsetError(Exception):
    """A setting names a variable that is not set; it is reported."""


def _cannot_load(found: Found, path: str, error: Exception) -> str:
    return (
        f"{found.kind} {found.component.name!r} of plugin {found.plugin.origin} cannot be loaded: "
        f"{path}: {type(error).__name__}: {error}"
    )


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=_plain)


def _plain(value: Any) -> str:
    return str(value.get_secret_value() if isinstance(value, SecretStr) else value)


def _digest(value: Any) -> str:
    return hashlib.blake2b(_canonical(value).encode(), digest_size=8).hexdigest()


_FRAME = tuple(Frame.model_fields)
_NAME_IN_TEXT = re.compile(r"\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
