"""Settings, and the arguments of vLLM that they come to."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from conftest import needs_vllm
from pydantic import ValidationError

from evalcore_vllm.arguments import command_line, engine_arguments
from evalcore_vllm.settings import VllmSettings


def settings(**fields: Any) -> VllmSettings:
    return VllmSettings(**{"model": "some/model", **fields})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"engine": {"dtype": "float16"}}, "'dtype' is decided by the setting `dtype`"),
        ({"engine": {"port": 8000}}, "'port' is decided by the plugin"),
        ({"engine": {"hf_token": "secret"}}, "decided by the environment variable HF_TOKEN"),
        ({"engine": {"max-num-seqs": 8}}, "expected a name such as max_num_seqs, found 'max-num-s"),
        ({"stop": [""]}, "at least 1 character"),
        ({"temperature": 2.5}, "less than or equal to 2"),
        ({"top_p": 0}, "greater than 0"),
        ({"max_tokens": 0}, "greater than or equal to 1"),
        ({"model": ""}, "at least 1 character"),
    ],
)
def test_wrong_settings(fields, message):
    with pytest.raises(ValidationError, match=message):
        settings(**fields)


def test_a_folder_is_meant_from_the_spec_s_own(tmp_path: Path):
    (tmp_path / "weights").mkdir()
    found = VllmSettings.model_validate({"model": "weights"}, context={"base": tmp_path})
    assert found.model == str(tmp_path / "weights")
    assert settings(model="weights").model == "weights"


def test_what_is_not_set_is_left_to_vllm():
    assert engine_arguments(settings()) == {
        "model": "some/model",
        "dtype": "auto",
        "tensor_parallel_size": 1,
        "generation_config": "vllm",
        "disable_log_stats": True,
    }


def test_the_engine_s_further_arguments():
    found = engine_arguments(settings(engine={"max_num_seqs": 8, "disable_log_stats": False}))
    assert found["max_num_seqs"] == 8
    assert found["disable_log_stats"] is False


def test_the_command_line():
    arguments = {
        "model": "some/model",
        "seed": -1,
        "enforce_eager": True,
        "enable_prefix_caching": False,
        "disable_log_stats": False,
        "hf_overrides": {"a": [1, None]},
        "cudagraph_capture_sizes": [1, 2],
    }
    assert command_line(arguments) == [
        "some/model",
        "--seed=-1",
        "--enforce-eager",
        "--no-enable-prefix-caching",
        '--hf-overrides={"a": [1, null]}',
        "--cudagraph-capture-sizes",
        "1",
        "2",
    ]


@needs_vllm
def test_vllm_reads_the_command_line_as_it_was_meant():
    """Every switch of the engine, on and off, and values of the other kinds."""
    cli_args = pytest.importorskip("vllm.entrypoints.launchers.cli_args")
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    parser = cli_args.make_arg_parser(FlexibleArgumentParser())
    known = {action.dest for action in parser._actions}
    switches = {
        field.name
        for field in dataclasses.fields(AsyncEngineArgs)
        if field.name in known and field.type in (bool, bool | None)
    }
    assert len(switches) > 20
    values = {
        "cudagraph_capture_sizes": [1, 2],
        "hf_overrides": {"a": {"b": [1, "two", None]}},
        "max_num_seqs": 8,
        "quantization": "fp8",
        "seed": -1,
    }
    for value in (True, False):
        meant = {**dict.fromkeys(switches, value), **values}
        found = vars(parser.parse_args(command_line({"model": "m", **meant})))
        assert {name: found[name] for name in meant} == meant
