"""Reads the contest's source form: one folder for each problem, as `README.md` describes it."""

from __future__ import annotations

import importlib.util
import random
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

PROBLEMS = Path(__file__).parent / "problems"

VERDICTS = {
    "accepted": "accepted",
    "wrong-edge": "wrong-answer",
    "wrong-format": "wrong-answer",
    "too-slow": "time-limit",
    "too-much-memory": "memory-limit",
    "crashing": "runtime-error",
}
"""The verdict that a program earns, by the kind that its file is named after."""

LANGUAGES = {".py": "python", ".cpp": "cpp", ".java": "java"}

EXAMPLE = re.compile(r"^Input\n```\n(.*?)```\nOutput\n```\n(.*?)```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Program:
    """One program of a problem: `file` is its kind and its language's ending."""

    file: str
    code: str

    @property
    def kind(self) -> str:
        """What is wrong with the program, or `accepted`."""
        return Path(self.file).stem

    @property
    def language(self) -> str:
        """`python`, `cpp` or `java`."""
        return LANGUAGES[Path(self.file).suffix]

    @property
    def verdict(self) -> str:
        """The verdict that the program earns."""
        return VERDICTS[self.kind]


@dataclass(frozen=True, slots=True)
class Source:
    """A problem as its folder states it.

    Attributes:
        public: the statement's examples as (input, output).
        hidden: inputs by kind: `edge`, `small` (the slow programs finish these) and `large`.
        time_limit: seconds of CPU time for one test.
        memory_limit: bytes.
    """

    name: str
    statement: str
    difficulty: str
    tags: list[str]
    time_limit: float
    memory_limit: int
    public: list[tuple[str, str]]
    hidden: dict[str, list[str]]
    programs: list[Program]

    @property
    def inputs(self) -> list[str]:
        """All hidden inputs, in the order in which they are judged."""
        return [text for texts in self.hidden.values() for text in texts]


def names() -> list[str]:
    """The contest's problems in alphabetical order."""
    return sorted(folder.name for folder in PROBLEMS.iterdir())


def load(name: str) -> Source:
    """Read one problem and generate its hidden tests.

    Raises:
        ValueError: a test breaks the statement's limits, or a program's name tells no kind.
    """
    folder = PROBLEMS / name
    settings = tomllib.loads((folder / "problem.toml").read_text("utf-8"))
    statement = (folder / "statement.md").read_text("utf-8")
    public = EXAMPLE.findall(statement)
    return Source(
        name=name,
        statement=statement,
        difficulty=settings["difficulty"],
        tags=settings["tags"],
        time_limit=settings["time_limit"],
        memory_limit=settings["memory_limit"] * 2**20,
        public=public,
        hidden=_hidden(folder, [text for text, _ in public]),
        programs=_programs(folder / "solutions"),
    )


def load_generator(name: str) -> ModuleType:
    """The module `generate.py` of a problem."""
    path = PROBLEMS / name / "generate.py"
    spec = importlib.util.spec_from_file_location(f"generate_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _hidden(folder: Path, public: list[str]) -> dict[str, list[str]]:
    generator: Any = load_generator(folder.name)
    hidden: dict[str, list[str]] = {"edge": [], "small": [], "large": []}
    for text, kind in generator.tests(random.Random(folder.name)):  # noqa: S311
        hidden[kind].append(text)
    texts = [*public, *(text for texts in hidden.values() for text in texts)]
    for text in texts:
        if not generator.valid(text):
            raise ValueError(f"{folder.name}: this input breaks the limits: {text[:200]!r}")
    repeated = {text for text in texts if texts.count(text) > 1}
    if repeated:
        raise ValueError(f"{folder.name}: a test occurs twice: {repeated.pop()[:200]!r}")
    return hidden


def _programs(folder: Path) -> list[Program]:
    """The programs, accepted ones first."""
    programs = []
    for path in sorted(folder.iterdir()):
        if path.stem not in VERDICTS or path.suffix not in LANGUAGES:
            raise ValueError(
                f"{path}: found the kind {path.stem!r} in {path.suffix!r}, expected one of "
                f"{', '.join(VERDICTS)} in one of {', '.join(LANGUAGES)}: rename the file"
            )
        programs.append(Program(path.name, path.read_text("utf-8")))
    return sorted(programs, key=lambda program: program.kind != "accepted")
