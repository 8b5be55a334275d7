"""A YAML or TOML text as plain data that knows the line of each of its parts.

YAML is read by the rules of YAML 1.2, of which JSON is a part: `no` and `on` are texts, `1e-3` is
a number. A key that stands twice is an error.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Document", "Place", "parse_value", "path_of", "read_document", "short"]

Place = tuple[str | int, ...]
"""Where a value stands in a document: the keys and indices that lead to it."""

DEEPEST = 50
"""Levels of nesting; a document goes through code that calls itself once a level or more."""
MOST_VALUES = 100_000
"""Values in a document, aliases written out: a few lines of aliases can stand for billions."""
LARGEST = 2**63 - 1
"""Largest whole number: what every reader of the stored spec can hold."""


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

    def in_order(self, problems: Iterable[str]) -> list[str]:
        """Problems in the order of the file; those without a line of it come first."""
        pattern = re.compile(re.escape(self.source) + r":(\d+)")
        found = {problem: pattern.match(problem) for problem in problems}
        return sorted(found, key=lambda p: int(match.group(1)) if (match := found[p]) else 0)


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
        problem = f"{source}:{line}: found a byte that is not UTF-8; save the file as UTF-8"
        return Document(source, "", None, {}, [problem])
    return _read_toml(source, text) if path.suffix == ".toml" else _read_yaml(source, text)


def short(value: Any) -> str:
    """A value as errors show it, cut where it is long."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def parse_value(text: str) -> Any:
    """One value in YAML, as it would stand in a spec.

    Raises:
        ValueError: if it is not one; its text says why.
    """
    document = _read_yaml("", text)
    if document.problems:
        raise ValueError(document.problems[0].partition(": ")[2])
    return document.data


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


_PLAIN = {f"tag:yaml.org,2002:{tag}" for tag in ("str", "bool", "null", "int", "float")}
_MAPPING, _SEQUENCE = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
_MERGE = "tag:yaml.org,2002:merge"


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
        data = None if node is None else _Builder(loader, document).build(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        form = "JSON" if source.endswith(".json") else "YAML"
        document.problems.append(f"{source}:{mark.line + 1 if mark else 1}: not {form}: {what}")
        return document
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        problem = f"found the character U+{error.character:04X}, which YAML does not allow"
        document.problems.append(f"{source}:{line}: {problem}")
        return document
    except _UnfitError as error:
        document.problems.append(str(error))
        return document
    except RecursionError:
        document.problems.append(f"{source}:1: {_TOO_DEEP}")
        return document
    return Document(source, text, data, document.lines, document.problems)


class _UnfitError(Exception):
    """The document is larger than any spec; its text is the problem."""


_TOO_DEEP = f"nested more than {DEEPEST} levels deep"


class _Builder:
    """Turns the nodes of one document into plain data."""

    def __init__(self, loader: Any, document: Document) -> None:
        self._loader = loader
        self._document = document
        self._values = 0

    def build(self, node: yaml.Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        self._document.lines.setdefault(place, line)
        self._values += 1
        if self._values > MOST_VALUES:
            raise _UnfitError(f"{self._document.source}:{line}: {_TOO_MANY}")
        if len(place) > DEEPEST:
            raise _UnfitError(f"{self._document.source}:{line}: {_TOO_DEEP}")
        if isinstance(node, yaml.MappingNode) and node.tag == _MAPPING:
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode) and node.tag == _SEQUENCE:
            return [self.build(item, (*place, i)) for i, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in _PLAIN:
            return self._scalar(node, place)
        self._report(node, place, f"found the tag {_tag_text(node)}, a spec has no tags; remove it")
        return None

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        built: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                merged = {**self._merged(value_node, place), **merged}
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                self._report(key_node, place, "found a list or mapping as a key, expected a word")
                continue
            key = key_node.value
            at, line = (*place, key), key_node.start_mark.line + 1
            if key in built:
                first = self._document.lines[at]
                text = f"found this key again, it stands already on line {first}"
                self._report(key_node, at, f"{text}; remove one of the two")
                continue
            self._document.lines[at] = line
            built[key] = self.build(value_node, at)
        return {**merged, **built}

    def _merged(self, node: yaml.Node, place: Place) -> dict[str, Any]:
        # Built at a place that no path has, so that the lines of what is merged stay out of it.
        value = self.build(node, (*place, "<<"))
        merged: dict[str, Any] = {}
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                merged = {**part, **merged}
            else:
                self._report(node, (*place, "<<"), "expected a mapping, or a list of mappings")
        return merged

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        try:
            value = self._loader.construct_object(node)
        except (ValueError, KeyError, yaml.YAMLError):
            text = f"found {node.value[:40]!r}, which is no {_tag_text(node).strip('!')}"
            self._report(node, place, text)
            return None
        if isinstance(value, int) and abs(value) > LARGEST:
            self._report(node, place, _TOO_LARGE)
            return None
        return value

    def _report(self, node: yaml.Node, place: Place, text: str) -> None:
        path = f"{path_of(place)}: " if place else ""
        line = node.start_mark.line + 1
        self._document.problems.append(f"{self._document.source}:{line}: {path}{text}")


_TOO_MANY = f"found more than {MOST_VALUES:,} values, aliases written out"
_TOO_LARGE = "found a whole number of more than 64 bits"


def _tag_text(node: yaml.Node) -> str:
    return str(node.tag).replace("tag:yaml.org,2002:", "!!")


# TOML


_TABLE = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_WORD = r"""(?:[\w\-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"^\s*({_WORD}(?:\s*\.\s*{_WORD})*)\s*=")


def _read_toml(source: str, text: str) -> Document:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        problem = f"{source}:{at.group(1) if at else 1}: not TOML: {error}"
        return Document(source, text, None, {}, [problem])
    except (ValueError, RecursionError) as error:
        what = _TOO_DEEP if isinstance(error, RecursionError) else _TOO_LARGE
        return Document(source, text, None, {}, [f"{source}:1: {what}"])
    document = Document(source, text, data, _toml_lines(text))
    problems = list(_unfit(document))
    return Document(source, text, None, {}, problems) if problems else document


def _unfit(document: Document) -> Iterator[str]:
    """What TOML allows and a spec does not; without recursion, for the depth is not yet known."""
    waiting: list[tuple[Place, Any]] = [((), document.data)]
    while waiting:
        place, value = waiting.pop()
        if len(place) > DEEPEST:
            yield f"{document.where(place[:1])}: {_TOO_DEEP}"
        elif isinstance(value, dict):
            waiting += [((*place, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [((*place, i), inner) for i, inner in enumerate(value)]
        elif isinstance(value, datetime.date | datetime.time):
            yield f"{document.where(place)}: found a date or time; write it in quotes"
        elif isinstance(value, int) and abs(value) > LARGEST:
            yield f"{document.where(place)}: {_TOO_LARGE}"


_TABLE = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:[\w\-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w\-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""([\w\-]+)|"([^"]*)"|'([^']*)'""")


def _toml_lines(text: str) -> dict[Place, int]:
    """The lines of tables and keys; a value inside an inline table is told by its key's line."""
    lines: dict[Place, int] = {}
    table: Place = ()
    count: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if key := _KEY.match(line):
            lines.setdefault((*table, *_toml_key(key.group(1))), number)
        elif header := _TABLE.match(line):
            table = _toml_key(header.group(2))
            if header.group(1) == "[[":
                count[table] = count.get(table, -1) + 1
                table = (*table, count[table])
            lines.setdefault(table, number)
    return lines


def _toml_key(text: str) -> Place:
    return tuple(bare or double or single for bare, double, single in _PART.findall(text))
