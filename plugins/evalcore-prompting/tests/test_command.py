"""`evalcore prompts`, as it is called."""

from __future__ import annotations

import json

import pytest

from evalcore.cli import main
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
