"""What the user sees of plugins that cannot be used; nothing else goes down with them.

The golden file shows it all; `EVALCORE_WRITE_GOLDEN=1 pytest` on this file writes it anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from places import Place

GOLDEN = Path(__file__).with_name("golden") / "broken.txt"
HEAD = (
    "from evalcore.component import Command, Component\nfrom evalcore.hookspecs import hookimpl\n\n"
)

BROKEN = {
    "raises": ("import json\nraise OSError('no licence file')\n", "v1"),
    "exits": ("import sys\nsys.exit('bye')\n", "v1"),
    "exits-well": ("import sys\nsys.exit(0)\n", "v1"),
    "lacks-a-library": ("import no_such_library\n", "v1"),
    "no-python": ("def (:\n", "v1"),
    "unknown-hook": (HEAD + "@hookimpl\ndef evalcore_metric():\n    return []\n", "v1"),
    "unmarked-hook": (HEAD + "def evalcore_metrics():\n    return []\n", "v1"),
    "wrong-arguments": (HEAD + "@hookimpl\ndef evalcore_metrics(config):\n    return []\n", "v1"),
    "wrong-yields": (HEAD + "@hookimpl\ndef evalcore_metrics():\n    yield 'mean'\n", "v1"),
    "raising-hook": (HEAD + "@hookimpl\ndef evalcore_metrics():\n    return 1 / 0\n", "v1"),
    "no-list": (HEAD + "@hookimpl\ndef evalcore_metrics():\n    return 7\n", "v1"),
    "bad-name": (
        HEAD
        + "@hookimpl\ndef evalcore_metrics():\n    return [Component('My Metric', 'x', 'a:B')]\n",
        "v1",
    ),
    "bad-path": (
        HEAD + "@hookimpl\ndef evalcore_metrics():\n    return [Component('x', 'x', 'a.B')]\n",
        "v1",
    ),
    "same-twice": (
        HEAD + "@hookimpl\ndef evalcore_metrics():\n    return [Component('x', 'x', 'a:B')] * 2\n",
        "v1",
    ),
    "newer-minor": ("", "v1.99"),
    "other-major": ("", "v2"),
    "older-major": ("", "v0.9"),
    "no-interface": ("", None),
    "odd-interface": ("", "latest"),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the user sees where all of them are installed, by command."""
    place = Place(tmp_path_factory.mktemp("broken"))
    for name, (source, interface) in BROKEN.items():
        place.install(f"evalcore-{name}", source, plugin=name, interface=interface)
    commands = {
        "list": ["list", "metrics", "--json"],
        "plugins": ["plugins"],
        "check": ["check", place.spec(metrics=["mean"])],
    }
    found = {command: place.evalcore(*words) for command, words in commands.items()}
    named = place.spec(metrics=[f"{name}:x" for name in BROKEN])
    code, output, words = place.evalcore("check", named)
    errors = "\n".join(line for line in words.splitlines() if not line.startswith("warning: "))
    return {**found, "check all": (code, output, errors)}


def test_nothing_else_goes_down(seen):
    code, output, _ = seen["list"]
    assert code == 0
    assert {row["name"] for row in json.loads(output)} >= {"mean", "proportion"}
    assert seen["check"][0] == 0
    assert seen["plugins"][0] == 1
    assert "builtin (evalcore-framework " in seen["plugins"][1]


@pytest.mark.parametrize("name", BROKEN)
def test_broken_plugin(seen, name):
    """One line where it is not named; where it is, the traceback of what it raised."""
    sentence = f"plugin {name} (evalcore-{name} 1.0) cannot be used: "
    (line,) = [line for line in seen["check"][2].splitlines() if f" {name} (" in line]
    assert line.startswith(f"warning: {sentence}")
    assert line.endswith("; `evalcore plugins` tells more")
    number = list(BROKEN).index(name)
    for told in (seen["plugins"][1], seen["check all"][2]):
        assert told.count(sentence) == 1
        assert f"`pip uninstall evalcore-{name}`" in told
    assert f"spec.json:1: metrics[{number}]: {sentence}" in seen["check all"][2]


def test_tracebacks_stand_where_a_plugin_raised_and_nowhere_else(seen):
    assert seen["check"][2].count("Traceback") == 0
    assert seen["check"][2].count("warning: ") == len(BROKEN)
    assert seen["plugins"][1].count("Traceback") == seen["check all"][2].count("Traceback") == 9
    assert seen["check all"][0] == 2


def test_the_wording_is_the_golden_one(seen):
    """Pythons word their own errors differently, but not in these lines."""
    warnings = [line for line in seen["check"][2].splitlines() if line.startswith("warning: ")]
    told = "\n".join(sorted(warnings)) + "\n"
    if os.environ.get("EVALCORE_WRITE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(told, encoding="utf-8")
    assert told == GOLDEN.read_text(encoding="utf-8")


def test_tracebacks_are_shown_where_the_plugin_raised(place):
    place.install("evalcore-raises", BROKEN["raises"][0], plugin="raises")
    _, output, _ = place.evalcore("plugins")
    assert "Traceback (most recent call last):" in output
    assert 'File "FOLDER/packages/raises.py", line 2' in output
    assert "OSError: no licence file" in output
    (row,) = [r for r in json.loads(place.evalcore("plugins", "--json")[1]) if r["error"]]
    assert (row["name"], row["error"]) == ("raises", "OSError: no licence file")


def test_metadata_that_cannot_be_read(place):
    info = place.install("evalcore-odd")
    (info / "entry_points.txt").write_text("[evalcore]\nthis is no entry\n= 3\n")
    code, output, _ = place.evalcore("plugins")
    assert code == 1
    assert "evalcore-odd 1.0) cannot be used: its metadata cannot be read" in output


def test_a_broken_plugin_is_told_where_no_name_is_near(place):
    place.install("evalcore-raises", BROKEN["raises"][0], plugin="raises")
    code, _, words = place.evalcore("check", place.spec(metrics=["zzzzz"]))
    assert code == 2
    assert "It may belong to a plugin that cannot be loaded:" in words
    assert "Traceback" in words
    code, _, words = place.evalcore("check", place.spec(metrics=["maen"]))
    assert "did you mean 'mean'?" in words
    assert "Traceback" not in words


def test_a_class_that_cannot_be_imported_is_told_before_anything_runs(place):
    source = (
        HEAD + "@hookimpl\ndef evalcore_metrics():\n    return [Component('x', 'x', 'no.x:B')]\n"
    )
    place.install("evalcore-gone", source, plugin="gone")
    code, output, words = place.evalcore("run", place.spec(metrics=["x"]))
    assert (code, output) == (2, "")
    assert "metric 'x' of plugin gone (evalcore-gone 1.0) cannot be loaded: no.x:B" in words
    assert not (place.folder / "runs").exists()
