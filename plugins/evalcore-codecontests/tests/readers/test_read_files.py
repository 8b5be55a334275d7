"""Where problems are read from: files, folders, globs, splits, and what goes wrong there."""

from __future__ import annotations

import gzip
import json
import sys
from types import ModuleType

import pytest

from evalcore_codecontests.problem import Test
from evalcore_codecontests.readers import ReadError, read_problems

pyarrow = pytest.importorskip("pyarrow", reason="Parquet and Arrow files take pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

TESTS = pyarrow.struct(
    [("input", pyarrow.list_(pyarrow.string())), ("output", pyarrow.list_(pyarrow.string()))]
)
SCHEMA = pyarrow.schema(
    [
        ("name", pyarrow.string()),
        ("description", pyarrow.string()),
        ("public_tests", TESTS),
        ("private_tests", TESTS),
        ("generated_tests", TESTS),
        ("source", pyarrow.int64()),
        ("difficulty", pyarrow.int64()),
        (
            "solutions",
            pyarrow.struct(
                [
                    ("language", pyarrow.list_(pyarrow.int64())),
                    ("solution", pyarrow.list_(pyarrow.string())),
                ]
            ),
        ),
        ("cf_tags", pyarrow.list_(pyarrow.string())),
        ("time_limit", pyarrow.struct([("seconds", pyarrow.int64()), ("nanos", pyarrow.int64())])),
        ("memory_limit_bytes", pyarrow.int64()),
        ("input_file", pyarrow.string()),
    ]
)


def row(name: str) -> dict:
    tests = {"input": [f"{name}\n"], "output": ["out\n"]}
    return {
        "name": name,
        "description": "Do it.",
        "public_tests": tests,
        "private_tests": {"input": [], "output": []},
        "generated_tests": tests,
        "source": 5,
        "difficulty": 19,
        "solutions": {"language": [3], "solution": ["pass"]},
        "cf_tags": [""],
        "time_limit": None if name == "n0" else {"seconds": 2, "nanos": 0},
        "memory_limit_bytes": 0,
        "input_file": "",
    }


def table(*names: str):
    return pyarrow.Table.from_pylist([row(name) for name in names], schema=SCHEMA)


def write_parquet(path, *names: str, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table(*names), path, **options)
    return path


def write_lines(path, *names: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row(name)) + "\n" for name in names))
    return path


def ids(*args, **options) -> list[str]:
    return [problem.id for problem in read_problems(*args, **options)]


def test_parquet_of_several_row_groups(tmp_path):
    names = [f"n{i}" for i in range(50)]
    path = write_parquet(tmp_path / "train-00000-of-00001.parquet", *names, row_group_size=7)
    problems = list(read_problems(path))
    assert [problem.id for problem in problems] == names
    assert (problems[0].time_limit, problems[1].time_limit) == (None, 2.0)
    assert (problems[1].source, problems[1].difficulty) == ("ATCODER", "L")
    assert problems[1].public_tests == problems[1].hidden_tests == (Test("n1\n", "out\n"),)
    assert (problems[1].tags, problems[1].memory_limit, problems[1].files) == ((), None, None)


def test_problems_come_before_the_file_is_read_to_its_end(tmp_path):
    good = write_parquet(tmp_path / "a.parquet", "n1")
    bad = tmp_path / "b.parquet"
    bad.write_bytes(b"nothing of the kind")
    problems = read_problems([good, bad])
    assert next(problems).id == "n1"
    with pytest.raises(ReadError, match=r"b\.parquet, after row 0: .*damaged"):
        next(problems)


def test_parquet_cut_off_in_its_data_is_damaged(tmp_path):
    path = write_parquet(tmp_path / "a.parquet", *[f"n{i}" for i in range(50)])
    data = bytearray(path.read_bytes())
    data[4:400] = bytes(396)
    path.write_bytes(data)
    with pytest.raises(ReadError, match=r"a\.parquet, after row \d+: .*damaged"):
        ids(path)


@pytest.mark.parametrize("kind", ["stream", "file"])
def test_arrow_of_both_formats(tmp_path, kind):
    path = tmp_path / "test" / "data-00000-of-00001.arrow"
    path.parent.mkdir()
    with pyarrow.OSFile(str(path), "wb") as sink:
        writer = pyarrow.ipc.new_stream if kind == "stream" else pyarrow.ipc.new_file
        with writer(sink, SCHEMA) as out:
            out.write_table(table(*[f"n{i}" for i in range(40)]), max_chunksize=20)
    (tmp_path / "dataset_info.json").write_text("{}")
    assert ids(tmp_path, split="test") == [f"n{i}" for i in range(40)]


def test_text_that_is_not_unicode_in_parquet(tmp_path):
    broken = pyarrow.array([b"a\0b\xff"]).view(pyarrow.string())
    lists = pyarrow.ListArray.from_arrays([0, 1], broken)
    tests = pyarrow.StructArray.from_arrays([lists, lists], names=["input", "output"])
    path = tmp_path / "a.parquet"
    parquet.write_table(
        pyarrow.table({"name": ["n"], "description": broken, "public_tests": tests}), path
    )
    (problem,) = read_problems(path)
    assert problem.statement == "a\0b\udcff"
    assert problem.public_tests == (Test("a\0b\udcff", "a\0b\udcff"),)


def test_gzipped_lines_with_blank_ones_and_a_byte_order_mark(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    lines = "\ufeff" + json.dumps(row("n1")) + "\r\n\r\n" + json.dumps(row("n2"))
    path.write_bytes(gzip.compress(lines.encode()))
    assert ids(str(path)) == ["n1", "n2"]


def test_the_array_that_the_converter_of_codecontests_writes(tmp_path):
    path = tmp_path / "code_contests_valid.json"
    rows = [
        row(name) | {"time_limit": "seconds: 3\n", "source": 7, "public_tests": []}
        for name in ("n1", "n2")
    ]
    path.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]")
    problems = list(read_problems(path, split="valid"))
    assert [problem.id for problem in problems] == ["n1", "n2"]
    assert (problems[0].time_limit, problems[0].source) == (3.0, "AIZU")


def test_a_folder_is_read_in_order_and_parquet_goes_before_json(tmp_path):
    write_parquet(tmp_path / "data" / "train-00001-of-00002.parquet", "n2")
    write_parquet(tmp_path / "data" / "train-00000-of-00002.parquet", "n1")
    write_parquet(tmp_path / "data" / "test-00000-of-00001.parquet", "n3")
    write_lines(tmp_path / "notes.jsonl", "n9")
    assert ids(tmp_path) == ["n3", "n1", "n2"]
    assert ids(tmp_path, split="train") == ["n1", "n2"]
    assert ids(tmp_path / "data" / "train-*.parquet") == ["n1", "n2"]
    assert ids(f"{tmp_path}/**/*.parquet", split="test") == ["n3"]
    assert ids(f"{tmp_path}/data/**") == ["n3", "n1", "n2"]


def test_of_the_folders_of_taco_only_the_whole_is_read(tmp_path):
    write_parquet(tmp_path / "ALL" / "test-00000-of-00001.parquet", "n1", "n2")
    write_parquet(tmp_path / "EASY" / "test-00000-of-00001.parquet", "n1")
    assert ids(tmp_path) == ["n1", "n2"]


def test_several_paths_are_read_in_the_order_given(tmp_path):
    first, second = write_lines(tmp_path / "b.jsonl", "n1"), write_lines(tmp_path / "a.jsonl", "n1")
    assert ids([first, str(second)]) == ["n1", "n1#2"]


def test_a_split_that_no_file_belongs_to(tmp_path):
    write_lines(tmp_path / "train.jsonl", "n1")
    with pytest.raises(ReadError, match=r"no file of the split 'test' among train\.jsonl; .*give"):
        ids(tmp_path, split="test")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.jsonl", b'{"name": "x"\n', r"a\.jsonl, line 1: not JSON .*one problem on each line"),
        ("a.jsonl", b"\n\n[1]\n", r"line 3: found JSON of type list, expected an object"),
        ("a.jsonl", b'{"a": ' + b"[" * 100_000, r"line 1: not JSON .nested too deep"),
        ("a.json", b"[{}, {}]", "line 1: found JSON of type list"),
        ("a.jsonl.gz", b"not zipped", r"a\.jsonl\.gz, after line 0: .*damaged"),
        (
            "a.jsonl.gz",
            gzip.compress(b"\n" * 99, mtime=0)[:-9],
            r"a\.jsonl\.gz, after line \d+: .*cut off",
        ),
        ("a.arrow", b"nothing", r"a\.arrow, after row 0: .*damaged"),
        ("a.csv", b"", r"a\.csv: cannot be read; the readers know \.parquet, \.arrow, \.jsonl"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError, match=says):
        ids(tmp_path / name)


def test_columns_of_something_else(tmp_path):
    parquet.write_table(pyarrow.table({"a": [1], "b": [2]}), tmp_path / "a.parquet")
    with pytest.raises(ReadError, match=r"a\.parquet: found the columns a, b, expected some of"):
        ids(tmp_path / "a.parquet")


def test_nothing_at_the_path(tmp_path):
    with pytest.raises(ReadError, match="there is no such file or folder; give a file, a folder"):
        ids(tmp_path / "missing.parquet")
    with pytest.raises(ReadError, match="no file matches"):
        ids(tmp_path / "*.parquet")
    with pytest.raises(ReadError, match=r"holds no file that ends in \.parquet"):
        ids(tmp_path)


def test_without_pyarrow_the_remedy_is_named(tmp_path, monkeypatch):
    path = write_parquet(tmp_path / "a.parquet", "n1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ReadError, match=r"takes pyarrow, .*pip install pyarrow"):
        ids(path)


def test_without_datasets_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ReadError, match=r"owner/name: there is no such .*pip install datasets"):
        ids("owner/name")


def test_a_hub_id_is_streamed_by_datasets(monkeypatch):
    calls = []

    def load_dataset(name, split, streaming):
        calls.append((name, split, streaming))
        return [row("n1")] if split else {"train": [row("n1")], "test": [row("n2")]}

    hub = ModuleType("datasets")
    hub.load_dataset = load_dataset
    monkeypatch.setitem(sys.modules, "datasets", hub)
    assert ids("owner/name", split="test") == ["n1"]
    assert ids("owner/name") == ["n1", "n2"]
    assert calls == [("owner/name", "test", True), ("owner/name", None, True)]
