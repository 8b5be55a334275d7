"""`evalcore schema`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from evalcore.cli.common import say, warn_of_broken
from evalcore.plugins import registry

if TYPE_CHECKING:
    import argparse

    from evalcore.component import Kind
    from evalcore.plugins import Found


def configure(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of a spec."""
    warn_of_broken()
    print(json.dumps(spec_schema(), indent=2))
    return 0


def spec_schema() -> dict[str, Any]:
    """The JSON Schema of a spec with the settings of every installed component."""
    from evalcore.prices import Price
    from evalcore.spec import Frame, ModelLimits

    schema = Frame.model_json_schema()
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    definitions["Price"] = Price.model_json_schema()
    definitions["ModelLimits"] = ModelLimits.model_json_schema()
    references = {kind: _reference(kind, definitions) for kind in _KINDS}
    properties = schema["properties"]
    properties["task"] |= references["task"]
    properties["strategy"] |= references["strategy"]
    properties["models"]["additionalProperties"] = references["model"]
    properties["metrics"]["items"] = references["metric"]
    properties["reports"]["items"] = references["reporter"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


_KINDS: tuple[Kind, ...] = ("task", "model", "strategy", "metric", "reporter")


def _reference(kind: Kind, definitions: dict[str, Any]) -> dict[str, Any]:
    """A component's name alone, or `use` with its settings; adds what it refers to."""
    found = registry().components(kind)
    forms: list[dict[str, Any]] = [{"enum": sorted(_spellings(found))}]
    for item in found:
        key = f"{kind}.{item.plugin.name}.{item.component.name}"
        settings = _settings_schema(item, key, definitions)
        if settings is not None:
            definitions[key] = settings
            forms.append({"$ref": f"#/$defs/{key}"})
    return {"anyOf": forms}


def _spellings(found: list[Found]) -> set[str]:
    return {spelling for item in found for spelling in (item.component.name, item.qualified)}


def _settings_schema(item: Found, key: str, definitions: dict[str, Any]) -> dict[str, Any] | None:
    try:
        model = item.component.load_settings()
        schema = model.model_json_schema(ref_template=f"#/$defs/{key}.{{model}}")
    except Exception as error:  # the plugin's own code runs here
        say(f"warning: the settings of {item.kind} {item.qualified} cannot be read: {error}")
        return None
    for name, definition in schema.pop("$defs", {}).items():
        definitions[f"{key}.{name}"] = definition
    use = {"enum": [item.component.name, item.qualified], "description": item.component.summary}
    schema["properties"] = {"use": use, **schema.get("properties", {})}
    schema["required"] = ["use", *schema.get("required", [])]
    if item.kind == "model":
        schema["properties"]["price"] = {"$ref": "#/$defs/Price"}
        schema["properties"]["limits"] = {"$ref": "#/$defs/ModelLimits"}
    return schema
