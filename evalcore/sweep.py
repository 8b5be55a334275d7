"""A sweep: one document with lists of values becomes one document for each cell."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from evalcore.document import Place, path_of, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["BASE", "Variant", "expand", "parse_path", "path_in_sweep", "set_in"]

BASE = "base"
"""Name of the only cell of a spec without a sweep."""

MOST_CELLS = 10_000
"""Cells of one spec; each is a row of every table, and a slip of a value multiplies them."""

SWEEPABLE = ("task", "models", "strategy", "attempts", "seed")


@dataclass(frozen=True, slots=True)
class Variant:
    """One cell before it is checked.

    Attributes:
        name: the settings in which it differs, `feedback=binary,max_turns=3`.
        changes: the same by dotted path, with labels in place of labelled values.
        data: the whole document with its values put in.
        origins: for each changed place, the place in the sweep that it comes from.
    """

    name: str
    changes: dict[str, Any]
    data: dict[str, Any]
    origins: dict[Place, Place]


@dataclass(frozen=True, slots=True)
class _Choice:
    path: str
    label: Any
    value: Any
    origin: Place


def expand(data: dict[str, Any], report: Any) -> list[Variant]:
    """The cells of a document, in the order of the sweep's values, the last path fastest.

    Args:
        data: the document; its `sweep` maps a dotted path to a list of values or to a mapping
            of labels to values, `include` to further cells and `exclude` to cells left out.
        report: called with `(place, text)` for each problem.
    """
    sweep = data.get("sweep") or {}
    if not isinstance(sweep, dict):
        return []  # the check of the spec's outer form says so
    axes = _axes(sweep, report)
    cells = prod(len(choices) for choices in axes.values())
    if cells > MOST_CELLS:
        report(("sweep",), f"found {cells:,} cells, expected at most {MOST_CELLS:,}")
        return []
    swept = sweep.keys() - {"include", "exclude"}
    combinations = [list(row) for row in product(*axes.values())] if swept else []
    for rule in _rules(sweep, "exclude", report):
        combinations = [row for row in combinations if not _matches(row, rule, axes)]
    for i, rule in enumerate(_rules(sweep, "include", report)):
        combinations.append([_chosen(rule, path, axes, i) for path in rule])
    if not sweep:
        combinations = [[]]
    elif not combinations:
        report(("sweep",), "no cell is left; give each path a value, or exclude less")
    return _variants(data, combinations, report)


def parse_path(text: str) -> Place:
    """`metrics[0].k` or `metrics.0.k` as a place; what follows `sweep.` is one key of it."""
    head, _, swept = text.partition(".")
    if head == "sweep" and swept and not swept.startswith(("include", "exclude")):
        return (head, swept)
    parts = text.replace("[", ".").replace("]", "").split(".")
    return tuple(int(part) if part.isdecimal() else part for part in parts)


def path_in_sweep(origin: Place) -> Place:
    """Where the path stands that a value of the sweep is for, given where the value stands."""
    return origin if origin[1] == "include" else origin[:2]


def set_in(data: Any, place: Place, value: Any) -> None:
    """Put a value at a place, making the mappings that lead to it.

    Raises:
        KeyError: if the way leads through something that is neither a mapping nor a list item;
            its argument says what was found.
    """
    for i, part in enumerate(place):
        last = i == len(place) - 1
        if isinstance(data, dict):
            key = str(part)
            if isinstance(data.get(key), str) and not last and key in {"task", "strategy"}:
                data[key] = {"use": data[key]}
            data[key] = value if last else data.get(key, {})
            data = data[key]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            if isinstance(data[part], str) and not last:
                data[part] = {"use": data[part]}
            data[part] = value if last else data[part]
            data = data[part]
        elif isinstance(data, list):
            raise KeyError(f"found {len(data)} items at {path_of(place[:i])}, none is [{part}]")
        else:
            raise KeyError(
                f"found {short(data)} at {path_of(place[:i]) or 'the top'}, nothing is inside it"
            )


def _axes(sweep: dict[str, Any], report: Any) -> dict[str, list[_Choice]]:
    axes = {}
    for path, values in sweep.items():
        if path in {"include", "exclude"}:
            continue
        place: Place = ("sweep", path)
        if path.partition(".")[0] not in SWEEPABLE:
            report(place, f"cannot be swept; a path starts with one of {', '.join(SWEEPABLE)}")
        elif isinstance(values, dict) and values:
            axes[path] = [_Choice(path, k, v, (*place, k)) for k, v in values.items()]
        elif isinstance(values, list) and values:
            axes[path] = [_Choice(path, v, v, (*place, i)) for i, v in enumerate(values)]
        else:
            expected = "expected a list of values, or labels with values"
            report(place, f"found {short(values)}, {expected}")
    return axes


def _rules(sweep: dict[str, Any], key: str, report: Any) -> Iterator[dict[str, Any]]:
    rules = sweep.get(key) or []
    if not isinstance(rules, list):
        report(("sweep", key), f"found {short(rules)}, expected a list of cells (path: value)")
        return
    for i, rule in enumerate(rules):
        if not isinstance(rule, dict) or not rule:
            report(("sweep", key, i), f"found {short(rule)}, expected a cell (path: value)")
        elif key == "exclude" and (unknown := [p for p in rule if p not in sweep]):
            report(("sweep", key, i), f"{unknown[0]} is not swept, so no cell can match")
        elif bad := [p for p in rule if p.partition(".")[0] not in SWEEPABLE]:
            report(("sweep", key, i, bad[0]), f"cannot be swept; start with {', '.join(SWEEPABLE)}")
        else:
            yield rule


def _matches(row: list[_Choice], rule: Mapping[str, Any], axes: Any) -> bool:
    """Whether a cell is one of those that a rule is about, where a list stands for each in it."""
    chosen = {choice.path: (choice.label, choice.value) for choice in row}
    return all(
        any(one in chosen[path] for one in [value, *(value if isinstance(value, list) else ())])
        for path, value in rule.items()
        if path in axes
    )


def _chosen(rule: dict[str, Any], path: str, axes: dict[str, list[_Choice]], i: int) -> _Choice:
    for choice in axes.get(path, []):
        if rule[path] == choice.label:
            return choice
    return _Choice(path, rule[path], rule[path], ("sweep", "include", i, path))


def _variants(data: dict[str, Any], rows: list[list[_Choice]], report: Any) -> list[Variant]:
    short = _short_names({choice.path for row in rows for choice in row})
    variants: dict[str, Variant] = {}
    for row in rows:
        name = ",".join(f"{short[item.path]}={_text(item.label)}" for item in row) or BASE
        if name in variants:
            report(("sweep",), f"two cells are called {name}; remove one, or label their values")
            continue
        copy = deepcopy({key: value for key, value in data.items() if key != "sweep"})
        origins = {}
        for item in row:
            place = parse_path(item.path)
            try:
                set_in(copy, place, deepcopy(item.value))
            except KeyError as error:
                report(path_in_sweep(item.origin), error.args[0])
                break
            origins[place] = item.origin
        else:
            changes = {item.path: item.label for item in row}
            variants[name] = Variant(name, changes, copy, origins)
    return list(variants.values())


def _short_names(paths: set[str]) -> dict[str, str]:
    """The shortest tail of each dotted path that no other path ends in."""
    names = {}
    for path in paths:
        parts = path.split(".")
        tails = [".".join(parts[-k:]) for k in range(1, len(parts) + 1)]
        others = [f".{other}" for other in paths if other != path]
        names[path] = next(t for t in tails if not any(o.endswith(f".{t}") for o in others))
    return names


def _text(label: Any) -> str:
    if isinstance(label, str):
        return label
    return json.dumps(label, sort_keys=True, separators=(",", ":"), default=str)
