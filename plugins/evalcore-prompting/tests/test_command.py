"""`evalcore prompts`, as it is called."""

from __future__ import annotations

import json

import pytest
from doubling import Doubling

from evalcore.cli import main
from evalcore.testing import scripted
from evalcore_prompting import library


@pytest.fixture
def called(capsys):
    def call(*arguments):
        code = main(["prompts", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_list_names_every_prompt_under_its_family(called):
    code, out, _ = called("list")
    assert code == 0
    assert "reasoning\n  difficulty " in out
    assert all(f"  {id_} " in out for id_ in library().ids())


def test_list_as_json(called):
    code, out, _ = called("list", "--json")
    rows = json.loads(out)
    assert code == 0
    assert {row["id"]: row["name"] for row in rows} == library().names()
    assert all(row["version"] >= 1 for row in rows)


def test_show_prints_the_template_alone(called):
    code, out, err = called("show", "retry")
    assert (code, out) == (0, "Find the mistake and try again.\n")
    assert "retry prompt 'retry' (retry), version 1" in err


def test_show_finds_a_users_prompt(called, tmp_path):
    head = '+++\nname = "mine"\nfamily = "retry"\nversion = 3\n+++\n'
    (tmp_path / "retry.jinja").write_text(f"{head}Turn {{{{ turn }}}}!")
    code, out, err = called("show", "retry", "--prompts", str(tmp_path))
    assert (code, out) == (0, "Turn {{ turn }}!\n")
    assert "version 3" in err


def test_an_unknown_prompt_is_a_wrong_call(called):
    code, out, err = called("show", "retyr")
    assert (code, out) == (2, "")
    assert err == "evalcore prompts: no prompt 'retyr'; nearest: retry\n"


@pytest.fixture
def spec(tmp_path, evalcore_offer):
    evalcore_offer("doubling", Doubling)
    evalcore_offer("author", scripted(lambda request: pytest.fail("a model was asked")))
    file = tmp_path / "spec.yaml"
    file.write_text("""
        evalcore: 1
        name: rendered
        task: offered:doubling
        models: {author: offered:author}
        strategy: {use: multi-turn, max_turns: 2}
        sweep: {strategy.reasoning: [none, difficulty]}
    """)
    return str(file)


def test_render_prints_the_messages_and_asks_no_model(called, golden, spec):
    code, out, err = called("render", spec, "--sample", "double", "--cell", "reasoning=difficulty")
    assert (code, err) == (0, "")
    golden("render.txt", out)


def test_render_takes_the_first_cell_and_sample(called, spec):
    code, out, _ = called("render", spec)
    assert code == 0
    assert out.startswith("[user]\nPrint twice the number.\n\nGive the final program whole")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--sample", "triple"], "found no sample 'triple' in its task"),
        (["--cell", "none"], "found no cell 'none', expected one of: reasoning=none, reasoning="),
    ],
)
def test_what_cannot_be_rendered_is_told(called, spec, arguments, expected):
    code, out, err = called("render", spec, *arguments)
    assert (code, out) == (2, "")
    assert expected in err
