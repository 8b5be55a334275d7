"""Upstreams that fail: another answers, what only fails is left alone, and all of it is kept."""

from __future__ import annotations

import sqlite3
import time

import pytest
from served import save_router

FAULTS = [429, 500, 503, 401, 404, "drop", "hang"]


@pytest.fixture
def picks_small(serve):
    """A server whose policy would always pick `small`."""

    def start(tmp_path, **settings):
        router = save_router(tmp_path, use="static", arm="small")
        return serve(router, **settings)

    return start


@pytest.mark.parametrize(
    ("fault", "stream"),
    [
        *((fault, False) for fault in [*FAULTS, "garbage"]),
        *((fault, True) for fault in [*FAULTS, "garbage", "whole"]),
    ],
)
def test_another_arm_answers_for_one_that_fails(picks_small, upstreams, tmp_path, fault, stream):
    upstreams["small"].fault = fault
    served = picks_small(tmp_path, limits={"silence_seconds": 0.2})
    reply = served.chat(stream=stream)
    assert reply.status == 200
    assert reply.headers["x-evalcore-arm"] == "large"
    (row,) = served.rows()
    assert (row["chosen"], row["asked"], row["propensity"]) == ("small", "large", 1.0)
    assert row["status"] == "answered"
    assert row["dollars"] > 0


def test_what_the_policy_did_not_pick_is_counted_and_not_learned(serve, upstreams):
    upstreams["large"].fault = 500
    served = serve()
    while (reply := served.chat()).headers["x-evalcore-arm"] == served.rows()[-1]["chosen"]:
        pass
    before = served.learned()
    receipt = served.feedback(reply.headers["x-evalcore-request-id"]).body
    assert (receipt["counted"], receipt["learned"]) == (True, False)
    assert all((served.learned()[name] == array).all() for name, array in before.items())


def test_an_upstream_that_only_fails_is_left_alone_and_tried_again(
    picks_small, upstreams, tmp_path
):
    upstreams["small"].fault = 500
    served = picks_small(tmp_path, breaker={"failures": 3, "pause_seconds": 0.5})
    for _ in range(20):
        assert served.chat().headers["x-evalcore-arm"] == "large"
    asked = len(upstreams["small"].bodies)
    assert 3 <= asked < 10
    assert {row["allowed"] for row in served.rows()[3:5]} == {"01"}
    upstreams["small"].fault = None
    for _ in range(1000):
        if served.chat().headers["x-evalcore-arm"] == "small":
            break
    assert served.chat().headers["x-evalcore-arm"] == "small"


def test_who_asks_for_a_pause_gets_it(picks_small, upstreams, tmp_path):
    upstreams["small"].fault, upstreams["small"].retry_after = 429, "60"
    served = picks_small(tmp_path)
    for _ in range(3):
        assert served.chat().headers["x-evalcore-arm"] == "large"
    assert len(upstreams["small"].bodies) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_where_all_fail_the_client_is_told(serve, upstreams, stream):
    for upstream in upstreams.values():
        upstream.fault = 503
    served = serve()
    reply = served.chat(stream=stream)
    assert reply.status == 503
    assert reply.body["error"] == {
        "message": "No upstream could answer.",
        "type": "server_error",
        "param": None,
        "code": "no_upstream",
    }
    assert int(reply.headers["retry-after"]) >= 1
    (row,) = served.rows()
    assert (row["status"], row["dollars"]) == ("failed", 0.0)
    for _ in range(20):
        assert served.chat(stream=stream).status == 503
    assert served.feedback(reply.headers["x-evalcore-request-id"]).body["learned"] is False


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_that_an_upstream_blames_is_the_clients(serve, upstreams, stream):
    for upstream in upstreams.values():
        upstream.fault = 400
    served = serve()
    reply = served.chat(stream=stream)
    assert (reply.status, reply.body["error"]["message"]) == (400, "told 400")
    assert sum(len(upstream.bodies) for upstream in upstreams.values()) == 1
    assert [row["status"] for row in served.rows()] == ["refused"]


@pytest.mark.parametrize("fault", ["cut", "short", "noise"])
def test_a_stream_that_breaks_off_says_so(serve, upstreams, fault):
    for upstream in upstreams.values():
        upstream.fault = fault
    served = serve()
    reply = served.chat(stream=True)
    assert reply.status == 200
    *_, last, end = reply.body.split(b"\n\n")
    assert b'"code": "upstream_failed"' in last
    assert end == b""
    assert b"[DONE]" not in reply.body
    (row,) = served.rows()
    assert (row["status"], row["dollars"]) == ("cut", None)


@pytest.mark.parametrize("fault", ["cut", "short", "noise"])
def test_an_upstream_whose_streams_only_break_off_is_left_alone(
    picks_small, upstreams, tmp_path, fault
):
    upstreams["small"].fault = fault
    served = picks_small(tmp_path, breaker={"failures": 3, "pause_seconds": 60})
    arms = [served.chat(stream=True).headers["x-evalcore-arm"] for _ in range(5)]
    assert arms == ["small"] * 3 + ["large"] * 2


def test_clients_that_leave_are_no_failure_of_the_upstream(picks_small, upstreams, tmp_path):
    upstreams["small"].answer, upstreams["small"].pause = "word " * 1000, 0.01
    served = picks_small(tmp_path, breaker={"failures": 1, "pause_seconds": 60})
    messages = [{"role": "user", "content": "hello"}]
    with (
        served.client() as client,
        client.chat.completions.create(model="router", messages=messages, stream=True) as stream,
    ):
        next(iter(stream))
    while served.rows()[0]["status"] == "open":
        time.sleep(0.01)
    assert served.rows()[0]["status"] == "cut"
    upstreams["small"].answer, upstreams["small"].pause = "word", 0.0
    assert served.chat().headers["x-evalcore-arm"] == "small"


def test_an_upstream_that_is_not_there_is_like_one_that_fails(serve, upstreams, tmp_path):
    named = {
        "small": {"base_url": "http://127.0.0.1:1/v1", "model": "m"},
        "large": {"base_url": upstreams["large"].url, "model": "m"},
    }
    served = serve(upstreams=named)
    assert {served.chat().headers["x-evalcore-arm"] for _ in range(8)} == {"large"}


def test_a_state_that_cannot_be_written_answers_nothing_and_recovers(serve, caplog):
    served = serve()
    kept = served.chat()
    other = sqlite3.connect(served.state, isolation_level=None)
    other.execute("DROP TABLE context")
    refused = served.chat()
    assert (refused.status, refused.body["error"]["code"]) == (503, "state_unavailable")
    other.execute("CREATE TABLE context (number INTEGER PRIMARY KEY, features BLOB NOT NULL)")
    other.close()
    assert "could not be committed: no such table: context" in caplog.text
    assert served.chat().status == 200
    assert served.rows()[0]["id"] == kept.headers["x-evalcore-request-id"]
    assert len(served.rows()) == 2
