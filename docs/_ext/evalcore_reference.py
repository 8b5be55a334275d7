"""The parts of the reference that are read from the code, so that they are always true.

A page asks for one with the directive `evalcore`, such as `commands` or `hooks`.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from sphinx.util.docutils import SphinxDirective

from evalcore import hookspecs
from evalcore.cli import COMMANDS, main
from evalcore.component import KINDS
from evalcore.plugins import registry

if TYPE_CHECKING:
    from docutils.nodes import Node
    from pydantic import BaseModel

    from evalcore.plugins import Found

PLUGIN = "builtin"
"""The pages are about the core; a plugin documents its own components."""


def commands() -> str:
    """The help of every command of the core."""
    return "\n".join(f"## evalcore {name}\n\n```text\n{help_of(name)}```\n" for name in COMMANDS)


def help_of(command: str) -> str:
    """What `evalcore COMMAND --help` prints."""
    out = io.StringIO()
    with (
        patch.dict(os.environ, {"COLUMNS": "90"}),
        contextlib.redirect_stdout(out),
        contextlib.suppress(SystemExit),
    ):
        main([command, "--help"])
    return out.getvalue()


def hooks() -> str:
    """Every hook with its signature and documentation."""
    return "\n".join(_hook(name) for name in hook_names())


def hook_names() -> list[str]:
    """The hooks, in the order of their module."""
    return [name for name in vars(hookspecs) if name.startswith("evalcore_")]


def signature_of(hook: str) -> str:
    """A hook as Python declares it."""
    return f"def {hook}{inspect.signature(getattr(hookspecs, hook))}"


def _hook(name: str) -> str:
    text = inspect.getdoc(getattr(hookspecs, name))
    return f"## {name}\n\n```python\n{signature_of(name)}\n```\n\n{text}\n"


def components() -> str:
    """Every built-in component with its settings."""
    parts = []
    for kind in KINDS:
        own = [found for found in registry().components(kind) if found.plugin.name == PLUGIN]
        title = "Strategies" if kind == "strategy" else f"{kind.capitalize()}s"
        parts += [f"## {title}\n", *map(_component, own)]
    return "\n".join(parts)


def _component(found: Found) -> str:
    component = found.component
    heading = f"### {component.name}\n\n{component.summary}. Version {component.version}."
    return f"{heading}\n\n{settings_table(component.load_settings())}\n"


def settings_table(model: type[BaseModel]) -> str:
    """The fields of a pydantic model as a table."""
    schema = model.model_json_schema()
    properties: dict[str, Any] = schema.get("properties", {})
    if not properties:
        return "It has no settings."
    required = schema.get("required", [])
    rows = [
        (f"`{name}`", _type(entry), _default(name, entry, required), entry.get("description", ""))
        for name, entry in properties.items()
    ]
    return _table(("setting", "type", "default", "meaning"), rows)


def spec() -> str:
    """The keys of a spec."""
    from evalcore.spec import Frame

    return settings_table(Frame)


def limits() -> str:
    """The limits of a spec."""
    from evalcore.spec import Limits

    return settings_table(Limits)


def model_limits() -> str:
    """The limits of a model."""
    from evalcore.spec import ModelLimits

    return settings_table(ModelLimits)


def price() -> str:
    """The price of a model."""
    from evalcore.prices import Price

    return settings_table(Price)


def records() -> str:
    """The fields of a record, as `evalcore records` prints them."""
    rows = [(f"`{name}`", _RECORD[name]) for name in record_fields()]
    return _table(("field", "meaning"), rows)


def record_fields() -> list[str]:
    """The names of the fields of a record."""
    from evalcore.cli.records import rows_of
    from evalcore.data import Record, Usage

    record = Record("", "", 0, 0, None, None, None, Usage())
    return list(next(rows_of([record])))


def results() -> str:
    """The fields of a result."""
    from evalcore.data import Result

    documented = attributes_of(Result)
    rows = [(f"`{field.name}`", documented[field.name]) for field in fields(Result)]
    return _table(("field", "meaning"), rows)


def attributes_of(cls: type[Any]) -> dict[str, str]:
    """What a class's docstring says of each attribute."""
    _, _, text = (inspect.getdoc(cls) or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, rest = line.strip().partition(": ")
        if line.startswith("    ") and not line.startswith("     ") and colon:
            found[name] = rest
        elif line.strip():
            found[list(found)[-1]] += f" {line.strip()}"
    return found


_RECORD = {
    "cell": "name of the cell of the sweep; `base` where there is no sweep",
    "sample": "id of the sample",
    "attempt": "number of the attempt at the sample, from 0",
    "seed": "what the attempt was seeded with",
    "value": "the score; empty where the attempt failed",
    "label": "the task's verdict in a word; empty where the attempt failed",
    "failure": "who failed: `model`, `task`, `strategy`, or `time`; empty where there is a score",
    "error": "the failure's error, with its type",
    "answer": "what was scored",
    "endings": "how the models' answers ended, in order: `stop`, `length`, `refusal` or `empty`",
    "calls": "calls of models, those included that the cache answered",
    "prompt_tokens": "tokens sent to models, as they counted them",
    "completion_tokens": "tokens that models answered with, as they counted them",
    "dollars": "what the tokens cost by the models' prices, whether the cache answered or not",
    "seconds": "seconds spent waiting for models",
    "executions": "executions of code for feedback",
    "cached": "of the calls, those that the cache or an equal call in flight answered",
    "saved": "of the dollars, those of such calls",
    "saved_tokens": "of the tokens, sent and answered, those of such calls",
    "messages": "the dialogue: a list of `role` and `content`",
    "score_details": "what else the task put on record",
    "details": "what else the strategy put on record",
    "metadata": "the sample's metadata",
}


def _type(entry: dict[str, Any]) -> str:
    if "enum" in entry:
        return " or ".join(f"`{value}`" for value in entry["enum"])
    if "const" in entry:
        return f"`{entry['const']}`"
    if "anyOf" in entry:
        return " or ".join(_type(inner) for inner in entry["anyOf"])
    if entry.get("type") == "array":
        return f"list of {_type(entry.get('items', {}))}"
    if "$ref" in entry:
        return "mapping"
    names = {"string": "text", "integer": "whole number", "null": "nothing", "object": "mapping"}
    return names.get(entry.get("type", ""), entry.get("type", "component"))


def _default(name: str, entry: dict[str, Any], required: list[str]) -> str:
    if name in required:
        return "required"
    default = entry.get("default")
    if default in (None, "", [], {}) or isinstance(default, dict):
        return ""
    return f"`{json.dumps(default) if isinstance(default, list) else default}`"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    cells = [[" ".join(cell.split()).replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


PARTS = {
    part.__name__: part
    for part in (
        commands,
        hooks,
        components,
        spec,
        limits,
        model_limits,
        price,
        records,
        results,
    )
}


class Part(SphinxDirective):
    """The directive `evalcore`: puts a part, in Markdown, where it stands."""

    required_arguments = 1

    def run(self) -> list[Node]:
        """The part's nodes."""
        text = PARTS[self.arguments[0]]()
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx of the directive."""
    app.add_directive("evalcore", Part)
    return {"parallel_read_safe": True}
