"""Malformed specs, each with the mistake's name: changes of one spec that is right."""

from __future__ import annotations

import json
from typing import NamedTuple

BASE = """\
evalcore: 1
name: sums
task: {use: jsonl, path: sums.jsonl}
models:
  m: {use: replay, path: answers.jsonl}
strategy: {use: single, max_tokens: 8}
attempts: 2
metrics: [mean, proportion]
sweep:
  strategy.temperature: [0, 1]
seed: 3
limits: {concurrency: 4}
"""

TOML = """\
evalcore = 1
name = "sums"
attempts = 2
metrics = ["mean"]

[task]
use = "jsonl"
path = "sums.jsonl"

[models.m]
use = "replay"
path = "answers.jsonl"

[sweep]
"strategy.temperature" = [0, 1]
"""

JSON = json.dumps(
    {
        "evalcore": 1,
        "name": "sums",
        "task": {"use": "jsonl", "path": "sums.jsonl"},
        "models": {"m": {"use": "replay", "path": "answers.jsonl"}},
    },
    indent=2,
)


class Malformed(NamedTuple):
    """A spec with a mistake.

    Attributes:
        told: what one of the errors says.
        overrides: `--set` arguments.
        line: where the error points, if the mistake stands in the file.
    """

    name: str
    content: bytes
    told: str
    line: int | None = None
    suffix: str = ".yaml"
    overrides: tuple[str, ...] = ()


def _changed(name: str, old: str, new: str, told: str, line: int | None = None) -> Malformed:
    assert BASE.count(old) == 1, (name, old)
    return Malformed(name, BASE.replace(old, new).encode(), told, line)


def _toml(name: str, old: str, new: str, told: str, line: int | None = None) -> Malformed:
    assert TOML.count(old) == 1, (name, old)
    return Malformed(name, TOML.replace(old, new).encode(), told, line, ".toml")


def _json(name: str, old: str, new: str, told: str, line: int | None = None) -> Malformed:
    assert JSON.count(old) == 1, (name, old)
    return Malformed(name, JSON.replace(old, new).encode(), told, line, ".json")


def _set(name: str, override: str, told: str) -> Malformed:
    return Malformed(name, BASE.encode(), told, overrides=(override,))


_TASK = "task: {use: jsonl, path: sums.jsonl}"
_MODEL = "  m: {use: replay, path: answers.jsonl}"
_STRATEGY = "strategy: {use: single, max_tokens: 8}"
_METRICS = "metrics: [mean, proportion]"
_SWEEP = "  strategy.temperature: [0, 1]"
_LIMITS = "limits: {concurrency: 4}"

_BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)
_MERGE_BOMB = "m0: &m0 {x: 1}\n" + "".join(
    f"m{i}: &m{i} {{<<: [{', '.join([f'*m{i - 1}'] * 10)}]}}\n" for i in range(1, 12)
)

SYNTAX = [
    Malformed("empty file", b"", "found nothing, expected", 1),
    Malformed("blank file", b"\n\n  \n", "found nothing, expected", 1),
    Malformed("comments alone", b"# nothing yet\n", "found nothing, expected", 1),
    Malformed("a text alone", b"hello", "found 'hello', expected the keys evalcore, name", 1),
    Malformed("a list alone", b"- 1\n- 2\n", "found [1, 2], expected the keys", 1),
    Malformed("a number alone", b"7", "found 7, expected the keys", 1),
    Malformed("latin-1", BASE.replace("sums\n", "s\xfcms\n").encode("latin-1"), "not UTF-8", 2),
    Malformed("UTF-16", BASE.encode("utf-16"), "not UTF-8", 1),
    Malformed("NUL", BASE.encode().replace(b"sums\n", b"su\0ms\n"), "U+0000", 2),
    Malformed("escape character", BASE.encode().replace(b"sums\n", b"su\x1bms\n"), "U+001B", 2),
    Malformed("random bytes", bytes(range(128, 256)) * 4, "not UTF-8", 1),
    Malformed("two documents", (BASE + "---\n" + BASE).encode(), "not YAML", 13),
    _changed("bracket left open", "[mean, proportion]", "[mean, proportion", "not YAML"),
    _changed("brace left open", "{concurrency: 4}", "{concurrency: 4", "not YAML"),
    _changed("quote left open", "name: sums", "name: 'sums", "not YAML"),
    _changed("tab as indent", "  m: {use", "\tm: {use", "not YAML", 5),
    _changed("no colon", "seed: 3", "seed 3", "not YAML"),
    _changed("no blank after the colon", "seed: 3", "seed:3", "not YAML"),
    _changed("indented too far", "seed: 3", "  seed: 3", "sweep.seed: found 3", 11),
    _changed("unknown alias", "seed: 3", "seed: *three", "undefined alias", 11),
    _changed("unknown escape", "name: sums", r'name: "\q"', "not YAML", 2),
    _changed("two values", "seed: 3", "seed: 3: 4", "not YAML", 11),
    _changed("list item astray", "seed: 3", "- seed", "not YAML", 11),
    Malformed("alias of itself", b"evalcore: &a [*a]\n", "levels deep"),
    Malformed("aliases of aliases", (_BOMB + BASE).encode(), "100,000 values, aliases written out"),
    Malformed("merges of merges", (_MERGE_BOMB + BASE).encode(), "100,000 values"),
    Malformed("deep lists", b"a: " + b"[" * 100 + b"]" * 100, "50 levels", 1),
    Malformed("very deep lists", b"[" * 500, "50 levels", 1),
    Malformed("very deep mappings", b"{a: " * 20_000, "50 levels", 1),
    Malformed("deep dotted TOML", b"a" + b".a" * 1_000 + b" = 1", "50 levels", 1, ".toml"),
    Malformed("deep TOML lists", b"a = " + b"[" * 50_000, "50 levels", 1, ".toml"),
    _changed(
        "Python object", "seed: 3", "seed: !!python/object:os.system {}", "!!python/object", 11
    ),
    _changed("Python name", "seed: 3", "seed: !!python/name:os.system ''", "has no tags", 11),
    _changed("Python call", "seed: 3", "seed: !!python/object/apply:os.system [ls]", "no tags", 11),
    _changed("own tag", "seed: 3", "seed: !seed 3", "found the tag !seed", 11),
    _changed("a set", "metrics: [mean, proportion]", "metrics: !!set {mean}", "!!set", 8),
    _changed("binary", "name: sums", "name: !!binary aGVsbG8=", "!!binary", 2),
    _changed("timestamp", "name: sums", "name: !!timestamp 2024-01-01", "!!timestamp", 2),
    _changed("word tagged as a number", "seed: 3", "seed: !!int three", "is no int", 11),
    _changed("word tagged as a truth", "seed: 3", "seed: !!bool maybe", "is no bool", 11),
    _changed("list as a key", "seed: 3", "[a, b]: 3", "a list or mapping as a key", 11),
    _changed("mapping as a key", "seed: 3", "{a: b}: 3", "a list or mapping as a key", 11),
    _changed("merge of a number", "seed: 3", "<<: 3", "expected a mapping", 11),
    _toml("TOML: no value", "attempts = 2", "attempts =", "not TOML", 3),
    _toml("TOML: quote left open", 'name = "sums"', 'name = "sums', "not TOML", 2),
    _toml("TOML: bare text", 'name = "sums"', "name = sums", "not TOML", 2),
    _toml("TOML: key twice", "attempts = 2", "attempts = 2\nattempts = 3", "not TOML", 4),
    _toml("TOML: table twice", "[sweep]", "[task]", "not TOML", 14),
    _toml("TOML: date", 'name = "sums"', "name = 2024-01-01", "a date or time; write it", 2),
    _toml("TOML: time", 'name = "sums"', "name = 07:32:00", "a date or time; write it", 2),
    _toml("TOML: 100 digits", "attempts = 2", f"attempts = {'9' * 100}", "64 bits", 3),
    _toml("TOML: 9,999 digits", "attempts = 2", f"attempts = {'9' * 9_999}", "64 bits", 1),
    _json("JSON: brace left open", '"m": {', '"m": {{', "not JSON"),
    _json("JSON: colon missing", '"name": ', '"name" ', "not JSON", 3),
    _json("JSON: key twice", '"name": "sums",', '"name": "sums",\n  "name": "b",', "line 3", 4),
]

FRAME = [
    _changed("key twice", "seed: 3", "seed: 3\nseed: 4", "stands already on line 11", 12),
    _changed(
        "inner key twice", "{concurrency: 4}", "{concurrency: 4, concurrency: 5}", "again", 12
    ),
    _changed("no version", "evalcore: 1\n", "", "a spec needs 'evalcore'", 1),
    _changed("later version", "evalcore: 1", "evalcore: 2", "found 2, expected 1", 1),
    _changed("version as text", "evalcore: 1", "evalcore: '1'", "found '1', expected 1", 1),
    _changed("no name", "name: sums\n", "", "a spec needs 'name'", 1),
    _changed("empty name", "name: sums", "name: ''", "found '', expected letters", 2),
    _changed(
        "name with a slash", "name: sums", "name: a/b", "found 'a/b', expected letters, digits", 2
    ),
    _changed("name that climbs", "name: sums", "name: ../x", "found '../x'", 2),
    _changed("long name", "name: sums", f"name: {'n' * 300}", "at most 100 characters", 2),
    _changed("name as a number", "name: sums", "name: 7", "found 7, expected a text", 2),
    _changed("no task", f"{_TASK}\n", "", "a spec needs 'task'", 1),
    _changed("key misspelt", "attempts: 2", "atempts: 2", "did you mean 'attempts'?", 7),
    _changed("key in capitals", "seed: 3", "Seed: 3", "did you mean 'seed'?", 11),
    _changed("key of another world", "seed: 3", "zzz: 3", "a spec has evalcore, name, task", 11),
    _changed("attempts zero", "attempts: 2", "attempts: 0", "a number of at least 1", 7),
    _changed("attempts negative", "attempts: 2", "attempts: -1", "a number of at least 1", 7),
    _changed("attempts as text", "attempts: 2", "attempts: two", "a whole number", 7),
    _changed("attempts in quotes", "attempts: 2", "attempts: '2'", "a whole number", 7),
    _changed("attempts half", "attempts: 2", "attempts: 1.5", "a whole number", 7),
    _changed("attempts true", "attempts: 2", "attempts: true", "found True, expected a whole", 7),
    _changed("attempts nothing", "attempts: 2", "attempts:", "found nothing, expected a whole", 7),
    _changed("seed as a list", "seed: 3", "seed: [3]", "found [3], expected a whole number", 11),
    _changed("seed of 100 digits", "seed: 3", f"seed: {'9' * 100}", "more than 64 bits", 11),
    _changed("seed of 9,999 digits", "seed: 3", f"seed: {'9' * 9_999}", "is no int", 11),
    _changed("seed of 9,999 hex digits", "seed: 3", f"seed: 0x{'f' * 9_999}", "64 bits", 11),
    _changed("seed not a number", "seed: 3", "seed: .nan", "expected a whole number", 11),
    _changed("limits as a number", _LIMITS, "limits: 4", "expected keys with values", 12),
    _changed("limit misspelt", "concurrency", "concurency", "did you mean 'concurrency'?", 12),
    _changed("limit unknown", "concurrency", "zzz", "'limits' of a spec has concurrency", 12),
    _changed("concurrency zero", "concurrency: 4", "concurrency: 0", "at least 1", 12),
    _changed("concurrency vast", "concurrency: 4", "concurrency: 1000000", "at most 100000", 12),
    _changed("dollars zero", "concurrency: 4", "dollars: 0", "a number greater than 0", 12),
    _changed(
        "dollars in words", "concurrency: 4", "dollars: ten", "found 'ten', expected a nu", 12
    ),
    _changed("dollars endless", "concurrency: 4", "dollars: .inf", "a finite number", 12),
    _changed("calls by halves", "concurrency: 4", "calls: 1.5", "found 1.5, expected a whole", 12),
    _changed("tokens none", "concurrency: 4", "tokens: 0", "a number greater than 0", 12),
    _changed("minutes not a number", "concurrency: 4", "minutes: .nan", "a finite number", 12),
    _changed("retries without end", "concurrency: 4", "retries: 1000", "at most 100", 12),
    _changed("reports as text", "seed: 3", "reports: html", "found 'html', expected a list", 11),
    _changed("unknown reporter", "seed: 3", "reports: [htm]", "did you mean 'html'?", 11),
    _changed("unknown plugin", "seed: 3", "plugins: [zzz]", "no plugin is called 'zzz'", 11),
    _changed("plugin a number", "seed: 3", "plugins: [3]", "found 3, expected a text", 11),
]

PARTS = [
    _changed("task a number", _TASK, "task: 3", "found 3, expected a task's name", 3),
    _changed("task a list", _TASK, "task: [jsonl]", "found ['jsonl'], expected a task's name", 3),
    _changed("task nothing", _TASK, "task:", "found nothing, expected a task's name", 3),
    _changed("task without use", "use: jsonl, ", "", "or `use: NAME`", 3),
    _changed("use a number", "use: jsonl", "use: 3", "expected a task's name", 3),
    _changed("task misspelt", "use: jsonl", "use: jsnol", "did you mean 'jsonl'?", 3),
    _changed("task unknown", "use: jsonl", "use: zzz", "no task is called 'zzz'; there are", 3),
    _changed("task's name empty", "use: jsonl", "use: ''", "no task is called ''", 3),
    _changed("unknown plugin before it", "use: jsonl", "use: 'bultin:jsonl'", "builtin:jsonl", 3),
    _changed("dotted path of Python", "use: jsonl", "use: os.system", "no task is called", 3),
    _changed("path of a class", "use: jsonl", "use: 'evalcore.task:Task'", "no task is called", 3),
    _changed("a model as task", "use: jsonl", "use: replay", "no task is called 'replay'", 3),
    _changed(
        "task without its path", ", path: sums.jsonl", "", "task 'jsonl' needs 'path' here", 3
    ),
    _changed("data missing", "path: sums.jsonl", "path: gone.jsonl", "no file at", 3),
    _changed("data not a text", "path: sums.jsonl", "path: 7", "found 7, expected a text", 3),
    _changed("glob of nothing", "path: sums.jsonl", "path: '*.gone'", "no file at", 3),
    _changed("package missing", "sums.jsonl", "package://zzz/x", "no installed package 'zzz'", 3),
    _changed("package by dots", "sums.jsonl", "package://os.path/x", "no installed package", 3),
    _changed(
        "setting misspelt", "path: sums", "mach: exact, path: sums", "did you mean 'match'?", 3
    ),
    _changed(
        "choice misspelt", "path: sums", "match: exakt, path: sums", "did you mean 'exact'?", 3
    ),
    _changed("metadata as text", "path: sums", "metadata: x, path: sums", "expected a list", 3),
    _changed(
        "name not set", "path: sums.jsonl", "path: '${EVALCORE_GONE}'", "is not set in the", 3
    ),
    _changed(
        "models a list", f"models:\n{_MODEL}", "models: [replay]", "expected keys with values", 4
    ),
    _changed(
        "models a text", f"models:\n{_MODEL}", "models: replay", "expected keys with values", 4
    ),
    _changed("model nothing", _MODEL, "  m:", "found nothing, expected a model's name", 5),
    _changed("model misspelt", "use: replay", "use: repaly", "did you mean 'replay'?", 5),
    _changed("model without a name", "  m: {", "  '': {", "found an empty name", 4),
    _changed("model's answers missing", "answers.jsonl", "gone.jsonl", "no file at", 5),
    _changed("price a number", "path: ans", "price: 3, path: ans", "expected keys with values", 5),
    _changed("half a price", "path: ans", "price: {prompt: 3}, path: ans", "needs 'completion'", 5),
    _changed(
        "price negative",
        "path: ans",
        "price: {prompt: -3, completion: 1}, path: ans",
        "found -3, expected a number of at least 0",
        5,
    ),
    _changed("strategy nothing", _STRATEGY, "strategy:", "found nothing at strategy", 10),
    _changed("strategy misspelt", "use: single", "use: singel", "did you mean 'single'", 6),
    _changed("setting out of range", "max_tokens: 8", "max_tokens: 0", "at least 1", 6),
    _changed("setting of a wrong type", "max_tokens: 8", "max_tokens: [8]", "whole number", 6),
    _changed("metrics a text", _METRICS, "metrics: mean", "found 'mean', expected a list", 8),
    _changed("no metrics", _METRICS, "metrics: []", "expected 1 item or more", 8),
    _changed("metric misspelt", _METRICS, "metrics: [meen]", "did you mean 'mean'?", 8),
    _changed("metric a number", _METRICS, "metrics: [3]", "expected a metric's name", 8),
    _changed(
        "metric with settings", _METRICS, "metrics: [{use: mean, k: 3}]", "has no settings", 8
    ),
]

SWEEPS = [
    _changed("sweep a list", f"\n{_SWEEP}", " [1]", "found [1], expected keys with values", 9),
    _changed("path with one value", "[0, 1]", "0", "found 0, expected a list of values", 10),
    _changed("path with no value", "[0, 1]", "[]", "found [], expected a list of values", 10),
    _changed("path with nothing", "[0, 1]", "", "found nothing, expected a list", 10),
    _changed("value out of range", "[0, 1]", "[0, -1]", "found -1, expected a number of at", 10),
    _changed("value of a wrong type", "[0, 1]", "[0, [1]]", "found [1], expected a number", 10),
    _changed("value twice", "[0, 1]", "[1, 1]", "two cells are called temperature=1", 9),
    _changed("path not swept", "strategy.temperature", "name", "cannot be swept", 10),
    _changed("limits not swept", "strategy.temperature", "limits.dollars", "cannot be swept", 10),
    _changed("setting unknown", "strategy.temperature", "strategy.temprature", "temperature'?", 10),
    _changed("path too deep", "strategy.temperature", "attempts.x", "nothing is inside it", 10),
    _changed("path through a gap", "strategy.temperature", "strategy..x", "unknown key ''", 10),
    _changed(
        "cells without end",
        _SWEEP,
        "".join(f"  strategy.a{i}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n" for i in range(12)),
        "1,000,000,000,000 cells",
        9,
    ),
    _changed(
        "every cell excluded",
        _SWEEP,
        _SWEEP + "\n  exclude: [{strategy.temperature: 0}, {strategy.temperature: 1}]",
        "no cell is left",
        9,
    ),
    _changed("exclude a number", _SWEEP, _SWEEP + "\n  exclude: 3", "expected a list of cells", 11),
    _changed(
        "exclude a path not swept", _SWEEP, _SWEEP + "\n  exclude: [{seed: 1}]", "not swept", 11
    ),
    _changed("include a text", _SWEEP, _SWEEP + "\n  include: [x]", "expected a cell", 11),
    _changed("include what cannot be", _SWEEP, _SWEEP + "\n  include: [{name: x}]", "swept", 11),
    _toml("TOML: sweep value", "[0, 1]", "[0, -1]", "found -1, expected a number of at least", 15),
    _toml("TOML: metric", '["mean"]', '["meen"]', "did you mean 'mean'?", 4),
    _toml("TOML: key", "attempts = 2", "attemps = 2", "did you mean 'attempts'?", 3),
    _toml("TOML: data", 'path = "sums.jsonl"', 'path = "gone.jsonl"', "no file at", 8),
    _json("JSON: key", '"models"', '"model"', "did you mean 'models'?", 8),
    _json("JSON: comments are YAML's", '"evalcore": 1', '"evalcore": "1"', "expected 1", 2),
]

OVERRIDES = [
    _set("--set: no value", "seed", "--set seed: expected PATH=VALUE"),
    _set(
        "--set: of what is swept",
        "strategy.temperature=0.5",
        "the sweep sets strategy.temperature in every cell, so this would do nothing",
    ),
    _set("--set: no path", "=3", "--set =3: expected PATH=VALUE"),
    _set("--set: nothing", "", "expected PATH=VALUE"),
    _set("--set: wrong type", "seed=x", "--set seed=x: seed: found 'x', expected a whole number"),
    _set("--set: unknown key", "sed=3", "did you mean 'seed'?"),
    _set("--set: unknown setting", "strategy.max_token=3", "did you mean 'max_tokens'?"),
    _set("--set: out of range", "strategy.max_tokens=0", "found 0, expected a number of at least"),
    _set("--set: through a number", "seed.x=3", "found 3 at seed, nothing is inside it"),
    _set("--set: beyond the list", "metrics[7]=mean", "found 2 items at metrics, none is [7]"),
    _set("--set: no YAML", "seed=[", "not YAML"),
    _set("--set: Python", "seed=!!python/name:os.system ''", "has no tags"),
    _set("--set: no is a text", "attempts=no", "found 'no', expected a whole number"),
    _set("--set: unknown component", "task.use=jsnol", "did you mean 'jsonl'?"),
    _set("--set: missing data", "task.path=gone.jsonl", "no file at"),
]

ALL = [*SYNTAX, *FRAME, *PARTS, *SWEEPS, *OVERRIDES]
