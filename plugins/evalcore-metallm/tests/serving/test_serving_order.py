"""Nothing is acknowledged before it is kept: whoever holds the file's lock holds the answers."""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest


@contextmanager
def nothing_can_be_kept(state):
    connection = sqlite3.connect(state, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@pytest.fixture
def later():
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit


def still_waits(reply: Future) -> bool:
    try:
        reply.result(timeout=0.5)
    except TimeoutError:
        return True
    return False


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_waits_for_its_row(serve, later, stream):
    served = serve()
    question = {"model": "router", "messages": [{"role": "user", "content": "hello"}]}
    with served.client() as client:
        with nothing_can_be_kept(served.state):
            answer = later(client.chat.completions.create, **question, stream=stream)
            assert still_waits(answer)  # of a stream: for its head, which tells the id
        answer = answer.result()
        assert len(served.rows()) == 1
        if stream:
            answer.close()


def test_the_end_of_a_stream_waits_for_its_tokens(serve, upstreams, later):
    for upstream in upstreams.values():
        upstream.pause = 0.05
    served = serve()
    with served.client() as client:
        stream = client.chat.completions.create(
            model="router", messages=[{"role": "user", "content": "hello"}], stream=True
        )
        chunks = iter(stream)
        next(chunks)
        with nothing_can_be_kept(served.state):
            rest = later(list, chunks)
            assert still_waits(rest)
        assert rest.result()[-1].choices[0].finish_reason == "stop"
        assert served.rows()[0]["completion_tokens"] == 3


def test_feedback_and_changes_wait_until_they_are_kept(serve, later):
    served = serve()
    identifier = served.chat().headers["x-evalcore-request-id"]
    with nothing_can_be_kept(served.state):
        reply = later(served.feedback, identifier)
        assert still_waits(reply)
        assert served.ask("GET", "/router").body["lessons"] == 0
    assert reply.result().body["learned"]
    with nothing_can_be_kept(served.state):
        reply = later(served.ask, "PATCH", "/router", {"price": 0.5})
        assert still_waits(reply)
        assert served.ask("GET", "/router").body["price"] == 0.0
    assert reply.result().body["price"] == 0.5


def test_where_all_fail_the_client_is_told_after_it_is_kept(serve, upstreams, later):
    for upstream in upstreams.values():
        upstream.fault = 500
    served = serve()
    with nothing_can_be_kept(served.state):
        reply = later(served.chat)
        assert still_waits(reply)
    assert reply.result().status == 503
    assert [row["status"] for row in served.rows()] == ["failed"]
