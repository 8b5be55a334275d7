from __future__ import annotations

import argparse
import errno
import sys
from pathlib import Path
from types import ModuleType

import pytest

from evalcore.errors import EvalcoreError
from evalcore_metallm.command import log
from evalcore_metallm.command import serve as command
from evalcore_metallm.logs.deployment import DeploymentColumns, read_deployment_log


def parsed(module: ModuleType, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    module.configure(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize("missing", ["aiohttp", "starlette", "uvicorn"])
def test_a_library_that_is_not_installed_is_named_with_the_extra(monkeypatch, missing):
    for name in list(sys.modules):
        if name.startswith("evalcore_metallm.serving"):
            monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.partition(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Missing(missing), *sys.meta_path])
    with pytest.raises(EvalcoreError, match=rf"{missing} is not.*evalcore-metallm\[serve\]"):
        command.run(parsed(command, "a.router", "--config", "serve.yaml"))


class _Missing:
    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == self._name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_a_router_that_is_not_there_is_told(tmp_path):
    config = tmp_path / "serve.yaml"
    config.write_text("{state: s.db, upstreams: {a: {base_url: 'http://127.0.0.1', model: m}}}")
    with pytest.raises(EvalcoreError, match=r"cannot read .*none\.router"):
        command.run(parsed(command, str(tmp_path / "none.router"), "--config", str(config)))


@pytest.mark.parametrize("log_queries", [False, True])
def test_the_log_of_a_server_is_one_of_a_deployed_router(serve, upstreams, tmp_path, log_queries):
    served = serve_some(serve, upstreams, log_queries)
    file = tmp_path / "choices.jsonl"
    assert log.run(parsed(log, str(served.state), "--out", str(file))) == 0
    found = read_deployment_log([file], DeploymentColumns(), {})
    kept = [row for row in served.rows() if row["status"] == "answered" and row["allowed"] == "11"]
    assert list(found.ids) == [row["id"] for row in kept if row["chosen"] == row["asked"]]
    assert list(found.quality) == [number / 10 for number in range(6)]
    assert [found.arms[arm] for arm in found.arm] == [row["asked"] for row in kept][:6]
    assert list(found.cost) == [row["dollars"] for row in kept][:6]
    assert list(found.propensity) == [row["propensity"] for row in kept][:6]
    expected = [f"question {number}" if log_queries else "" for number in range(6)]
    assert list(found.queries) == expected


def serve_some(serve, upstreams, log_queries):
    """A server that was asked in all the ways that a log tells apart."""
    served = serve(log_queries=log_queries)
    for number in range(6):
        reply = served.chat(f"question {number}")
        served.feedback(reply.headers["x-evalcore-request-id"], number / 10)
    served.ask("PATCH", "/router", {"arms": ["small"]})
    served.feedback(served.chat().headers["x-evalcore-request-id"])
    upstreams["small"].fault = 400
    served.chat()
    return served


def test_what_is_left_out_of_a_log_is_told(serve, upstreams, tmp_path, capsys):
    served = serve_some(serve, upstreams, False)
    log.run(parsed(log, str(served.state), "--out", str(tmp_path / "choices.jsonl")))
    assert capsys.readouterr().err.splitlines() == [
        "6 choices, 6 with their quality",
        "left out: 1 of which the request has no whole answer",
        "left out: 1 of which the request could not go to every arm",
    ]


def test_a_file_that_is_no_state_has_no_log(tmp_path):
    with pytest.raises(EvalcoreError, match="cannot be read as the state"):
        log.run(parsed(log, str(tmp_path / "none.db"), "--out", str(tmp_path / "rows.jsonl")))


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal", ".lock"])
@pytest.mark.parametrize("link", [None, "symlink_to", "hardlink_to"])
def test_a_log_is_not_written_over_the_state(serve, tmp_path, end, link):
    served = serve()
    served.chat()
    out = file = tmp_path / f"state.db{end}"
    if link == "hardlink_to" and not file.exists():
        pytest.skip("there is no such file to link to")
    if link is not None:
        out = tmp_path / "choices.jsonl"
        getattr(out, link)(file)
    content = file.read_bytes() if file.exists() else None
    with pytest.raises(EvalcoreError, match="belongs to the state"):
        log.run(parsed(log, str(served.state), "--out", str(out)))
    assert (file.read_bytes() if file.exists() else None) == content


@pytest.mark.parametrize(
    "content", [b"dear diary", b'{"id": "a"}\n', b"\xff\x00", b"[]\n", b"[" * 100_000]
)
def test_a_log_is_not_written_over_another_file(serve, tmp_path, content):
    file = tmp_path / "mine.jsonl"
    file.write_bytes(content)
    with pytest.raises(EvalcoreError, match="is no log of a server"):
        log.run(parsed(log, str(serve().state), "--out", str(file)))
    assert file.read_bytes() == content


@pytest.mark.parametrize("log_queries", [False, True])
def test_a_log_is_written_over_one_of_before_and_stays_as_private(serve, tmp_path, log_queries):
    served, file = serve(log_queries=log_queries), tmp_path / "choices.jsonl"
    for number in range(3):
        assert log.run(parsed(log, str(served.state), "--out", str(file))) == 0
        assert len(file.read_text().splitlines()) == number
        file.chmod(0o600)
        served.chat()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_log_that_cannot_be_written_leaves_the_one_of_before(serve, tmp_path, monkeypatch):
    served, folder = serve(), tmp_path / "logs"
    folder.mkdir()
    file = folder / "choices.jsonl"
    served.chat()
    log.run(parsed(log, str(served.state), "--out", str(file)))
    content = file.read_bytes()
    served.chat()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(EvalcoreError, match=r"cannot write .*No space left"):
        log.run(parsed(log, str(served.state), "--out", str(file)))
    assert [found.name for found in folder.iterdir()] == [file.name]
    assert file.read_bytes() == content


def test_a_log_can_go_to_standard_output(serve, capfd):
    served = serve()
    served.chat()
    log.run(parsed(log, str(served.state), "--out", "/dev/stdout"))
    assert '"propensity"' in capfd.readouterr().out
