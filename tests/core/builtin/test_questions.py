"""Questions from files, and when an answer is right."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore import TaskError
from evalcore.builtin.questions import Csv, JsonLines, QuestionSettings, matches


@pytest.mark.parametrize(
    ("answer", "expected", "right"),
    [
        ("Paris", "Paris", True),
        (" Paris\n", "Paris", True),
        ("paris", "Paris", False),
        ("Cafe\u0301", "Café", True),
        ("", "", True),
        ("Paris.", "Paris", False),
    ],
)
def test_exact(answer, expected, right):
    assert matches("exact", answer, expected) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("B", True), ("b", True), ("b.", True), ("(B)", True), ("(B) Paris", True),
        ("B) Paris", True),
        ("**B**", True), ("__B__", True), ("B: Paris", True), (" B\n", True), ("[b]", True),
        ("A", False), ("Berlin", False), ("BB", False), ("", False), ("()", False), ("AB", False),
    ],
)  # fmt: skip
def test_choice(answer, right):
    assert matches("choice", answer, "B") is right
    assert matches("choice", answer, "(b)") is right


def test_nothing_is_no_choice():
    assert not matches("choice", "", "")
    assert matches("choice", "Д.", "д")


@pytest.mark.parametrize(
    ("answer", "expected", "right"),
    [
        ("The answer is 1,234.50", "1234.5", True),
        ("1,234", "1234", True),
        ("1,234,567 apples", "1234567", True),
        ("3 + 4 = 7", "7", True),
        ("7 (of 10)", "7", False),
        ("1e3", "1000", True),
        ("-0", "0", True),
        ("x = -3", "-3", True),
        ("\u22123", "-3", True),
        ("5-3", "3", True),
        ("It is 42.", "42", True),
        ("It is .5", "0.5", True),
        ("$1,000.", "1000", True),
        ("0.1", "0.10", True),
        ("0.30000000000000004", "0.3", False),
        ("none", "7", False),
        ("", "7", False),
        ("none", "none", False),
        ("7", "seven", False),
        ("1e99999999999999999999", "7", False),
        ("9" * 5_000, "9" * 5_000, True),
    ],
)
def test_numeric(answer, expected, right):
    assert matches("numeric", answer, expected) is right


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1e12, max_value=1e12)
)
def test_a_number_is_found_in_words_and_with_separators(number):
    for form in (f"{number}", f"{number:,}", f"So it is {number:,}.", f"**{number:e}**"):
        assert matches("numeric", form, str(number)), form


@given(st.text(), st.text())
def test_no_text_breaks_the_comparison(answer, expected):
    for match in ("exact", "choice", "numeric"):
        assert matches(match, answer, expected) in (True, False)
    assert matches("exact", unicodedata.normalize("NFD", answer), answer)


def cases(tmp_path, cls, content, *, name="q", **settings):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    read = QuestionSettings.model_validate(
        {"path": settings.pop("path", name), **settings}, context={"base": tmp_path}
    )
    task = cls(read)
    found = [(case.sample.id, case.sample.input, case.hidden) for case in task.cases()]
    assert task.size() == len(found)
    return found


CSV = [
    ("id,question,answer\na,1+1,2\n", [("a", "1+1", "2")]),
    ("\ufeffid,question,answer\r\na,1+1,2\r\n", [("a", "1+1", "2")]),
    ('id,question,answer\na,"one\nand, one",2\nb,"say ""hi""",hi\n',
     [("a", "one\nand, one", "2"), ("b", 'say "hi"', "hi")]),
    ("question,answer\n1+1,2\n\n2+2,4\n", [("2", "1+1", "2"), ("4", "2+2", "4")]),
    ("answer,id,question,more\n2,a,1+1,\n", [("a", "1+1", "2")]),
    ("id,question,answer\n", []),
    ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), CSV)
def test_csv(tmp_path, content, expected):
    assert cases(tmp_path, Csv, content) == expected


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,question\na,1+1\n", "q:2: found no field 'answer'; the row has: id, question"),
        ("id,question,answer\na,1+1\n", "q:2: found no field 'answer'"),
        ("id,question,answer\na,1+1,2,3\n", "q:2: more fields than 3 in the header"),
        (b"id,question,answer\na,\xff,2\n", "not a CSV row"),
        (b"id,question,answer\na," + b"x" * 200_000 + b",2\n", "not a CSV row"),
    ],
)
def test_csv_that_is_wrong(tmp_path, content, told):
    with pytest.raises(TaskError, match=told):
        cases(tmp_path, Csv, content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"id": "a", "question": "1+1", "answer": 2}\n', [("a", "1+1", "2")]),
        ('\n{"id": 7, "question": "1+1", "answer": "2"}\n\n', [("7", "1+1", "2")]),
        ('{"question": "x", "answer": [1, 2]}', [("1", "x", "[1, 2]")]),
        ('{"id": null, "question": "x", "answer": true}', [("1", "x", "true")]),
        ('\ufeff{"id": "a", "question": "\\u00e9", "answer": ""}', [("a", "é", "")]),
        ("", []),
    ],
)
def test_json_lines(tmp_path, content, expected):
    assert cases(tmp_path, JsonLines, content) == expected


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"question": "x"}', "q:1: found no field 'answer'; the row has: question"),
        ('\n{"question": "x"', "q:2: not JSON"),
        ("[1]", r"q:1: found '\[1\]', expected a JSON object"),
        (b'{"question": "\xff"}', "q:1: not JSON"),
        ("{}", "the row has: none"),
    ],
)
def test_json_lines_that_are_wrong(tmp_path, content, told):
    with pytest.raises(TaskError, match=told):
        cases(tmp_path, JsonLines, content)


def test_rows_without_ids_in_several_files_do_not_share_one(tmp_path):
    row = json.dumps({"question": "x", "answer": "y"})
    (tmp_path / "b.jsonl").write_text(row)
    found = cases(tmp_path, JsonLines, row, name="a.jsonl", path="*.jsonl")
    assert [sample for sample, *_ in found] == ["a.jsonl:1", "b.jsonl:1"]
