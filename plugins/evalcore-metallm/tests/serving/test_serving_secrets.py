"""Keys and queries stay where they belong."""

from __future__ import annotations

import logging

KEY, QUERY, CLIENT_KEY = "sk-very-secret-17", "a private matter of Zanzibar", "client-secret-4"


def test_neither_keys_nor_queries_reach_the_state_or_the_log(serve, upstreams, caplog):
    caplog.set_level(logging.DEBUG, logger="evalcore_metallm")
    served = _served(serve, upstreams)
    _everything_once(served, upstreams)
    told = caplog.text.encode() + _content(served)
    assert b"failed" in caplog.text.encode()
    assert upstreams["small"].keys.count(f"Bearer {KEY}") == len(upstreams["small"].keys) > 0
    for secret in (KEY, CLIENT_KEY, QUERY, "Zanzibar"):
        assert secret.encode() not in told


def test_queries_are_kept_where_that_is_asked_for(serve, upstreams):
    served = _served(serve, upstreams, log_queries=True)
    _everything_once(served, upstreams)
    assert {row["query"] for row in served.rows()} == {QUERY}
    assert KEY.encode() not in _content(served)


def _served(serve, upstreams, **settings):
    named = {
        name: {"base_url": upstream.url, "model": name, "key": KEY}
        for name, upstream in upstreams.items()
    }
    return serve(upstreams=named, key=CLIENT_KEY, **settings)


def _everything_once(served, upstreams) -> None:
    keyed = {"Authorization": f"Bearer {CLIENT_KEY}"}
    body = {"model": "router", "messages": [{"role": "user", "content": QUERY}]}
    for fault in (None, 500, "cut", 400, "drop"):
        for upstream in upstreams.values():
            upstream.fault = fault
        for stream in (False, True):
            served.ask("POST", "/chat/completions", {**body, "stream": stream}, keyed)
    assert served.ask("POST", "/chat/completions", body).status == 401


def _content(served) -> bytes:
    files = list(served.state.parent.glob(served.state.name + "*"))
    assert len(files) >= 2
    return b"".join(file.read_bytes() for file in files)
