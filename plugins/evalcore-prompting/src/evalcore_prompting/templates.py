"""Prompts as data: one template file each, ours and those of a user's folder.

A file `ID.jinja` begins with what the prompt is, in TOML between two lines `+++`; the rest is a
Jinja2 template, rendered in a sandbox:

    +++
    name = "self-reflection"
    family = "reasoning"
    version = 1
    +++
    State the problem again in your own words.

`name` is what publications call the prompt; `version` is raised whenever its text changes.
"""

from __future__ import annotations

import re
import tomllib
import traceback
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from jinja2 import FunctionLoader, StrictUndefined, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evalcore.errors import EvalcoreError
from evalcore_prompting.families import EXAMPLES, VARIABLES, Family, turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Library", "Prompt", "PromptError", "library"]

_OWN = Path(__file__).parent / "prompts"
_MARK = "+++"
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class PromptError(EvalcoreError, ValueError):
    """A prompt that is not there, cannot be read or cannot be rendered."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as its file holds it.

    Attributes:
        id: what a spec calls it: the file's name without `.jinja`.
        name: what publications call it.
        family: what it is for, which decides the variables that it may use.
        version: raised whenever its text changes.
        text: the Jinja2 template.
        file: where it stands.
        line: number of the line of the file after which it begins.
    """

    id: str
    name: str
    family: Family
    version: int
    text: str
    file: Path
    line: int

    @property
    def template(self) -> str:
        """The text after a comment that makes its line numbers those of the file."""
        return "{#" + "\n" * self.line + "-#}" + self.text


class Library:
    """Prompts by their ids, each checked: it parses, uses only its family's variables, renders.

    The same variables give the same text: templates have nothing random.
    """

    def __init__(self, prompts: Iterable[Prompt]) -> None:
        self._prompts = {prompt.id: prompt for prompt in prompts}
        self._environment = ImmutableSandboxedEnvironment(
            autoescape=False,  # prompts are plain text
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            loader=FunctionLoader(self._load),
        )
        del self._environment.filters["random"], self._environment.globals["lipsum"]
        for prompt in self._prompts.values():
            self._check(prompt)
        for prompt in self._prompts.values():
            self._check_rendered(prompt, EXAMPLES[prompt.family])

    def __getitem__(self, id_: str) -> Prompt:
        """The prompt with this id.

        Raises:
            PromptError: if there is none; the text names the nearest ids.
        """
        if id_ not in self._prompts:
            raise PromptError(f"no prompt {id_!r}; {_known(id_, self.ids())}")
        return self._prompts[id_]

    def of_family(self, id_: str, family: Family) -> Prompt:
        """The prompt of a family with this id.

        Raises:
            PromptError: if there is none, or it is of another family.
        """
        of_family = self.ids(family)
        if id_ not in self._prompts:
            raise PromptError(f"no {family} prompt {id_!r}; {_known(id_, of_family)}")
        if id_ not in of_family:
            raise PromptError(
                f"{id_!r} is a prompt of family {self[id_].family}, expected one of family "
                f"{family}: {', '.join(of_family)}"
            )
        return self[id_]

    def ids(self, family: Family | None = None) -> list[str]:
        """The ids of a family's prompts, or of all, sorted."""
        prompts = self._prompts.values()
        return sorted(prompt.id for prompt in prompts if family in {None, prompt.family})

    def names(self) -> dict[str, str]:
        """What publications call each prompt, by id."""
        return {id_: self._prompts[id_].name for id_ in self.ids()}

    def render(self, id_: str, **variables: Any) -> str:
        """The text of a prompt, without space around it.

        Args:
            id_: the prompt's id.
            variables: those of its family; what the template does not use may be left out.

        Raises:
            PromptError: if there is no such prompt, a variable is missing or is not of the
                family, or the template fails.
        """
        prompt = self[id_]
        _check_variables(f"prompt {id_!r}", variables, prompt.family)
        try:
            return self._environment.get_template(id_).render(variables).strip()
        except Exception as error:
            place = self._place_of(error) or prompt.file
            raise PromptError(f"{place}: {type(error).__name__}: {error}") from error

    def check_turns(self, most: int) -> None:
        """Render the prompts of dialogues for every turn.

        Args:
            most: turns that a dialogue may take.

        Raises:
            PromptError: if one cannot be rendered, or asks for reasoning without a text.
        """
        for prompt in self._prompts.values():
            if prompt.family != "feedback":
                self._check_rendered(prompt, turns(most))

    def _check_rendered(self, prompt: Prompt, examples: Iterable[Mapping[str, Any]]) -> None:
        for example in examples:
            if not self.render(prompt.id, **example) and prompt.family == "reasoning":
                raise PromptError(
                    f"{prompt.file}: found no text in turn {example['turn']} of "
                    f"{example['max_turns']}: a reasoning prompt asks for something in every turn"
                )

    def _load(self, id_: str) -> tuple[str, str, None]:
        return self[id_].template, str(self[id_].file), None

    def _place_of(self, error: Exception) -> str | None:
        """The file and the line of the template that an error comes from."""
        files = {str(prompt.file) for prompt in self._prompts.values()}
        frames = reversed(traceback.extract_tb(error.__traceback__))
        places = (f"{frame.filename}:{frame.lineno}" for frame in frames if frame.filename in files)
        return next(places, None)

    def _check(self, prompt: Prompt) -> None:
        """Raise a `PromptError` if the template cannot be used."""
        try:
            parsed = self._environment.parse(prompt.template)
            used = meta.find_undeclared_variables(parsed)
        except TemplateSyntaxError as error:
            raise PromptError(f"{prompt.file}:{error.lineno}: {error.message}") from error
        if not prompt.text.strip():
            raise PromptError(f"{prompt.file}: found no text after the front matter")
        for name in sorted(parsed.find_all(nodes.Name), key=lambda name: name.lineno):
            if name.name in used:
                _check_variables(f"{prompt.file}:{name.lineno}", [name.name], prompt.family)
        for other in meta.find_referenced_templates(parsed):
            if other is not None and other not in self.ids(prompt.family):
                raise PromptError(
                    f"{prompt.file}: includes {other!r}, which is no {prompt.family} prompt"
                )


def library(folder: str | Path | None = None) -> Library:
    """The prompts of this package, with those of a folder added or in their places.

    Args:
        folder: a user's folder of template files, or `None`.

    Raises:
        PromptError: if the folder holds no prompt, or one that cannot be read, does not parse,
            has no text, uses an unknown variable, cannot be rendered, or is of another family than
            the one it replaces.
    """
    own = _own()
    if folder is None:
        return own
    files = sorted(Path(folder).glob("*.jinja"))
    if not files:
        raise PromptError(f"{folder}: found no file ID.jinja, expected a folder of prompts")
    prompts = {id_: own[id_] for id_ in own.ids()}
    for prompt in map(_read, files):
        replaced = prompts.get(prompt.id, prompt)
        if replaced.family != prompt.family:
            raise PromptError(
                f"{prompt.file}: found family {prompt.family!r}, but {prompt.id!r} is a prompt of "
                f"family {replaced.family!r}; keep the family or choose another id"
            )
        prompts[prompt.id] = prompt
    return Library(prompts.values())


@cache
def _own() -> Library:
    return Library(map(_read, sorted(_OWN.glob("*.jinja"))))


class _Front(BaseModel):
    """What stands between the two lines `+++`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1)
    family: Family
    version: int = Field(ge=1)


def _read(file: Path) -> Prompt:
    if not _ID.fullmatch(file.stem) or file.stem == "none":
        raise PromptError(
            f"{file}: found the id {file.stem!r}, expected lower-case words joined by '-', but "
            "not 'none', which stands for no prompt"
        )
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"{file}: cannot be read: {error}") from error
    marks = [number for number, line in enumerate(lines) if line.strip() == _MARK][:2]
    if len(marks) < 2 or marks[0] != 0:
        raise PromptError(f"{file}: expected name, family and version between two lines {_MARK}")
    end = marks[1]
    if line := next((number for number, line in enumerate(lines, 1) if "\0" in line), None):
        raise PromptError(f"{file}:{line}: found a NUL character, expected text")
    try:
        # With the first line left blank, an error tells the line of the file.
        front = _Front.model_validate(tomllib.loads("\n".join(["", *lines[1:end], ""])))
    except tomllib.TOMLDecodeError as error:
        raise PromptError(f"{file}: the front matter is no TOML: {error}") from error
    except ValidationError as error:
        raise PromptError(f"{file}: {_explain(error)}") from error
    text = "\n".join(lines[end + 1 :])
    return Prompt(file.stem, front.name, front.family, front.version, text, file, line=end + 1)


def _known(id_: str, ids: Sequence[str]) -> str:
    near = get_close_matches(id_, ids)
    return f"nearest: {', '.join(near)}" if near else f"there are: {', '.join(ids)}"


def _explain(error: ValidationError) -> str:
    """What is wrong with the front matter, in one line."""
    known = f"expected name, family ({', '.join(get_args(Family))}) and version (1 or more)"
    wrong = [f"{item['loc'][0]}: {item['msg'].lower()}" for item in error.errors()]
    return f"{'; '.join(wrong)}; {known}"


def _check_variables(owner: str, used: Iterable[str] | Mapping[str, Any], family: Family) -> None:
    allowed = VARIABLES[family]
    unknown = sorted(set(used) - set(allowed))
    if unknown:
        raise PromptError(
            f"{owner}: unknown variable {', '.join(map(repr, unknown))}; "
            f"a {family} prompt has {', '.join(allowed)}"
        )
