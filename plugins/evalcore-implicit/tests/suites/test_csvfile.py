"""Reading CSV files."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalcore import DataPath
from evalcore.errors import TaskError
from evalcore_implicit.suites.csvfile import complete, read_csv


@pytest.fixture
def read(tmp_path):
    def write_and_read(content, **given):
        path = tmp_path / "file.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_csv(DataPath(path), **given)

    return write_and_read


def test_columns_are_found_by_name_in_any_case(read):
    file = read("Date,Price\n2020-01-01, 1.5 \n2020-01-02,-2e3\n")
    assert file.title("price") == "Price"
    assert file.texts("DATE") == ["2020-01-01", "2020-01-02"]
    assert file.numbers("price").tolist() == [1.5, -2000.0]
    assert file.has("PRICE")
    assert not file.has("volume")


def test_an_exact_name_comes_before_one_in_another_case(read):
    file = read("A,a\n1,2\n")
    assert file.numbers("a").tolist() == [2.0]
    with pytest.raises(TaskError, match=r"found 2 columns 'b' among 'B', 'b', 'b'"):
        read("B,b,b\n1,2,3\n").numbers("b")


def test_a_mark_of_byte_order_is_no_part_of_a_name(read):
    assert read(b"\xef\xbb\xbfy,x\r\n1,2\r\n").header == ("y", "x")


def test_lines_are_those_of_the_file(read):
    file = read('x,y\n\n1,"a\nb"\n\n\n2,c\n')
    assert file.lines == [3, 7]
    assert file.texts("y") == ["a\nb", "c"]
    assert file.place(1).endswith("file.csv:7")


def test_another_delimiter(read):
    assert read("x;y\n1;2\n", delimiter=";").numbers("y").tolist() == [2.0]


@pytest.mark.parametrize("nothing", ["", " ", "NA", "n/a", "NaN", "null", "None", "."])
def test_what_means_nothing_is_missing(read, nothing):
    file = read(f"x,y\n{nothing},1\n2,1\n")
    assert np.isnan(file.numbers("x")).tolist() == [True, False]
    assert np.isnan(file.present("x")).tolist() == [True, False]


@pytest.mark.parametrize("text", ["abc", "1_000", '"1,000"', "inf", "1e999", "12 USD"])
def test_what_is_no_number_is_refused_with_its_line(read, text):
    file = read(f"x\n1\n{text}\n")
    with pytest.raises(TaskError, match=r"file\.csv:3: x: found .* expected a finite number"):
        file.numbers("x")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "found nothing, expected a header and rows"),
        (b"\n\n", "found nothing"),
        (b"x,y\n", "found a header and no rows"),
        (b"x,y\n1,2\n3\n", r"file\.csv:3: found 1 cells, expected 2"),
        (b"x,y\n1,2\n\n3,4,5\n", r"file\.csv:4: found 3 cells, expected 2"),
        (b"x,y\n1,2\n3,\xff\n", r"file\.csv:3: found invalid start byte, expected UTF-8"),
        (b'x,y\n1,2\n3,"4\n', r"file\.csv:3: not a row of CSV"),
    ],
)
def test_a_file_that_is_none_is_refused(read, content, problem):
    with pytest.raises(TaskError, match=problem):
        read(content)


def test_a_column_that_is_not_there_is_told_with_those_that_are(read):
    with pytest.raises(TaskError, match="found no column 'price', expected it among 'x', 'y'"):
        read("x,y\n1,2\n").numbers("price")
    with pytest.raises(TaskError, match="among 'x;y'; is ';' the delimiter"):
        read("x;y\n1;2\n").numbers("x")


def test_several_files_are_refused(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x\n1\n")
    with pytest.raises(TaskError, match="found 2 files"):
        read_csv(DataPath(tmp_path))


def test_rows_without_a_value_are_refused_or_left_out(read):
    file = read("x,y\n1,2\n,3\n4,NA\n")
    columns = {name: file.numbers(name) for name in ("x", "y")}
    assert complete(file, columns, "skip").tolist() == [True, False, False]
    message = r"file\.csv:3: x: found '', expected a value; 2 of 3 rows .* `missing: skip`"
    with pytest.raises(TaskError, match=message):
        complete(file, columns, "error")
    with pytest.raises(TaskError, match="no row of 3 has a value in each of: x, z"):
        complete(file, {"x": columns["x"], "z": np.full(3, math.nan)}, "skip")


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.tuples(finite, finite), min_size=1))
def test_numbers_are_read_as_they_were_written(tmp_path, rows):
    path = tmp_path / "numbers.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([("x", "y"), *rows])
    file = read_csv(DataPath(path))
    assert list(zip(file.numbers("x"), file.numbers("y"), strict=True)) == rows
    assert file.lines == list(range(2, len(rows) + 2))
