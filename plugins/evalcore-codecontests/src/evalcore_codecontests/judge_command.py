"""`evalcore judge`: judges a file of programs against a file of problems, without a spec."""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from evalcore_codecontests import checkers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from evalcore_codecontests.judge import Judge, Judgement
    from evalcore_codecontests.problem import Problem

_OK, _JUDGE_FAILED, _BAD_CALL = 0, 1, 2
_LANGUAGES = ("python", "cpp", "java")
_KEYS = ("problem", "program", "language", "code")


class _InputError(Exception):
    """The call or a file is wrong; the message says where and what was expected."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of the file of programs."""

    problem: str
    program: Any
    language: str
    code: str


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.add_argument(
        "--problems", required=True, type=Path, metavar="FILE",
        help="problems as JSON Lines, with the fields of CodeContests or of TACO",
    )  # fmt: skip
    parser.add_argument(
        "--programs", required=True, type=Path, metavar="FILE",
        help='JSON Lines: {"problem": ID or NAME, "program": ID, "language": LANGUAGE, '
        f'"code": TEXT}}, where LANGUAGE is {", ".join(_LANGUAGES)}',
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where the verdicts go (default: standard output)"
    )
    parser.add_argument(
        "--checker", choices=sorted(checkers.NAMES), default="tokens",
        help="what makes an output right (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--isolation", choices=("sandbox", "none"), default="sandbox",
        help="none runs the programs with resource limits alone (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--all-tests", action="store_true",
        help="run every test, instead of stopping at the first that is not accepted",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=int, metavar="N", help="tests at a time (default: one a CPU)"
    )


def run(args: argparse.Namespace) -> int:
    """Judge, and answer 0; 1 if the judge itself failed on a program, 2 if the call is wrong."""
    from evalcore_codecontests.judge import IsolationError, Judge, SandboxError

    try:
        entries = list(_read_programs(args.programs))
        problems = _read_problems(args.problems, wanted={entry.problem for entry in entries})
        _check_problems(args.programs, entries, problems)
        if args.workers is not None and args.workers < 1:
            raise _InputError(f"--workers is {args.workers}, expected at least 1")
        with (
            _open_output(args.out) as out,
            Judge(
                isolation=args.isolation, workers=args.workers, hidden=[str(args.problems)]
            ) as judge,
        ):
            return _judge_all(judge, entries, problems, out, args)
    except (_InputError, IsolationError) as error:
        print(f"evalcore judge: {error}", file=sys.stderr)
        return _BAD_CALL
    except SandboxError as error:
        print(f"evalcore judge: {error}", file=sys.stderr)
        return _JUDGE_FAILED


def _read_programs(path: Path) -> Iterator[_Entry]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _parse_program(f"{path}:{number}", line)
    except (OSError, UnicodeDecodeError) as error:
        raise _InputError(f"{path}: {error}") from error


def _parse_program(place: str, line: str) -> _Entry:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise _InputError(f"{place}: not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise _InputError(f"{place}: found {type(fields).__name__}, expected an object")
    missing = [key for key in _KEYS if key not in fields]
    if missing:
        raise _InputError(f"{place}: no {', '.join(missing)}; expected {', '.join(_KEYS)}")
    if fields["language"] not in _LANGUAGES:
        expected = ", ".join(_LANGUAGES)
        raise _InputError(f"{place}: language {fields['language']!r}, expected one of {expected}")
    for key in ("problem", "code"):
        if not isinstance(fields[key], str):
            found = type(fields[key]).__name__
            raise _InputError(f"{place}: {key} is of type {found}, expected a string")
    return _Entry(*(fields[key] for key in _KEYS))


def _read_problems(path: Path, wanted: set[str]) -> dict[str, Problem]:
    """The wanted problems by id or else by name, the first of several that share one."""
    from evalcore_codecontests.readers import read_problems

    by_id: dict[str, Problem] = {}
    by_name: dict[str, Problem] = {}
    try:
        for problem in read_problems(path):
            if problem.id in wanted:
                by_id[problem.id] = problem
            if problem.name in wanted:
                by_name.setdefault(problem.name, problem)
    except (OSError, ValueError) as error:
        raise _InputError(str(error)) from error
    return by_name | by_id


def _check_problems(path: Path, entries: list[_Entry], problems: dict[str, Problem]) -> None:
    unknown = sorted({entry.problem for entry in entries} - problems.keys())
    if unknown:
        named = ", ".join(map(repr, unknown[:5]))
        raise _InputError(
            f"{path}: the file of problems has no problem with the id or name {named}"
        )


@contextmanager
def _open_output(path: Path | None) -> Iterator[TextIO]:
    """A stream to write to; a file appears under its name only once it is whole."""
    if path is None:
        yield sys.stdout
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        file = temporary.open("w", encoding="utf-8")
    except OSError as error:
        raise _InputError(f"cannot write {path}: {error.strerror}") from error
    try:
        with file:
            yield file
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _judge_all(
    judge: Judge,
    entries: list[_Entry],
    problems: dict[str, Problem],
    out: TextIO,
    args: argparse.Namespace,
) -> int:
    from evalcore_codecontests.judge import Program, Verdict

    checker = checkers.get(args.checker)

    def judge_one(entry: _Entry) -> Judgement:
        return judge.judge(
            problems[entry.problem],
            Program(entry.language, entry.code),
            checker=checker,
            stop_at_first=not args.all_tests,
        )

    status = _OK
    with ThreadPoolExecutor(args.workers or os.cpu_count() or 1) as threads:
        judgements = threads.map(judge_one, entries)
        for entry, judgement in zip(entries, _with_progress(judgements, len(entries)), strict=True):
            out.write(json.dumps(_line(entry, judgement), ensure_ascii=False) + "\n")
            if judgement.verdict in (Verdict.UNJUDGEABLE, Verdict.JUDGE_ERROR):
                words = f"{judgement.verdict}: {judgement.message}"
                print(f"program {entry.program} on {entry.problem}: {words}", file=sys.stderr)
            if judgement.verdict is Verdict.JUDGE_ERROR:
                status = _JUDGE_FAILED
    return status


def _line(entry: _Entry, judgement: Judgement) -> dict[str, Any]:
    return {
        "problem": entry.problem,
        "program": entry.program,
        "language": entry.language,
        "verdict": judgement.verdict.value,
        "tests": [test.verdict.value for test in judgement.tests],
        "seconds": round(judgement.seconds, 6),
        "bytes": judgement.bytes,
        "tier": judgement.tier,
    }


def _with_progress(judgements: Iterable[Judgement], total: int) -> Iterable[Judgement]:
    if not sys.stderr.isatty():
        return judgements
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(judgements, "judging", total=total, console=console, transient=True)
