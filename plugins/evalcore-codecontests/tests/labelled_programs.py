"""Sets of programs whose verdicts are known, for comparing the judge's verdicts with them.

The data are not part of the project: the folder that holds them is named by EVALCORE_SHARED,
or stands beside the repository as `shared`.
"""

from __future__ import annotations

import gzip
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evalcore_codecontests import checkers
from evalcore_codecontests.judge import Judge, Judgement, Limits, Program, Verdict
from evalcore_codecontests.problem import CallTest, Problem, Test
from evalcore_codecontests.readers import read_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAILURES = frozenset(Verdict) - {Verdict.ACCEPTED, Verdict.UNJUDGEABLE, Verdict.JUDGE_ERROR}
ACCEPTED = frozenset({Verdict.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Case:
    """One program with its label.

    Attributes:
        name: of the program, unique within its problem.
        label: the recorded verdict in the words of its source.
        agrees: the judge's verdicts that say the same.
        cost: CPU seconds that it is known to take for one test.
    """

    problem: Problem
    name: str
    program: Program
    label: str
    agrees: frozenset[Verdict]
    checker: str = "tokens"
    limits: Limits | None = None
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the judge is known to differ from a label, and why.

    Attributes:
        always: whether it differs on every machine.
    """

    verdict: Verdict
    reason: str
    always: bool = True


def folder() -> Path | None:
    """Return the folder of the labelled sets, `None` where there is none."""
    here = Path(__file__).resolve()
    root = next((up for up in here.parents if (up / ".git").exists()), here.parent)
    shared = Path(os.environ.get("EVALCORE_SHARED") or root.parent / "shared")
    sets = shared / "data" / "programs" / "dev"
    return sets if sets.is_dir() else None


def apps(sets: Path) -> Iterator[Case]:
    """Yield model programs with the verdict of the APPS scorer, which gives each test 4 s."""
    for row, problem in _with_problems(sets / "apps_train5_coderl.jsonl.gz"):
        for number, made in enumerate(row["gen_solutions"]):
            yield Case(
                problem,
                f"gen-{number}",
                Program("python", made["code"]),
                str(made["result"]),
                ACCEPTED if made["result"] is True else FAILURES,
                checker="apps",
                limits=Limits(cpu_seconds=4.0),
            )


def jury_exact(sets: Path) -> Iterator[Case]:
    """Yield jury submissions to problems with one right answer, each with its exact verdict."""
    return _jury(sets / "jury_exact.jsonl.gz")


def jury_special(sets: Path) -> Iterator[Case]:
    """Yield jury submissions to problems with many right answers."""
    return _jury(sets / "jury_special_judge.jsonl.gz")


def apps128(sets: Path) -> Iterator[Case]:
    """Yield model programs for APPS problems, all reading standard input, solved or not.

    Problems with an answer that is no text are left out: their scorer compared what a program
    printed with numbers and lists, so that no program of theirs is labelled solved.
    """
    for row in _rows(sets / "apps128_candidates.jsonl.gz"):
        answers = [test["output"][0] for test in row["test_list"]]
        if not all(isinstance(answer, str) for answer in answers):
            continue
        tests = tuple(Test(t["input"], a) for t, a in zip(row["test_list"], answers, strict=True))
        problem = Problem(row["id"], row["name"], row["description"], tests[:1], tests[1:])
        for number, made in enumerate(row["candidates"]):
            yield Case(
                problem,
                f"candidate-{number}",
                Program("python", made["source"]),
                "solved" if made["is_solved"] else "not solved",
                ACCEPTED if made["is_solved"] else FAILURES,
                limits=Limits(cpu_seconds=5.0),
            )


def humaneval(sets: Path) -> Iterator[Case]:
    """Yield completions of HumanEval with their exact verdict; the official test runs inside."""
    agrees = {
        "passed": ACCEPTED,
        "wrong_answer": frozenset({Verdict.RUNTIME_ERROR}),  # its test is a failing assert
        "runtime_error": frozenset({Verdict.RUNTIME_ERROR}),
        "syntax_error": frozenset({Verdict.COMPILE_ERROR}),
        "time_limit": frozenset({Verdict.TIME_LIMIT}),
    }
    for row in _rows(sets / "humaneval_codegen16b_labeled.jsonl.gz"):
        # The answer goes to a file, since a completion may print what it likes.
        problem = Problem(
            row["task_id"],
            row["entry_point"],
            row["prompt"],
            hidden_tests=(Test("", "passed"),),
            time_limit=4.0,
            files=("in.txt", "out.txt"),
        )
        canonical = {"completion": row["canonical_solution"], "verdict": row["canonical_verdict"]}
        for number, made in enumerate([canonical, *row["samples"]]):
            code = (
                f"{row['prompt']}{made['completion']}\n{row['test']}\n"
                f"check({row['entry_point']})\nopen('out.txt', 'w').write('passed')\n"
            )
            yield Case(
                problem,
                f"sample-{number}" if number else "canonical",
                Program("python", code),
                made["verdict"],
                agrees[made["verdict"]],
            )


def quixbugs(sets: Path) -> Iterator[Case]:
    """Yield functions of QuixBugs, right ones and ones with a bug in one line."""
    for row in _rows(sets / "quixbugs_json31.jsonl.gz"):
        tests = tuple(CallTest(tuple(t["args"]), t["expected"]) for t in row["tests"])
        problem = Problem(row["name"], row["name"], "", (), tests, fn_name=row["fn_name"])
        for name, agrees in (("correct", ACCEPTED), ("buggy", FAILURES)):
            program = Program("python", row[f"{name}_source"])
            yield Case(problem, name, program, name, agrees, limits=Limits(cpu_seconds=2.0))


def kattis(sets: Path) -> Iterator[Case]:
    """Yield the example submissions of Kattis in the languages that the judge knows."""
    languages = {"cc": "cpp", "c": "cpp", "java": "java", "py": "python"}
    agrees = {
        "accepted": ACCEPTED,
        "slow_accepted": ACCEPTED,
        "wrong_answer": frozenset({Verdict.WRONG_ANSWER}),
        "time_limit_exceeded": frozenset({Verdict.TIME_LIMIT}),
        "run_time_error": frozenset({Verdict.RUNTIME_ERROR}),
    }
    for row, problem in _with_problems(sets / "kattis_examples.jsonl.gz"):
        for made in row["jury_submissions"]:
            language = languages.get(made["extension"])
            if language and "py2" not in made["file"]:
                yield Case(
                    problem,
                    made["file"].partition("submissions/")[2],
                    Program(language, made["source"]),
                    made["jury_verdict"],
                    agrees[made["jury_verdict"]],
                    limits=Limits(cpu_seconds=4.0),
                )


def codecontests20(sets: Path) -> Iterator[Case]:
    """Yield CodeContests problems with all their tests and a program that prints nothing."""
    for row in _rows(sets / "codecontests20_tests.jsonl.gz"):
        tests = tuple(map(Test, row["tests"]["input"], row["tests"]["output"]))
        problem = Problem(row["name"], row["name"], row["description"], tests[-1:], tests[:-1])
        agrees = frozenset({Verdict.WRONG_ANSWER})
        yield Case(problem, "silent", Program("python", "pass"), "wrong", agrees)


def taco1000(sets: Path) -> Iterator[Case]:
    """Yield TACO problems with a solution each, but no tests to judge it by."""
    for row in _rows(sets / "taco_test1000.jsonl.gz"):
        problem = Problem(row["id"], row["id"], row["prompt"])
        agrees = frozenset({Verdict.UNJUDGEABLE})
        yield Case(problem, "solution", Program("python", row["solutions"][0]), "none", agrees)


SETS: dict[str, Callable[[Path], Iterator[Case]]] = {
    "apps": apps,
    "jury_exact": jury_exact,
    "jury_special": jury_special,
    "apps128": apps128,
    "humaneval": humaneval,
    "quixbugs": quixbugs,
    "kattis": kattis,
    "codecontests20": codecontests20,
    "taco1000": taco1000,
}


def judged(judge: Judge, cases: list[Case], threads: int = 2) -> Iterator[tuple[Case, Judgement]]:
    """Yield each case with what the judge says of it, in order."""

    def run(case: Case) -> Judgement:
        checker = checkers.get(case.checker)
        return judge.judge(case.problem, case.program, checker=checker, limits=case.limits)

    with ThreadPoolExecutor(threads) as pool:
        yield from zip(cases, pool.map(run, cases), strict=True)


_SLOW_STRINGS = Difference(
    Verdict.ACCEPTED,
    "right, with 2 to 4 s of CPU time for a test; the limit of its scorer is not recorded",
    always=False,
)

_OTHER_ANSWER = Difference(
    Verdict.WRONG_ANSWER,
    "prints another right answer: the jury's own checker accepts it, an expected output cannot",
)
_WITH_OTHER_ANSWERS = {
    "2020_friendlyfire": (
        "accepted/nils_nsqrtm.cpp",
        "accepted/per.cc",
        "accepted/per_simplified.cc",
        "accepted/sl.cpp",
        "run_time_error/nils_quadratic.cpp",
        "run_time_error/per_conservative_extend_left.cc",
        "run_time_error/per_conservative_extend_right.cc",
        "run_time_error/per_remove_instead_of_cut.cc",
    ),
    "2019_typecharts": (
        "accepted/PaulGreedy.java",
        "accepted/ar.cpp",
        "accepted/greedy_simple_sl.cpp",
        "accepted/greedy_sl.cpp",
        "accepted/gregor.cpp",
        "accepted/jan.cc",
        "accepted/jeroen.java",
        "accepted/paul-twosat.cpp",
        "accepted/per.py",
        "accepted/per_formatting.py",
        "accepted/rgl.cc",
        "accepted/twosat_sl.cpp",
        "time_limit_exceeded/per_deg_squared.cc",
    ),
    "2019_espressobucks": (
        "accepted/per.py",
        "accepted/sl.cpp",
    ),
    "2021_buslines": (
        "accepted/bjorn.py",
        "accepted/nils.cpp",
        "accepted/per.py",
    ),
    "2022_namegeneration": (
        "accepted/bjorn.py",
        "accepted/nils.py",
        "accepted/per.py",
    ),
}

# By set, problem and program.
KNOWN = {
    ("jury_special", problem, name): _OTHER_ANSWER
    for problem, names in _WITH_OTHER_ANSWERS.items()
    for name in names
} | {
    ("jury_exact", "2021_dexsave", "time_limit_exceeded/per_itertools.py"): Difference(
        Verdict.ACCEPTED,
        "takes about the 23 s of its limit: its recorded run was stopped after 21.6 s of CPU time",
        always=False,
    ),
    ("apps128", "apps-2183-7b2c17af", "candidate-6"): _SLOW_STRINGS,
    ("apps128", "apps-2183-7b2c17af", "candidate-8"): _SLOW_STRINGS,
    ("humaneval", "HumanEval/48", "sample-4"): Difference(
        Verdict.ACCEPTED,
        "imports requests and bs4, which this Python may have and the one of the labels had not",
        always=False,
    ),
    ("quixbugs", "kheapsort", "correct"): Difference(
        Verdict.WRONG_ANSWER,
        "returns a generator, which is no value to compare; its own tests make a list of it",
    ),
    ("quixbugs", "sqrt", "correct"): Difference(
        Verdict.WRONG_ANSWER,
        "approximates to a tolerance given as an argument, which its own tests allow for",
    ),
    ("quixbugs", "knapsack", "correct"): Difference(
        Verdict.TIME_LIMIT, "its largest test takes a table of over 1 GiB and 14 s of CPU time"
    ),
    ("quixbugs", "levenshtein", "correct"): Difference(
        Verdict.TIME_LIMIT,
        "takes exponential time: words of 21 and 50 letters are not done after 54 s",
    ),
    ("kattis", "kattis_hello", "run_time_error/memory_limit.cc"): Difference(
        Verdict.ACCEPTED,
        "fills 512 MB; the record states no limit of memory, and the default here is 1 GiB",
    ),
    ("kattis", "kattis_different", "slow_accepted/different_slow.py"): Difference(
        Verdict.TIME_LIMIT,
        "right but slow, as its label says: it counts to 100 million for each line",
    ),
}


def _jury(path: Path) -> Iterator[Case]:
    agrees = {
        "AC": ACCEPTED,
        "WA": frozenset({Verdict.WRONG_ANSWER}),
        "TLE": frozenset({Verdict.TIME_LIMIT}),
        "RTE": frozenset({Verdict.RUNTIME_ERROR, Verdict.MEMORY_LIMIT}),
    }
    languages = {"python3": "python", "cpp": "cpp", "java": "java"}
    for row, problem in _with_problems(path):
        for made in row["jury_submissions"]:
            if made["agreed"] and made["language"] in languages:
                yield Case(
                    problem,
                    made["file"].partition("submissions/")[2],
                    Program(languages[made["language"]], made["source"]),
                    made["jury_verdict"],
                    agrees[made["jury_verdict"]],
                    cost=made["max_cpu_s"],
                )


def _rows(path: Path) -> Iterator[dict]:
    with gzip.open(path, "rt") as lines:
        yield from map(json.loads, lines)


def _with_problems(path: Path) -> Iterator[tuple[dict, Problem]]:
    return zip(_rows(path), read_problems(path), strict=True)
