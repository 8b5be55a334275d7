"""CodeContests rows, in every layout that they come in."""

from __future__ import annotations

import json
import math

import pytest

from evalcore_codecontests.problem import Test
from evalcore_codecontests.readers import ReadError, read_problems


def parallel(*pairs: tuple[str, str]) -> dict[str, list[str]]:
    return {"input": [given for given, _ in pairs], "output": [answer for _, answer in pairs]}


ROW = {
    "name": "1000_A. Sum",
    "description": "Add two numbers.",
    "public_tests": parallel(("1 2\n", "3\n")),
    "private_tests": parallel(("2 2\n", "4\n")),
    "generated_tests": parallel(("0 0\n", "0\n"), ("5 5\n", "10\n")),
    "source": 2,
    "difficulty": 7,
    "solutions": {"language": [3], "solution": ["print(sum(map(int, input().split())))"]},
    "cf_tags": ["math", ""],
    "is_description_translated": False,
    "untranslated_description": "",
    "time_limit": {"seconds": 2, "nanos": 500_000_000},
    "memory_limit_bytes": 256_000_000,
    "input_file": "",
    "output_file": "",
}


@pytest.fixture
def read(tmp_path):
    """Read rows by way of a file of JSON Lines."""

    def read_rows(*rows, **options):
        path = tmp_path / "problems.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return list(read_problems(path, **options))

    return read_rows


def test_a_row_becomes_a_problem(read):
    (problem,) = read(ROW)
    assert problem.id == problem.name == "1000_A. Sum"
    assert problem.statement == "Add two numbers."
    assert problem.public_tests == (Test("1 2\n", "3\n"),)
    assert [test.input for test in problem.hidden_tests] == ["2 2\n", "0 0\n", "5 5\n"]
    assert (problem.time_limit, problem.memory_limit) == (2.5, 256_000_000)
    assert (problem.source, problem.difficulty, problem.tags) == ("CODEFORCES", "A", ("math",))
    assert problem.fn_name is None
    assert problem.files is None


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ({"seconds": 1, "nanos": 0}, 1.0),
        ({"seconds": "3", "nanos": 500_000_000}, 3.5),
        ({"seconds": None, "nanos": 700_000_000}, 0.7),
        ({"seconds": 2}, 2.0),
        ({"seconds": 0, "nanos": 0}, None),
        ({"seconds": None, "nanos": None}, None),
        ('{"seconds": 4, "nanos": 0}', 4.0),
        ("seconds: 2\nnanos: 500000000\n", 2.5),
        ("nanos: 500000000\n", 0.5),
        ("2.5s", 2.5),
        (3, 3.0),
        (math.nan, None),
        (0, None),
        (None, None),
        ("", None),
    ],
)
def test_durations(read, written, seconds):
    (problem,) = read(ROW | {"time_limit": written})
    assert problem.time_limit == seconds


@pytest.mark.parametrize(
    ("written", "size"), [(0, None), (None, None), ("256000000", 256_000_000), (64, 64)]
)
def test_memory(read, written, size):
    (problem,) = read(ROW | {"memory_limit_bytes": written})
    assert problem.memory_limit == size


@pytest.mark.parametrize(
    ("number", "name"),
    [(0, ""), (1, "CODECHEF"), (4, "CODEJAM"), (5, "ATCODER"), (6, "AIZU"), ("2", "CODEFORCES"),
     ("AIZU", "AIZU"), ("UNKNOWN_SOURCE", ""), (None, "")],
)  # fmt: skip
def test_sources_as_the_hub_numbers_them(read, number, name):
    (problem,) = read(ROW | {"source": number})
    assert problem.source == name


@pytest.mark.parametrize(("number", "name"), [(5, "ATCODER"), (6, "ATCODER"), (7, "AIZU")])
def test_sources_as_protocol_buffers_number_them(read, number, name):
    pairs = [{"input": "1", "output": "2"}]
    (problem,) = read(ROW | {"source": number, "public_tests": pairs})
    assert problem.source == name


@pytest.mark.parametrize(
    ("number", "name"),
    [(0, ""), (1, "EASY"), (5, "HARDEST"), (6, "EXTERNAL"), (7, "A"), (17, "K"), (19, "L"),
     (20, "M"), (29, "V"), ("C", "C"), ("UNKNOWN_DIFFICULTY", "")],
)  # fmt: skip
def test_difficulties_leave_18_out(read, number, name):
    (problem,) = read(ROW | {"difficulty": number})
    assert problem.difficulty == name


def test_tests_in_pairs_in_text_and_in_lines(read):
    (problem,) = read(
        ROW
        | {
            "public_tests": [{"input": "1", "output": "2"}],
            "private_tests": json.dumps(parallel(("3", "4"))),
            "generated_tests": "{'input': [['5', '6']], 'output': ['7']}",
        }
    )
    assert problem.public_tests == (Test("1", "2"),)
    assert problem.hidden_tests == (Test("3", "4"), Test("5\n6", "7"))


@pytest.mark.parametrize("nothing", [None, "", {"input": [], "output": []}, [], "null",
                                     {"input": None, "output": None}])  # fmt: skip
def test_a_problem_without_tests_is_read(read, nothing):
    (problem,) = read(
        ROW | dict.fromkeys(("public_tests", "private_tests", "generated_tests"), nothing)
    )
    assert problem.public_tests == problem.hidden_tests == ()


def test_fields_may_be_missing(read):
    (problem,) = read({"name": "bare", "description": "Do it."})
    assert (problem.id, problem.public_tests, problem.time_limit) == ("bare", (), None)
    assert (problem.source, problem.difficulty, problem.tags) == ("", "", ())


def test_files_instead_of_standard_streams(read):
    both, only_input = read(
        ROW | {"input_file": "a.in", "output_file": "a.out"},
        ROW | {"input_file": "a.in", "output_file": None},
    )
    assert both.files == ("a.in", "a.out")
    assert only_input.files == ("a.in", "")


def test_the_translation_is_the_statement(read):
    translated, untranslated = read(
        ROW | {"is_description_translated": True, "untranslated_description": "..."},
        ROW | {"description": "", "untranslated_description": "..."},
    )
    assert translated.statement == "Add two numbers."
    assert untranslated.statement == "..."


def test_names_that_repeat_give_ids_that_do_not(read):
    names = ["a", "b", "a", "a#2", "a", "", ""]
    problems = read(*[ROW | {"name": name} for name in names])
    assert [problem.id for problem in problems] == [
        "a", "b", "a#2", "a#2#2", "a#3", "unnamed", "unnamed#2",
    ]  # fmt: skip
    assert [problem.name for problem in problems] == names


def test_nul_and_broken_unicode_are_kept(tmp_path):
    path = tmp_path / "problems.jsonl"
    row = ROW | {"public_tests": parallel(("a\0b", "BROKEN")), "description": "\ud800"}
    path.write_bytes(json.dumps(row).encode().replace(b"BROKEN", b"\xff\xe9") + b"\n")
    (problem,) = read_problems(path)
    assert problem.public_tests == (Test("a\0b", "\udcff\udce9"),)
    assert problem.statement == "\ud800"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"public_tests": {"input": ["1", "2"], "output": ["3"]}},
         "line 2 .1000_A. Sum., field public_tests: found '2 inputs and 1 outputs', expected as"),
        ({"public_tests": [], "private_tests": {"input": [], "output": ["3"]}},
         "found '0 inputs and 1 outputs', expected as many.*; mend or drop the problem"),
        ({"private_tests": {"input": ["1"]}}, "field private_tests: .*an input and an output"),
        ({"private_tests": [{"output": "1"}]}, "field private_tests: .*an input and an output"),
        ({"private_tests": 5}, "field private_tests: found 5"),
        ({"private_tests": {"input": "1", "output": "2"}}, "a list of inputs and a list of out"),
        ({"private_tests": {"input": [None], "output": ["2"]}}, "found None, expected a text"),
        ({"private_tests": {"input": [True], "output": ["2"]}}, "found True, expected a text"),
        ({"generated_tests": "input: 1"}, "JSON or a Python literal"),
        ({"time_limit": "soon"}, "field time_limit: found 'soon', expected seconds.*leave it em"),
        ({"time_limit": -1}, "field time_limit: found -1"),
        ({"time_limit": "2 weeks"}, "field time_limit: found '2 weeks'"),
        ({"memory_limit_bytes": [1]}, "field memory_limit_bytes: found .1."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(read, change, says):
    with pytest.raises(ReadError, match=says):
        read(ROW, ROW | change)


def test_odd_labels_are_kept_for_they_decide_nothing(read):
    (problem,) = read(ROW | {"difficulty": 18, "source": 8, "cf_tags": "not a list"})
    assert (problem.source, problem.difficulty, problem.tags) == ("8", "18", ("not a list",))
