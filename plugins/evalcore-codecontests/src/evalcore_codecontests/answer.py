"""From a model's answer to the program that is judged."""

from __future__ import annotations

import re

from evalcore_codecontests.judge import LANGUAGES, Program

__all__ = ["LANGUAGE_OF_NAME", "program_of"]

_NAMES = {
    "python": "python py pypy cpython ipython",
    "cpp": "cpp c++ cc cxx gcc g++ gnu++ clang++ cplusplus gpp gnupp clangpp",
    "java": "java openjdk",
    "c": "c",
    "c#": "c# cs csharp",
    "d": "d dlang",
    "dart": "dart",
    "elixir": "elixir",
    "erlang": "erlang",
    "f#": "f# fs fsharp",
    "fortran": "fortran",
    "go": "go golang",
    "haskell": "haskell hs",
    "javascript": "javascript js node nodejs",
    "julia": "julia jl",
    "kotlin": "kotlin kt",
    "lua": "lua",
    "nim": "nim",
    "ocaml": "ocaml ml",
    "pascal": "pascal delphi",
    "perl": "perl pl",
    "php": "php",
    "r": "r",
    "racket": "racket",
    "ruby": "ruby rb",
    "rust": "rust rs",
    "scala": "scala",
    "swift": "swift",
    "typescript": "typescript ts",
    "zig": "zig",
}
LANGUAGE_OF_NAME = {name: language for language, names in _NAMES.items() for name in names.split()}
"""Programming languages, those that are judged and others, by what they are called, in lower case
and without a version."""

_FENCE = re.compile(
    r"^(?P<marks>`{3,}+|~{3,}+)[ \t]*(?P<tag>[^\s`]*)[^\n]*\n"
    r"(?P<code>.*?)(?:^(?P=marks)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_NAME_AND_VERSION = re.compile(r"[{.]*(?P<name>[a-z]+[+#]*)(-?\d[\w.]*)?(?![\w+#-])")
_SIGNS = {
    "cpp": re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"]", re.MULTILINE),
    "java": re.compile(
        r"^[ \t]*(import\s+(static\s+)?javax?\.[\w.*]+\s*;|public\s+(final\s+)?class\s+\w)",
        re.MULTILINE,
    ),
}
"""What programs in a language hold, and programs in the others do not."""


def program_of(answer: str, language: str) -> Program:
    """The program in an answer.

    It is the last fenced block tagged with a language that is judged; without one, the last tagged
    with another programming language; without one, the last fenced block; without any, the whole
    answer. A block that is not closed reaches to the end. What has no tag that says its language
    is C++ or Java where it looks so.

    Args:
        answer: what the model wrote.
        language: of a program of which neither a tag nor its look tells it.
    """
    blocks = [(_named(found["tag"]), found["code"]) for found in _FENCE.finditer(answer)]
    named = [block for block in blocks if block[0]]
    judged = [block for block in named if block[0] in LANGUAGES]
    found, code = (judged or named or blocks or [("", answer)])[-1]
    return Program(found or _recognised(code) or language, code)


def _named(tag: str) -> str:
    """The language that a block's tag names, empty if it names none."""
    found = _NAME_AND_VERSION.match(tag.lower())
    return LANGUAGE_OF_NAME.get(found["name"], "") if found else ""


def _recognised(code: str) -> str:
    """The language that a program shows itself to be in, empty if none."""
    return next((language for language, sign in _SIGNS.items() if sign.search(code)), "")
