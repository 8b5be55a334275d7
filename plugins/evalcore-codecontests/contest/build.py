"""Builds the contest that ships in the package from its source form.

    python contest/build.py            # the problems whose sources have changed
    python contest/build.py --all      # every problem
    python contest/build.py NAME ...   # these problems

A problem is built only when it holds what it promises: its tests keep the statement's limits, the
accepted programs of all languages agree within a fraction of the time limit, the slow programs are
right wherever they finish, and each wrong program fails a hidden test in its own way.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sources
from running import compile_program, run
from sources import Program, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DATA = Path(__file__).parents[1] / "src" / "evalcore_codecontests" / "contest"

SHARE = {"python": 0.25, "cpp": 0.25, "java": 0.6}
"""The part of the time limit that an accepted program may use; a Java machine has to start."""

EXCESS = 4
"""How many times over its limit a program must be that is too slow or takes too much memory."""

DIFFICULTIES = {"easy": 1, "medium": 2, "hard": 3}
LANGUAGES = {"python": 3, "cpp": 2, "java": 4}

Record = dict[str, Any]


def main() -> None:
    """Build what is asked for, and the files made from all problems."""
    parser = argparse.ArgumentParser(description="Build the contest from its source form.")
    parser.add_argument("--all", action="store_true", help="build problems that are up to date too")
    parser.add_argument("names", nargs="*", metavar="NAME", help="build only these problems")
    options = parser.parse_args()
    broken = []
    built = {record["name"]: record for record in read(DATA / "problems.jsonl")}
    all_sources = [sources.load(name) for name in sources.names()]
    for source in all_sources:
        old = built.get(source.name)
        wanted = source.name in options.names if options.names else options.all
        if wanted or (not options.names and (old is None or not up_to_date(source, old))):
            try:
                built[source.name] = record(source, verified_outputs(source))
            except ValueError as error:
                broken.append(str(error))
            write(all_sources, built)
    write(all_sources, built)
    if broken:
        sys.exit("\n".join(broken))


def write(all_sources: list[Source], built: dict[str, Record]) -> None:
    """Write the files of the contest, of those problems that are built."""
    for file, text in files([s for s in all_sources if s.name in built], built).items():
        (DATA / file).parent.mkdir(exist_ok=True)
        (DATA / file).write_text(text, "utf-8")


def up_to_date(source: Source, old: Record) -> bool:
    """Whether a built problem is what its source, with the outputs already known, makes."""
    tests = (old["private_tests"], old["generated_tests"])
    outputs = {text: out for part in tests for text, out in zip(*part.values(), strict=True)}
    return outputs.keys() == set(source.inputs) and record(source, outputs) == old


def record(source: Source, outputs: dict[str, str]) -> Record:
    """A problem in the CodeContests schema, from its source and the outputs by input."""

    def tests(texts: Iterable[str]) -> Record:
        texts = list(texts)
        return {"input": texts, "output": [outputs[text] for text in texts]}

    def solutions(accepted: bool) -> Record:
        chosen = [p for p in source.programs if (p.kind == "accepted") == accepted]
        return {
            "language": [LANGUAGES[program.language] for program in chosen],
            "solution": [program.code for program in chosen],
        }

    nanos, seconds = math.modf(source.time_limit)
    return {
        "name": source.name,
        "description": source.statement,
        "public_tests": {
            "input": [text for text, _ in source.public],
            "output": [output for _, output in source.public],
        },
        "private_tests": tests(source.hidden["edge"]),
        "generated_tests": tests(source.hidden["small"] + source.hidden["large"]),
        "source": 0,
        "difficulty": DIFFICULTIES[source.difficulty],
        "solutions": solutions(accepted=True),
        "incorrect_solutions": solutions(accepted=False),
        "cf_contest_id": 0,
        "cf_index": "",
        "cf_points": 0.0,
        "cf_rating": 0,
        "cf_tags": source.tags,
        "is_description_translated": False,
        "untranslated_description": "",
        "time_limit": {"seconds": int(seconds), "nanos": round(nanos * 1e9)},
        "memory_limit_bytes": source.memory_limit,
        "input_file": "",
        "output_file": "",
    }


def verified_outputs(source: Source) -> dict[str, str]:
    """The outputs of the hidden tests by input, once every promise of the problem is kept.

    Raises:
        ValueError: a promise is broken; the message tells by which program on which test.
    """
    print(f"{source.name}: {len(source.inputs)} hidden tests")
    outputs = dict(source.public)
    with tempfile.TemporaryDirectory() as folder:
        for program in sorted(source.programs, key=lambda p: p.file != "accepted.py"):
            command = compile_program(program, Path(folder))
            if program.kind == "accepted":
                note = _check_accepted(source, program, command, outputs)
            else:
                note = _check_wrong(source, program, command, outputs)
            print(f"  {program.file:20} {note}", flush=True)
    return outputs


def _check_accepted(
    source: Source, program: Program, command: list[str], outputs: dict[str, str]
) -> str:
    """Run on all tests; the first accepted program sets the outputs of the hidden ones."""
    spent = []
    for text in [*(text for text, _ in source.public), *source.inputs]:
        outcome = run(command, text, source.time_limit, source.memory_limit)
        expected = outputs.setdefault(text, outcome.output)
        if outcome.verdict != "ok" or not same(outcome.output, expected):
            raise _broken(source, program, text, f"{outcome.verdict} {outcome.output[:200]!r}")
        spent.append(outcome.cpu_seconds)
    if max(spent) > SHARE[program.language] * source.time_limit:
        raise _broken(source, program, "", f"takes {max(spent):.2f} s of {source.time_limit} s")
    return f"{sum(spent):.2f} s of CPU time, at most {max(spent):.2f} s"


def _check_wrong(
    source: Source, program: Program, command: list[str], outputs: dict[str, str]
) -> str:
    """Run until a hidden test fails in the program's own way; what comes before must not."""
    public = [text for text, _ in source.public]
    passed = 0
    failed_public = 0
    for text in [*public, *source.inputs]:
        verdict = judged(source, command, text, outputs[text])
        if verdict == "accepted":
            passed += 1
            continue
        if verdict != program.verdict:
            raise _broken(source, program, text, f"{verdict}, not {program.verdict}")
        if text in public:
            failed_public += 1
            if program.kind == "wrong-format":
                continue
            raise _broken(source, program, text, "fails a public test")
        if program.kind in {"too-slow", "too-much-memory"}:
            if text in source.hidden["small"]:
                raise _broken(source, program, text, "fails a small test")
            _check_excess(source, program, command, outputs)
            _check_small(source, program, command, outputs)
        public_note = f", {failed_public} of them public" if failed_public else ""
        return f"{verdict} after {passed} tests{public_note}: {text[:40]!r}"
    raise _broken(source, program, "", "passes every test")


def _check_excess(
    source: Source, program: Program, command: list[str], outputs: dict[str, str]
) -> None:
    """Some test must take the program far over its limit, on faster machines than this one too."""
    for text in reversed(source.inputs):
        if judged(source, command, text, outputs[text], EXCESS) == program.verdict:
            return
    raise _broken(source, program, "", f"keeps {EXCESS} times the limit on all tests")


def _check_small(
    source: Source, program: Program, command: list[str], outputs: dict[str, str]
) -> None:
    """A slow program is our check by brute force: it must be right on every small test."""
    for text in source.hidden["small"]:
        verdict = judged(source, command, text, outputs[text])
        if verdict != "accepted":
            raise _broken(source, program, text, f"{verdict} on a small test")


def judged(source: Source, command: list[str], text: str, expected: str, excess: int = 1) -> str:
    """The verdict on one test, with the limits of the problem times `excess`."""
    outcome = run(command, text, excess * source.time_limit, excess * source.memory_limit)
    if outcome.verdict != "ok":
        return outcome.verdict
    return "accepted" if same(outcome.output, expected) else "wrong-answer"


def same(output: str, expected: str) -> bool:
    """Equal word by word; numbers expected with a point within 1e-6, absolute or relative."""
    words, wanted = output.split(), expected.split()
    return len(words) == len(wanted) and all(map(_same_word, words, wanted))


def _same_word(word: str, wanted: str) -> bool:
    if word == wanted or "." not in wanted:
        return word == wanted
    try:
        return abs(float(word) - float(wanted)) <= 1e-6 * max(1.0, abs(float(wanted)))
    except ValueError:
        return False


def _broken(source: Source, program: Program, text: str, what: str) -> ValueError:
    on = f" on {text[:200]!r}" if text else ""
    return ValueError(f"{source.name}/solutions/{program.file}{on}: {what}")


def files(all_sources: list[Source], built: dict[str, Record]) -> dict[str, str]:
    """The text of each file of the built contest, by its path."""
    replays = {
        f"answers/{language}.jsonl": lines(answers(all_sources, f"accepted{ending}"))
        for ending, language in sources.LANGUAGES.items()
    }
    return {
        "problems.jsonl": lines(built[source.name] for source in all_sources),
        "programs.jsonl": lines(programs(all_sources)),
        **replays,
        "answers/wrong.jsonl": lines(wrong_answers(all_sources)),
    }


def programs(all_sources: list[Source]) -> Iterator[Record]:
    """Every program with the verdict that it earns."""
    for source in all_sources:
        for program in source.programs:
            yield {
                "problem": source.name,
                "program": program.file,
                "language": program.language,
                "code": program.code,
                "expected": program.verdict,
            }


def answers(all_sources: list[Source], file: str) -> Iterator[Record]:
    """What a model would answer that writes the program of this name for each problem."""
    for source in all_sources:
        (program,) = (program for program in source.programs if program.file == file)
        yield answer(source, program)


def wrong_answers(all_sources: list[Source]) -> Iterator[Record]:
    """One wrong program for each problem, all kinds about equally often."""
    shown: Counter[str] = Counter()
    for source in all_sources:
        wrong = [program for program in source.programs if program.kind != "accepted"]
        program = min(wrong, key=lambda program: (shown[program.kind], program.file))
        shown[program.kind] += 1
        yield answer(source, program)


def answer(source: Source, program: Program) -> Record:
    """A program as a model's answer: in a fenced block of its language."""
    return {"sample": source.name, "answer": f"```{program.language}\n{program.code}```"}


def lines(records: Iterable[Record]) -> str:
    """Records as JSON Lines."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def read(path: Path) -> list[Record]:
    """The records of a file of JSON Lines; none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    main()
