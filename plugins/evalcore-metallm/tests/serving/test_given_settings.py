from __future__ import annotations

import argparse

import pytest

from evalcore_metallm import command


@pytest.mark.parametrize(
    "value", ["{", "a: b: c", "*gone", "!gone x", "2026-13-45", "'", "[" * 10_000, "\x01"]
)
def test_a_value_that_is_no_yaml_is_one_clear_error(tmp_path, capsys, value):
    parser = argparse.ArgumentParser()
    command.configure(parser)
    words = ["fit", "log.jsonl", "--out", str(tmp_path / "r"), "--set", f"policy={value}"]
    assert command.run(parser.parse_args(words)) == 2
    told = capsys.readouterr().err
    assert told.startswith("evalcore route fit: --set policy=")
    assert "the value is not YAML" in told
