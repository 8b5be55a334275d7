"""Which plugins are found, what their index saves, and when it is made anew."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from places import FINE

LOUD = "print('imported')\n" + FINE.format(name="loud")


def names(place, **variables):
    code, output, _ = place.evalcore("list", "metrics", "--json", **variables)
    assert code == 0
    return {row["name"] for row in json.loads(output)}


def test_a_plugin_is_imported_for_the_index_and_never_again(place):
    place.install("loud", LOUD)
    assert "imported" in place.evalcore("list")[2]
    assert "loud" in names(place)
    for command in (["list"], ["plugins"], ["--help"], ["check", place.spec()]):
        assert "imported" not in "".join(map(str, place.evalcore(*command)))


def test_what_a_plugin_prints_is_no_result(place):
    place.install("loud", LOUD)
    code, output, words = place.evalcore("list", "--json")
    assert code == 0
    assert json.loads(output)
    assert words == "imported\n"


def test_a_heavy_import_costs_the_first_command_alone(place):
    place.install("heavy", "import decimal, xml.dom.minidom\n" + FINE.format(name="heavy"))
    show = "import sys, evalcore.cli as c; c.main(['list']); print('xml.dom' in sys.modules)"
    for expected in ("True", "False"):
        done = subprocess.run(
            [sys.executable, "-c", show],
            env=place.variables,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == expected


def test_a_changed_source_is_read_again(place):
    place.install("fine")
    assert "fine" in names(place)
    (place.packages / "fine.py").write_text(FINE.format(name="fine-indeed"))
    assert {"fine-indeed"} <= names(place)
    assert "fine" not in names(place)


def test_a_source_that_changes_while_it_is_imported_is_read_again(place):
    changed = FINE.format(name="finer")
    saves = f"import pathlib\npathlib.Path(__file__).write_text({changed!r})\n"
    place.install("fine", FINE.format(name="fine") + saves)
    assert "fine" in names(place)
    assert {"finer"} <= names(place)
    assert "fine" not in names(place)


def test_a_broken_source_that_is_mended_is_read_again(place):
    place.install("fine", "raise ValueError\n")
    assert "fine" not in names(place)
    assert place.evalcore("plugins")[0] == 1
    (place.packages / "fine.py").write_text(FINE.format(name="fine"))
    assert "fine" in names(place)
    assert place.evalcore("plugins")[0] == 0


def test_a_module_beside_the_declarations_is_read_again(place):
    package = place.packages / "fine"
    package.mkdir()
    (package / "__init__.py").write_text("from fine.inner import evalcore_metrics\n")
    (package / "inner.py").write_text(FINE.format(name="one"))
    place.install("fine")
    (place.packages / "fine.py").unlink()
    assert "one" in names(place)
    (package / "inner.py").write_text(FINE.format(name="other"))
    assert "other" in names(place)


def test_a_new_version_and_a_removal_are_seen(place):
    info = place.install("fine")
    assert "fine" in names(place)
    info.rename(info.with_name("fine-2.0.dist-info"))
    rows = json.loads(place.evalcore("plugins", "--json")[1])
    assert [row["version"] for row in rows if row["name"] == "fine"] == ["2.0"]
    shutil.rmtree(place.packages / "fine-2.0.dist-info")
    assert "fine" not in names(place)


def test_an_editable_install_is_found_and_read_again(place):
    source = place.folder / "checkout"
    source.mkdir()
    place.install("fine", into=source)
    show = f"import site; site.addsitedir({str(place.packages)!r}); import evalcore.cli as c; "
    (place.packages / "fine.pth").write_text(f"{source}\n")
    for name in ("fine", "finer"):
        (source / "fine.py").write_text(FINE.format(name=name))
        done = subprocess.run(
            [sys.executable, "-c", show + "c.main(['list', 'metrics', '--json'])"],
            env={**place.variables, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        assert name in {row["name"] for row in json.loads(done.stdout)}


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"key": 1, "plugins": [{}]}', "\0"])
def test_an_index_that_is_damaged_is_made_anew(place, content):
    place.install("fine")
    assert "fine" in names(place)
    (index,) = (place.folder / "cache" / "evalcore").iterdir()
    index.write_text(content)
    assert "fine" in names(place)
    assert json.loads(index.read_text())["plugins"]


def test_a_cache_that_cannot_be_written_is_done_without(place):
    place.install("fine")
    blocked = place.folder / "blocked"
    blocked.write_text("a file, where a folder is wanted")
    assert "fine" in names(place, EVALCORE_CACHE=str(blocked))


def test_a_folder_on_the_path_that_cannot_be_read(place):
    place.install("fine")
    gone = os.pathsep.join([str(place.packages), "/no/such/folder", "/dev/null", "relative"])
    assert "fine" in names(place, PYTHONPATH=gone)


def test_two_plugins_that_claim_one_name(place):
    place.install("first", FINE.format(name="shared"))
    place.install("second", FINE.format(name="shared"), version="2.5")
    code, output, _ = place.evalcore("plugins")
    assert code == 0
    assert "the metric name 'shared' is claimed by several plugins" in output
    assert "use: second:shared  (second 2.5)" in output
    code, _, words = place.evalcore("check", place.spec(metrics=["shared"]))
    assert code == 2
    assert "2 plugins offer a metric called 'shared'; write which one:" in words
    assert "first:shared  by first (first 1.0)" in words
    assert "second:shared  by second (second 2.5)" in words
    assert place.evalcore("check", place.spec(metrics=["second:shared"]))[0] == 0
    code, output, _ = place.evalcore(
        "run", place.spec(metrics=["first:shared", "second:shared"]), "--json"
    )
    assert code == 0
    assert [row["metric"] for row in json.loads(output)] == ["first:shared", "second:shared"]


def test_two_distributions_that_bring_plugins_of_one_name(place):
    place.install("first", FINE.format(name="one"), plugin="same")
    place.install("second", plugin="same", source=FINE.format(name="one"))
    code, _, words = place.evalcore("run", place.spec(metrics=["same:one"]))
    assert code == 2
    assert "2 plugins offer a metric called 'one'" in words
    assert place.evalcore("run", place.spec(metrics=["second:one"]), "--json")[0] == 0


COMMAND = """\
from evalcore.component import Command
from evalcore.hookspecs import hookimpl

@hookimpl
def evalcore_commands():
    return [Command("{name}", "Says {name}", "says")]
"""
SAYS = "def configure(parser): pass\ndef run(arguments):\n    print('said')\n    return 7\n"


def test_a_plugins_command(place):
    (place.packages / "says.py").write_text(SAYS)
    place.install("talker", COMMAND.format(name="talk"))
    assert "talk" in place.evalcore("--help")[1]
    assert place.evalcore("talk") == (7, "said\n", "")


def test_a_command_by_the_name_of_ours_or_of_two_plugins(place):
    (place.packages / "says.py").write_text(SAYS)
    place.install("taker", COMMAND.format(name="list"))
    place.install("one", COMMAND.format(name="talk"))
    place.install("two", COMMAND.format(name="talk"))
    helped = place.evalcore("--help")[1]
    for name in ("taker:list", "one:talk", "two:talk"):
        assert name in helped
    assert "metrics" in place.evalcore("list")[1]
    assert place.evalcore("taker:list")[0] == 7
    assert place.evalcore("talk")[0] == 2


def test_a_strangers_distribution_of_our_name(place):
    info = place.packages / "evalcore-0.4.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evalcore\nVersion: 0.4.1\n")
    for command in (["list"], ["check", place.spec()]):
        code, _, words = place.evalcore(*command)
        assert code == 0
        assert "another project's distribution 'evalcore 0.4.1' is installed" in words
        assert "pip uninstall evalcore" in words


OBSERVER = """\
from evalcore.hookspecs import hookimpl

@hookimpl
def evalcore_run_started(run):
    print("started", run.name)

@hookimpl
def evalcore_attempts_committed(run, records):
    {committed}

@hookimpl
def evalcore_run_finished(run, results):
    print("finished", [result.value for result in results])
"""


def test_an_observer_is_told_and_what_it_prints_is_no_result(place):
    place.install("watcher", OBSERVER.format(committed="print([r.sample for r in records])"))
    code, output, words = place.evalcore("run", place.spec(plugins=["watcher"]), "--json")
    assert code == 0
    assert json.loads(output)[0]["value"] == 1.0
    assert words.splitlines() == ["started test", "['a']", "finished [1.0]"]


def test_an_observer_that_raises_is_a_problem_and_ends_nothing(place):
    place.install("watcher", OBSERVER.format(committed="1 / 0"))
    code, output, words = place.evalcore("run", place.spec(plugins=["watcher"]), "--json")
    assert code == 1
    assert json.loads(output)[0]["n"] == 1
    assert "error: evalcore_attempts_committed: ZeroDivisionError: division by zero" in words
    assert "Traceback" not in words
