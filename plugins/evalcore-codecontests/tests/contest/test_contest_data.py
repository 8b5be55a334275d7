"""What ships is what the sources make, and it is what it says it is."""

from __future__ import annotations

from collections import Counter

import pytest
from contest_sources import build, sources

from evalcore_codecontests.answer import program_of
from evalcore_codecontests.readers import read_problems

NAMES = sources.names()
RECORDS = {record["name"]: record for record in build.read(build.DATA / "problems.jsonl")}
PROGRAMS = build.read(build.DATA / "programs.jsonl")

COLUMNS = {
    "name", "description", "public_tests", "private_tests", "generated_tests", "source",
    "difficulty", "solutions", "incorrect_solutions", "cf_contest_id", "cf_index", "cf_points",
    "cf_rating", "cf_tags", "is_description_translated", "untranslated_description", "time_limit",
    "memory_limit_bytes", "input_file", "output_file",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_problem_is_what_its_source_makes(name):
    assert build.up_to_date(sources.load(name), RECORDS[name])


def test_the_files_are_what_the_sources_make_byte_for_byte():
    made = build.files([sources.load(name) for name in NAMES], RECORDS)

    shipped = [path for path in build.DATA.rglob("*") if path.is_file()]
    assert {path.relative_to(build.DATA).as_posix() for path in shipped} == made.keys()
    for file, text in made.items():
        assert (build.DATA / file).read_bytes() == text.encode(), f"{file}: run contest/build.py"


def test_the_contest_has_24_problems_and_under_three_megabytes():
    assert list(RECORDS) == NAMES
    assert len(NAMES) == 24
    assert sum(path.stat().st_size for path in build.DATA.rglob("*.jsonl")) < 3_000_000


@pytest.mark.parametrize("name", NAMES)
def test_a_problem_has_the_columns_of_codecontests(name):
    assert RECORDS[name].keys() == COLUMNS


def test_the_reader_understands_every_problem():
    problems = list(read_problems(build.DATA / "problems.jsonl"))

    assert [problem.id for problem in problems] == NAMES
    for problem in problems:
        assert 2 <= len(problem.public_tests) <= 4, problem.id
        assert 12 <= len(problem.hidden_tests) <= 40, problem.id
        assert problem.time_limit in {1.0, 2.0}, problem.id
        assert 64 * 2**20 <= problem.memory_limit <= 256 * 2**20, problem.id
        assert problem.difficulty.lower() in {"easy", "medium", "hard"}, problem.id
        assert problem.tags, problem.id
        assert problem.files is None, problem.id
        assert problem.statement.startswith("# "), problem.id


@pytest.mark.parametrize("name", NAMES)
def test_a_problem_has_accepted_programs_in_all_languages_and_two_kinds_of_wrong_ones(name):
    own = [program for program in PROGRAMS if program["problem"] == name]

    accepted = [p["program"] for p in own if p["expected"] == "accepted"]
    assert sorted(accepted) == ["accepted.cpp", "accepted.java", "accepted.py"]
    assert len({p["program"].split(".")[0] for p in own}) >= 3


def test_every_kind_of_wrong_program_occurs_six_times_and_in_several_languages():
    wrong = [p for p in PROGRAMS if p["expected"] != "accepted"]

    kinds = Counter(p["program"].split(".")[0] for p in wrong)
    assert kinds.keys() == sources.VERDICTS.keys() - {"accepted"}
    assert min(kinds.values()) >= 6
    for kind in kinds:
        assert len({p["language"] for p in wrong if p["program"].startswith(kind)}) >= 2, kind


@pytest.mark.parametrize("language", ["python", "cpp", "java"])
def test_an_answer_gives_the_accepted_program_back(language):
    answers = build.read(build.DATA / "answers" / f"{language}.jsonl")

    assert [answer["sample"] for answer in answers] == NAMES
    for answer in answers:
        (program,) = (
            p
            for p in PROGRAMS
            if (p["problem"], p["language"]) == (answer["sample"], language)
            and p["expected"] == "accepted"
        )
        found = program_of(answer["answer"], language="python")
        assert (found.language, found.code) == (language, program["code"])


def test_the_wrong_answers_show_every_kind():
    answers = build.read(build.DATA / "answers" / "wrong.jsonl")
    verdicts = {(p["problem"], p["code"]): p["expected"] for p in PROGRAMS}

    assert [answer["sample"] for answer in answers] == NAMES
    shown = Counter(
        verdicts[answer["sample"], program_of(answer["answer"], language="python").code]
        for answer in answers
    )
    assert shown.keys() == set(sources.VERDICTS.values()) - {"accepted"}
    assert min(shown.values()) >= 3
