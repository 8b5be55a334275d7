"""From a model's answer to the program that is judged."""

from __future__ import annotations

import re

from evalcore_codecontests.judge import Program

__all__ = ["LANGUAGE_OF_TAG", "program_of"]

LANGUAGE_OF_TAG = {
    "python": "python",
    "python3": "python",
    "py": "python",
    "cpp": "cpp",
    "c++": "cpp",
    "cc": "cpp",
    "java": "java",
}
"""The languages by what a fenced block may be tagged with."""

_FENCE = re.compile(
    r"^(?P<marks>`{3,}|~{3,})[ \t]*(?P<tag>[^\s`]*)[^\n]*\n"
    r"(?P<code>.*?)(?:^(?P=marks)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)


def program_of(answer: str, language: str) -> Program:
    """The program in an answer.

    It is the last fenced block tagged with a language we judge; without one, the last fenced
    block; without any, the whole answer. A block that is not closed reaches to the end.

    Args:
        answer: what the model wrote.
        language: of a program whose block has no tag that we know.
    """
    blocks = [match.group("tag", "code") for match in _FENCE.finditer(answer)]
    tagged = [(tag, code) for tag, code in blocks if tag.lower() in LANGUAGE_OF_TAG]
    for tag, code in reversed(tagged or blocks):
        return Program(LANGUAGE_OF_TAG.get(tag.lower(), language), code)
    return Program(language, answer)
