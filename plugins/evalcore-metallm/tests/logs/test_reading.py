"""Rows of files of every kind, and what is said of files that are not what they seem."""

from __future__ import annotations

import gzip

import pyarrow as pa
import pytest
from pyarrow import parquet

from evalcore_metallm.logs.reading import LogError, read_rows

CSV = 'id,query\n1,"two\nlines, and a ""comma"""\n2,\n'
TSV = "id\tquery\n1\tit's a \"quote\n2\t\n"


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_lines_of_json_end_with_a_line_feed_alone(written, ending):
    texts = ["a\u2028b", "a\u0085b", "a\x0bb"]
    content = "".join(f'{{"query": "{text}"}}\n\n' for text in texts[:2])
    rows = list(read_rows(written(content, f"log.jsonl{ending}")))
    assert [row.values["query"] for row in rows] == texts[:2]
    assert [row.place.rpartition(":")[2] for row in rows] == ["1", "3"]


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize(
    ("kind", "content", "query", "line"),
    [("csv", CSV, 'two\nlines, and a "comma"', 3), ("tsv", TSV, "it's a \"quote", 2)],
)
def test_tables_have_a_header(written, ending, kind, content, query, line):
    first, second = read_rows(written(content, f"log.{kind}{ending}"))
    assert first.values == {"id": "1", "query": query}
    assert first.place.endswith(f":{line}")
    assert second.values == {"id": "2", "query": None}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.csv", "id,q\n1,x\n"),
        ("log.tsv", "id\tq\n1\tx\n"),
        ("log.jsonl", '{"id": "1", "q": "x"}\n'),
    ],
)
def test_lines_may_end_with_a_carriage_return_too(written, name, content):
    (row,) = read_rows(written(content.replace("\n", "\r\n"), name))
    assert row.values == {"id": "1", "q": "x"}


def test_a_mark_of_the_byte_order_is_no_part_of_the_first_column(written):
    (row,) = read_rows(written("\ufeffid,query\n1,x\n", "log.csv"))
    assert row.values == {"id": "1", "query": "x"}


@pytest.mark.parametrize(
    "scores",
    [
        pa.array([{"a": 1.0, "b": None}, {"a": 0.5, "b": 0.0}]),
        pa.array(
            [[("a", 1.0), ("b", None)], [("a", 0.5), ("b", 0.0)]],
            pa.map_(pa.string(), pa.float64()),
        ),
    ],
    ids=["struct", "map"],
)
def test_parquet_has_mappings_of_both_kinds(tmp_path, scores):
    path = tmp_path / "log.parquet"
    parquet.write_table(pa.table({"id": [1, 2], "scores": scores}), path)
    first, second = read_rows([path])
    assert first == (f"{path}: row 1", {"id": 1, "scores": {"a": 1.0, "b": None}})
    assert second.values["scores"] == {"a": 0.5, "b": 0.0}


def test_a_map_with_a_key_twice_is_told(tmp_path):
    path = tmp_path / "log.parquet"
    scores = pa.array([[("a", 1.0), ("a", 0.0)]], pa.map_(pa.string(), pa.float64()))
    parquet.write_table(pa.table({"scores": scores}), path)
    with pytest.raises(LogError, match="after row 0: a map with a key twice"):
        list(read_rows([path]))


def test_files_follow_each_other(written):
    files = written('{"id": 1}\n', "a.jsonl") + written("id\n2\n", "b.csv")
    assert [row.values["id"] for row in read_rows(files)] == [1, "2"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("log.txt", "x", "log.txt: expected a name that ends with"),
        ("log.jsonl", '{"id": 1}\n{"id": \n', "log.jsonl:2: expected a JSON object"),
        ("log.jsonl", "[1]\n", "log.jsonl:1: found list, expected a JSON object"),
        ("log.csv", "a,b\n1,2\n1\n", "log.csv:3: found 1 fields, expected 2"),
        ("log.csv", "a,b,a\n1,2,3\n", "log.csv:1: the header has the column 'a' twice"),
        ("log.csv", 'a,b\n1,"2\n', "log.csv:2: "),
        ("log.parquet", "x", "log.parquet: expected a Parquet file"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(written, name, content, said):
    with pytest.raises(LogError, match=said):
        list(read_rows(written(content, name)))


def test_a_file_that_is_cut_short_is_told(written):
    (path,) = written('{"id": 1}\n' * 1000, "log.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(LogError, match="expected a whole gzip file"):
        list(read_rows([path]))


def test_a_file_that_is_no_text_is_told(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"id": "\xff"}\n')
    with pytest.raises(LogError, match="expected text in UTF-8"):
        list(read_rows([path]))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(LogError, match="No such file"):
        list(read_rows([tmp_path / "log.jsonl"]))


def test_a_file_that_is_no_gzip_is_told(tmp_path):
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(b"id\n1\n")[5:])
    with pytest.raises(LogError, match="expected a whole gzip file"):
        list(read_rows([path]))
