"""Prompts as data: ours, a user's, and what is wrong with a file."""

from __future__ import annotations

from typing import get_args

import pytest

from evalcore_prompting import PromptError, library
from evalcore_prompting.families import Family

TEST = {"input": "1 2", "expected": "3", "got": "4", "stderr": "", "verdict": "wrong-answer"}
FEEDBACK = {
    "failed": [
        TEST,
        {**TEST, "verdict": "runtime-error", "stderr": "ZeroDivisionError: division by zero"},
        {**TEST, "verdict": "time-limit"},
        {**TEST, "verdict": "memory-limit"},
        {**TEST, "verdict": "output-limit"},
    ],
    "passed": [TEST],
    "more_failed": 2,
    "more_passed": 1,
    "text": "",
    "trace": [
        {"code": "for i in range(n):", "before": "n = 2", "after": "i = 0, n = 2", "skipped": 0},
        {"code": "print(i)", "before": "i = 1", "after": "", "skipped": 3},
    ],
    "untraced": "",
}
VARIABLES = {
    "statement": "Add two numbers.",
    "turn": 2,
    "max_turns": 3,
    "reflections": ["Carry the one.", "Read both lines."],
}


def variables_of(family):
    return FEEDBACK if family == "feedback" else VARIABLES


def write(folder, id_, body, family="reasoning", **front):
    lines = {"name": f'"{id_}"', "family": f'"{family}"', "version": 1, **front}
    head = "".join(f"{key} = {value}\n" for key, value in lines.items())
    (folder / f"{id_}.jinja").write_text(f"+++\n{head}+++\n{body}\n", encoding="utf-8")
    return folder


def error_of(folder):
    with pytest.raises(PromptError) as caught:
        library(folder)
    return str(caught.value)


def test_the_texts_of_the_prompts(golden):
    """A changed text is a new version: this file shows both."""
    prompts = library()
    parts = [
        f"{family} {id_} ({prompts[id_].name}), version {prompts[id_].version}\n\n"
        + prompts.render(id_, **variables_of(family))
        for family in get_args(Family)
        for id_ in prompts.ids(family)
    ]
    golden("prompts.txt", "\n\n----\n\n".join(parts) + "\n")


def test_the_prompts_of_the_study():
    prompts = library()
    assert prompts.ids("reasoning") == [
        "difficulty",
        "explain-io",
        "helper-docstrings",
        "intermediate-variables",
        "multiple-solutions",
        "natural-language-solution",
        "problem-tags",
        "self-reflection",
    ]
    assert prompts.ids("instruction") == [
        "comment-lines",
        "docstrings",
        "double-check",
        "guidelines",
        "helper-functions",
        "step-by-step",
        "two-solutions",
        "write-code",
    ]
    assert prompts.names()["problem-tags"] == "predict problem tag"


def test_one_failed_test_is_not_several():
    text = library().render("failed-tests", failed=[TEST], passed=[], more_failed=0, text="")
    assert text.startswith("Your program fails this test:")
    assert "more" not in text


def test_without_tests_the_words_of_the_task_are_used():
    nothing = {"failed": [], "passed": [], "more_failed": 0, "more_passed": 0, "text": "Too short."}
    for grain in ("failed-tests", "all-tests"):
        assert library().render(grain, **nothing) == "Your program is wrong.\nToo short."


def test_a_users_prompt_is_added(tmp_path):
    write(tmp_path, "analogy", "Think of a like problem, turn {{ turn }} of {{ max_turns }}.")
    prompts = library(tmp_path)
    assert prompts.render("analogy", **VARIABLES) == "Think of a like problem, turn 2 of 3."
    assert set(prompts.ids()) == {"analogy", *library().ids()}


def test_a_users_prompt_replaces_ours_also_where_it_is_included(tmp_path):
    write(tmp_path, "failed-tests", "{{ failed | length }} failed.", "feedback", version=7)
    prompts = library(tmp_path)
    assert prompts["failed-tests"].version == 7
    assert prompts.render("all-tests", **FEEDBACK).endswith("\n\n5 failed.")
    assert library().render("failed-tests", **FEEDBACK).startswith("Your program fails")


def test_an_unknown_id_names_the_nearest():
    with pytest.raises(PromptError, match=r"^no prompt 'self-reflexion'; nearest: self-reflection"):
        library().render("self-reflexion")
    with pytest.raises(PromptError, match=r"^no prompt 'zzz'; there are: all-tests, binary, "):
        library()["zzz"]


def test_an_unknown_id_of_a_family_names_that_family():
    with pytest.raises(PromptError, match=r"^no retry prompt 'zzz'; there are: explain-mistake, "):
        library().of_family("zzz", "retry")


def test_a_variable_that_the_family_has_not_is_refused():
    with pytest.raises(PromptError) as caught:
        library().render("retry", trun=2)
    assert str(caught.value) == (
        "prompt 'retry': unknown variable 'trun'; "
        "a retry prompt has statement, turn, max_turns, reflections"
    )


def test_a_variable_that_is_missing_is_an_error(tmp_path):
    write(tmp_path, "analogy", "Turn {{ turn }}.")
    with pytest.raises(PromptError, match=r"analogy\.jinja:6: UndefinedError: 'turn' is undefined"):
        library(tmp_path).render("analogy")


@pytest.mark.parametrize("body", ["", "\n \n"])
def test_a_template_without_a_text_is_refused(tmp_path, body):
    write(tmp_path, "analogy", body)
    assert error_of(tmp_path) == f"{tmp_path}/analogy.jinja: found no text after the front matter"


@pytest.mark.parametrize(
    ("family", "body"),
    [
        ("reasoning", "{{ turn.nope.x }}"),
        ("retry", "{% if turn > 1 %}{{ 1 / 0 }}{% endif %}"),
        ("feedback", "{{ failed[0].nope }}"),
        ("feedback", "{{ failed[0].input }}"),  # not where the task tells no tests
    ],
)
def test_a_template_that_cannot_be_rendered_is_refused_before_it_is_used(tmp_path, family, body):
    write(tmp_path, "analogy", body, family)
    assert error_of(tmp_path).startswith(f"{tmp_path}/analogy.jinja:6: ")


def test_an_error_in_an_included_template_is_told_where_it_is(tmp_path):
    write(tmp_path, "other", "One.\n{{ 1 / turn }}\n{{ 1 / (turn - 2) }}")
    write(tmp_path, "analogy", "{% include 'other' %}")
    assert error_of(tmp_path) == (f"{tmp_path}/other.jinja:8: ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    "body",
    [
        "{% if turn == 3 %}{{ statement.nope }}{% endif %}Think.",
        "Think: {{ reflections[0] if turn > 1 }}",
        "{{ 1 / (max_turns - 1) }}",
    ],
)
def test_a_template_is_rendered_for_each_turn_before_it_is_used(tmp_path, body):
    write(tmp_path, "analogy", body)
    assert "analogy.jinja:6: " in error_of(tmp_path)


def test_a_later_turn_is_rendered_where_there_is_one(tmp_path):
    write(tmp_path, "analogy", "{% if turn == 5 %}{{ statement.nope }}{% endif %}Think.")
    prompts = library(tmp_path)
    prompts.check_turns(4)
    with pytest.raises(PromptError, match=r"analogy\.jinja:6: UndefinedError"):
        prompts.check_turns(5)


@pytest.mark.parametrize(
    ("body", "turns"),
    [("{% if false %}x{% endif %}", "1 of 1"), ("{% if turn < 3 %}Think.{% endif %}", "3 of 3")],
)
def test_a_reasoning_prompt_asks_for_something(tmp_path, body, turns):
    write(tmp_path, "analogy", body)
    assert error_of(tmp_path) == (
        f"{tmp_path}/analogy.jinja: found no text in turn {turns}: a reasoning prompt asks for "
        "something in every turn"
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Think.\n{{ [1, 2] | random }}", "7: No filter named 'random'"),
        ("{{ lipsum(1) }}", "6: unknown variable 'lipsum'"),
        ("Think.\n\0", "7: found a NUL character, expected text"),
    ],
)
def test_a_template_says_the_same_to_every_model(tmp_path, body, expected):
    write(tmp_path, "analogy", body)
    assert error_of(tmp_path).startswith(f"{tmp_path}/analogy.jinja:{expected}")


def test_a_template_that_does_not_parse_is_named_with_its_line(tmp_path):
    write(tmp_path, "analogy", "One.\n{% if turn %}Two.")
    assert error_of(tmp_path).startswith(f"{tmp_path}/analogy.jinja:7: Unexpected end of template")


def test_a_template_with_an_unknown_variable_is_refused_before_it_is_used(tmp_path):
    write(tmp_path, "analogy", "{% set tests = 1 %}\n{{ tests }}\n{{ turns }}")
    assert error_of(tmp_path) == (
        f"{tmp_path}/analogy.jinja:8: unknown variable 'turns'; "
        "a reasoning prompt has statement, turn, max_turns, reflections"
    )


@pytest.mark.parametrize("other", ["nothing", "failed-tests"])
def test_a_template_includes_only_prompts_of_its_family(tmp_path, other):
    write(tmp_path, "analogy", f"{{% include '{other}' %}}")
    expected = f"{tmp_path}/analogy.jinja: includes {other!r}, which is no reasoning prompt"
    assert error_of(tmp_path) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Think.", "expected name, family and version between two lines +++"),
        ("+++\nname = 'x'\nThink.", "expected name, family and version between two lines +++"),
        ("+++\nname: x\n+++\nThink.", "the front matter is no TOML: Expected '='"),
        (
            "+++\nname = 'x'\nfamily = \n+++\nThink.",
            "the front matter is no TOML: Invalid value (at line 3, column 10)",
        ),
        ("+++\nname = 'x'\nfamily = 'retry'\n+++\nThink.", "version: field required; expected "),
        (
            "+++\nname = 'x'\nfamily = 'reason'\nversion = 1\n+++\nThink.",
            "family: input should be 'reasoning', 'instruction', 'format', 'retry' or 'feedback';",
        ),
        ("+++\nname = 'x'\nfamily = 'retry'\nversion = 0\n+++\n", "version: input should be great"),
    ],
)
def test_front_matter_that_says_too_little_is_refused(tmp_path, text, expected):
    (tmp_path / "analogy.jinja").write_text(text)
    assert error_of(tmp_path).startswith(f"{tmp_path}/analogy.jinja: {expected}")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "analogy.jinja").write_bytes(b"+++\xff")
    assert error_of(tmp_path).startswith(f"{tmp_path}/analogy.jinja: cannot be read: ")


@pytest.mark.parametrize("id_", ["none", "Analogy", "two words"])
def test_an_id_that_a_spec_cannot_write_is_refused(tmp_path, id_):
    write(tmp_path, id_, "Think.")
    assert f"found the id {id_!r}, expected lower-case words" in error_of(tmp_path)


def test_a_prompt_keeps_its_family(tmp_path):
    write(tmp_path, "binary", "Think.", "reasoning")
    assert "'binary' is a prompt of family 'feedback'; keep the family" in error_of(tmp_path)


def test_a_folder_without_prompts_is_refused(tmp_path):
    assert error_of(tmp_path) == (
        f"{tmp_path}: found no file ID.jinja, expected a folder of prompts"
    )


@pytest.mark.parametrize(
    "body",
    [
        "{{ statement.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{% for i in range(1000000000) %}x{% endfor %}",
        "{% set _ = failed.append(1) %}",
        "{{ 1 / 0 }}",
        "{% include 'analogy' %}",
    ],
)
def test_a_template_can_do_nothing_but_render(tmp_path, body):
    family = "feedback" if "failed" in body else "reasoning"
    write(tmp_path, "analogy", body, family)
    with pytest.raises(PromptError, match=r"analogy\.jinja(:\d+)?: "):
        library(tmp_path).render("analogy", **variables_of(family))
