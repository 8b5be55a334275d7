"""A YAML or TOML text as plain data that knows the line of each of its parts.

YAML is read by the rules of YAML 1.2, of which JSON is a part: `no` and `on` are texts, `1e-3` is
a number. A key that stands twice is an error.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Document", "Place", "read_document"]

Place = tuple[str | int, ...]
"""Where a value stands in a document: the keys and indices that lead to it."""


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data with the line of each value.

    Attributes:
        source: name of the file, as errors show it.
        text: the file's content.
        data: what it says.
        lines: line, from 1, of the keys and items by their place.
        problems: what is wrong with the text itself.
    """

    source: str
    text: str
    data: Any
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def where(self, place: Place) -> str:
        """`file:line: path`, of the nearest part that stands in the text."""
        at = place
        while at and at not in self.lines:
            at = at[:-1]
        line = self.lines.get(at, 1)
        return f"{self.source}:{line}: {path_of(place)}" if place else f"{self.source}:{line}"


def path_of(place: Place) -> str:
    """A place as people write it: `metrics[0].use`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read_document(path: Path) -> Document:
    """Read a file; what is wrong with its text is in the document's `problems`.

    Raises:
        OSError: if it cannot be read.
    """
    source, raw = str(path), path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return Document(source, "", None, {}, [f"{source}:{line}: found a byte that is not UTF-8"])
    return _read_toml(source, text) if path.suffix == ".toml" else _read_yaml(source, text)


# YAML


class _Loader(yaml.SafeLoader):
    """PyYAML with the scalars of YAML 1.2's core schema and no timestamps."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - the base's own way


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("merge", r"<<", "<"),
):
    _loader: Any = _Loader
    _loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), [*_first]
    )
_loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^$"), [""])


def _construct_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = node.value
    return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)


def _construct_float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    return float(node.value.lower().replace(".inf", "inf").replace(".nan", "nan"))


_Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _construct_float)


def _read_yaml(source: str, text: str) -> Document:
    document = Document(source, text, None)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return document
        data = _build(loader, node, (), document, frozenset())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = " ".join(part for part in (error.context, error.problem) if part)
        document.problems.append(f"{source}:{line}: {what}")
        return document
    except yaml.YAMLError as error:
        document.problems.append(f"{source}:1: {' '.join(str(error).split())}")
        return document
    except (ValueError, RecursionError) as error:
        document.problems.append(f"{source}:1: {type(error).__name__}: {error}")
        return document
    return Document(source, text, data, document.lines, document.problems)


def _build(
    loader: Any, node: yaml.Node, place: Place, document: Document, above: frozenset[int]
) -> Any:
    document.lines.setdefault(place, node.start_mark.line + 1)
    if id(node) in above:
        document.problems.append(f"{document.where(place)}: an alias that contains itself")
        return None
    inside = above | {id(node)}
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(loader, node, place, document, inside)
    if isinstance(node, yaml.SequenceNode):
        items = enumerate(node.value)
        return [_build(loader, item, (*place, i), document, inside) for i, item in items]
    return loader.construct_object(node)


def _build_mapping(
    loader: Any, node: yaml.MappingNode, place: Place, document: Document, above: frozenset[int]
) -> dict[str, Any]:
    built: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            value = _build(loader, value_node, place, document, above)
            for part in value if isinstance(value, list) else [value]:
                merged = {**part, **merged} if isinstance(part, dict) else merged
            continue
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else repr(key_node.value)
        line = key_node.start_mark.line + 1
        if key in built:
            first = document.lines[(*place, key)]
            document.problems.append(
                f"{document.source}:{line}: {path_of((*place, key))}: found this key again, "
                f"it stands already on line {first}; remove one of the two"
            )
            continue
        document.lines[(*place, key)] = line
        built[key] = _build(loader, value_node, (*place, key), document, above)
    return {**merged, **built}


# TOML


_TABLE = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*([\w.\-"' ]+?)\s*=""")


def _read_toml(source: str, text: str) -> Document:
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = re.search(r"at line (\d+)", str(error))
        return Document(
            source, text, None, {}, [f"{source}:{at.group(1) if at else 1}: not TOML: {error}"]
        )
    return Document(source, text, data, _toml_lines(text))


def _toml_lines(text: str) -> dict[Place, int]:
    """The lines of tables and keys; a value inside an inline table is told by its key's line."""
    lines: dict[Place, int] = {}
    table: Place = ()
    count: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _toml_key(header.group(1))
            if line.lstrip().startswith("[["):
                count[table] = count.get(table, -1) + 1
                table = (*table, count[table])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_toml_key(key.group(1))), number)
    return lines


def _toml_key(text: str) -> Place:
    return tuple(part.strip().strip("\"'") for part in text.split("."))
