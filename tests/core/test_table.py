from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from evalcore.cli.table import plain, table
from evalcore.data import Result


def result(cell, metric, value, low=None, high=None, n=480, failed=0, run="runs/a"):
    return Result(run, cell, {}, metric, value, low, high, n, failed)


FEW = [
    result("max_turns=1", "mean", 0.417, 0.36, 0.48),
    result("max_turns=1", "cost/completion-tokens-of-the-model", 431.5, 400.0, 463.0),
    result("max_turns=3", "mean", 0.5312, 0.47, 0.59, 478, 2),
]


def drawn(results, width):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(table(results, width))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_few_metrics_stand_side_by_side():
    assert plain(FEW) == (
        "                                                          cost/\n"
        "cell                       mean  completion-tokens-of-the-model    n  failed\n"
        "max_turns=1  0.417 [0.36, 0.48]                  432 [400, 463]  480       0\n"
        "max_turns=3  0.531 [0.47, 0.59]                                  478       2\n"
    )


def test_metrics_over_different_attempts_have_a_row_each():
    assert plain([*FEW[:2], result("max_turns=1", "exact", 1.0, n=12), FEW[2]]) == (
        "cell         metric                                            value    n  failed\n"
        "max_turns=1  mean                                 0.417 [0.36, 0.48]  480       0\n"
        "max_turns=1  cost/completion-tokens-of-the-model      432 [400, 463]  480       0\n"
        "max_turns=1  exact                                                 1   12       0\n"
        "max_turns=3  mean                                 0.531 [0.47, 0.59]  478       2\n"
    )


def test_several_runs_are_told_apart():
    assert plain([FEW[0], replace(FEW[0], run="runs/b", value=None, low=None, high=None, n=0)]) == (
        "run     cell                       mean    n  failed\n"
        "runs/a  max_turns=1  0.417 [0.36, 0.48]  480       0\n"
        "runs/b  max_turns=1                   —    0       0\n"
    )


def test_no_results_are_a_head_alone():
    assert plain([]) == "cell  n  failed\n"


def test_plain_text_is_never_cut():
    name = "model=" + "m" * 300
    (_, row) = plain([result(name, "mean", 0.5)]).splitlines()
    assert row.startswith(f"{name}  ")
    many = plain([result("base", f"metric-{i}", 0.123, 0.08, 0.18) for i in range(20)])
    assert [line.split()[1:5] for line in many.splitlines()[1:]] == [
        [f"metric-{i}", "0.123", "[0.08,", "0.18]"] for i in range(20)
    ]


def test_a_terminal_with_room_shows_them_side_by_side():
    assert drawn(FEW[::2], 60) == [
        "",
        " cell                        mean     n   failed",
        " ───────────────────────────────────────────────",
        " max_turns=1   0.417 [0.36, 0.48]   480        0",
        " max_turns=3   0.531 [0.47, 0.59]   478        2",
        "",
    ]


def test_a_narrow_terminal_folds_names_and_keeps_numbers():
    lines = drawn([result("feedback=failed-tests,max_turns=3", "mean", 0.417, 0.36, 0.48)], 50)
    assert max(map(len, lines)) <= 50
    assert "0.417 [0.36, 0.48]" in "".join(lines)
    assert "…" not in "".join(lines)


def test_names_are_no_markup_of_the_terminal():
    (row,) = [line for line in drawn([result("[red]x[/red]", "mean", 0.5)], 80) if "0.5" in line]
    assert "[red]x[/red]" in row
