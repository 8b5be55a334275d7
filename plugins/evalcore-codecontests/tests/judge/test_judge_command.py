"""`evalcore judge`: a file of programs against a file of problems."""

from __future__ import annotations

import argparse
import json

import pytest

from evalcore_codecontests import judge_command

PROBLEMS = [
    {
        "name": "1_A. Sum",
        "description": "Add two numbers.",
        "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
        "private_tests": {"input": ["2 2\n"], "output": ["4\n"]},
        "generated_tests": {"input": [], "output": []},
    },
    {
        "name": "1_B. Twice",
        "description": "Double a number.",
        "public_tests": {"input": ["1\n"], "output": ["2\n"]},
        "private_tests": {"input": [], "output": []},
        "generated_tests": {"input": [], "output": []},
    },
]
SUM = "print(sum(map(int, input().split())))"
PROGRAMS = [
    {"problem": "1_A. Sum", "program": "good", "language": "python", "code": SUM},
    {"problem": "1_A. Sum", "program": 7, "language": "python", "code": "print(4); input()"},
    {"problem": "1_B. Twice", "program": "slow", "language": "python", "code": "print(2)"},
    {"problem": "1_B. Twice", "program": "bad", "language": "python", "code": "print("},
]


@pytest.fixture
def files(tmp_path):
    pytest.importorskip("evalcore_codecontests.readers")
    write(tmp_path / "problems.jsonl", PROBLEMS)
    write(tmp_path / "programs.jsonl", PROGRAMS)
    return tmp_path


def write(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def run(folder, *options):
    parser = argparse.ArgumentParser()
    judge_command.configure(parser)
    files = ["--problems", f"{folder}/problems.jsonl", "--programs", f"{folder}/programs.jsonl"]
    return judge_command.run(parser.parse_args([*files, "--workers", "2", *options]))


def test_verdicts_in_the_order_of_the_programs(files, judge, capsys):
    assert run(files) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["program"], line["verdict"], line["tests"]) for line in lines] == [
        ("good", "accepted", ["accepted", "accepted"]),
        (7, "wrong-answer", ["wrong-answer"]),
        ("slow", "accepted", ["accepted"]),
        ("bad", "compile-error", []),
    ]
    keys = ["problem", "program", "language", "verdict", "tests", "seconds", "bytes", "tier"]
    assert all(list(line) == keys for line in lines)
    assert lines[0]["tier"] == judge.tier
    assert lines[0]["seconds"] > 0
    assert lines[0]["bytes"] > 0


def test_all_tests_and_a_file_to_write(files, judge, capsys):
    assert run(files, "--all-tests", "--out", f"{files}/out.jsonl") == 0
    lines = [json.loads(line) for line in (files / "out.jsonl").read_text().splitlines()]
    assert lines[1]["tests"] == ["wrong-answer", "accepted"]
    assert capsys.readouterr() == ("", "")
    names = {path.name for path in files.iterdir()}
    assert names == {"problems.jsonl", "programs.jsonl", "out.jsonl"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "programs.jsonl:2: not JSON"),
        ("[]", "programs.jsonl:2: found list, expected an object"),
        ('{"problem": "1_A. Sum"}', "programs.jsonl:2: no program, language, code"),
        (
            json.dumps(PROGRAMS[0] | {"language": "perl"}),
            "'perl', expected one of python",
        ),
        (json.dumps(PROGRAMS[0] | {"code": 1}), "code is of type int, expected a string"),
        (json.dumps(PROGRAMS[0] | {"problem": "nowhere"}), "id or name 'nowhere'"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_judged(files, capsys, line, words):
    (files / "programs.jsonl").write_text(json.dumps(PROGRAMS[0]) + "\n" + line + "\n")
    assert run(files, "--out", f"{files}/out.jsonl") == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""
    assert not (files / "out.jsonl").exists()


def test_a_missing_file_is_named(files, capsys):
    (files / "problems.jsonl").unlink()
    assert run(files) == 2
    assert "problems.jsonl" in capsys.readouterr().err


def test_problems_of_one_name_are_told_apart_by_id(files, capsys):
    other = PROBLEMS[1] | {"name": PROBLEMS[0]["name"]}
    write(files / "problems.jsonl", [PROBLEMS[0], other])
    first, second = PROGRAMS[0], PROGRAMS[2] | {"problem": "1_A. Sum#2"}
    write(files / "programs.jsonl", [first, second])
    assert run(files) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["verdict"] for line in lines] == ["accepted", "accepted"]


def test_what_cannot_be_judged_is_explained(files, capsys):
    none = {"input": [], "output": []}
    problem = PROBLEMS[0] | {"public_tests": none, "private_tests": none}
    write(files / "problems.jsonl", [problem])
    write(files / "programs.jsonl", PROGRAMS[:1])
    assert run(files) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["verdict"] == "unjudgeable"
    assert "the problem has no tests" in captured.err
