"""A server that comes back: it knows what it knew, and refuses a state that is not its own."""

from __future__ import annotations

import fcntl
import socket
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import Served, rows, save_router

from evalcore.errors import EvalcoreError
from evalcore_metallm.serving.database import Lock
from evalcore_metallm.serving.export import export
from evalcore_metallm.serving.server import serve

POLICIES = ["linucb", "hybrid-linucb", "linear-thompson", "logistic", "squarecb", "ucb1"]


@pytest.mark.parametrize("snapshot_every", [3, 1000])
@pytest.mark.parametrize("policy", POLICIES)
def test_what_was_learned_comes_back_to_the_bit(
    make_settings, upstreams, tmp_path, policy, snapshot_every
):
    router = save_router(tmp_path, use=policy)
    chosen = make_settings(snapshot_every=snapshot_every)
    with Served(router, chosen) as served:
        at_first = served.learned()
        for number in range(8):
            reply = served.chat(f"question {number}")
            served.feedback(reply.headers["x-evalcore-request-id"], number / 8)
        served.ask("PATCH", "/router", {"price": 0.5, "arms": ["small"]})
        assert any((served.learned()[name] != array).any() for name, array in at_first.items())
        before, told = served.learned(), served.ask("GET", "/router").body
        _forget_the_last_snapshot(served.state, snapshot_every)
    with Served(router, chosen) as served:
        after = served.learned()
        assert served.ask("GET", "/router").body == told
    assert before.keys() == after.keys()
    for name, array in before.items():
        assert array.tobytes() == after[name].tobytes()


def test_a_budget_of_the_policy_holds_what_nobody_told_of(make_settings, upstreams, tmp_path):
    budget = {"budget": 1000, "queries": 10}
    router, chosen = save_router(tmp_path, use="budgeted-linucb", **budget), make_settings()
    with Served(router, chosen) as served:
        identifiers = [served.chat().headers["x-evalcore-request-id"] for _ in range(4)]
        served.feedback(identifiers[0])
        upstreams["small"].fault = upstreams["large"].fault = 400
        served.chat()
        upstreams["small"].fault = upstreams["large"].fault = 500
        served.chat()
        upstreams["small"].fault = upstreams["large"].fault = None
        before = served.learned()
        assert before["under_way"].sum() == 3
    with Served(router, chosen) as served:
        after = served.learned()
        for name, array in before.items():
            assert array.tobytes() == after[name].tobytes()
        granted = served.ask("PATCH", "/router", {"grant": {"dollars": 1e-9, "queries": 5}})
        assert granted.status == 200
        refused = served.chat()
        assert (refused.status, refused.body["error"]["code"]) == (429, "insufficient_quota")
    with Served(router, chosen) as served:
        assert served.chat().status == 429
        served.ask("PATCH", "/router", {"grant": {"dollars": 10.0, "queries": 5}})
        assert served.chat().status == 200


def test_a_cascade_is_not_served(make_settings, tmp_path):
    with pytest.raises(EvalcoreError, match="cannot be served"):
        Served(save_router(tmp_path, use="cascade"), make_settings()).__enter__()


def test_settings_changed_while_it_ran_outlive_those_of_the_file(make_settings, tmp_path):
    router = save_router(tmp_path)
    with Served(router, make_settings(price=0.1, budget=1.0)) as served:
        served.ask("PATCH", "/router", {"price": 0.5})
        served.ask("PATCH", "/router", {"budget": None})
    with Served(router, make_settings(price=0.2, budget=2.0)) as served:
        state = served.ask("GET", "/router").body
        assert (state["price"], state["budget"]) == (0.5, None)


def test_choices_follow_from_the_seed_and_what_was_learned(make_settings, tmp_path):
    router = save_router(tmp_path)
    arms = []
    for name in ("a.db", "b.db"):
        with Served(router, make_settings(state=tmp_path / name)) as served:
            arms.append([served.chat(f"q {i}").headers["x-evalcore-arm"] for i in range(12)])
    assert arms[0] == arms[1]
    assert len(set(arms[0])) == 2


def test_answers_that_a_kill_cut_off_are_marked(make_settings, tmp_path):
    router, chosen = save_router(tmp_path), make_settings()
    with Served(router, chosen) as served:
        identifier = served.chat().headers["x-evalcore-request-id"]
    with closing(sqlite3.connect(chosen.state)) as connection, connection:
        connection.execute("UPDATE request SET status = 'open', dollars = NULL")
    connection.close()
    with Served(router, chosen) as served:
        assert [row["status"] for row in served.rows()] == ["cut"]
        receipt = served.feedback(identifier).body
        assert (receipt["counted"], receipt["learned"]) == (True, False)


def test_one_server_has_a_state_at_a_time(make_settings, tmp_path):
    router, chosen = save_router(tmp_path), make_settings()
    with Served(router, chosen), pytest.raises(EvalcoreError, match="held by another server"):
        Served(router, chosen).__enter__()


def _garble(state):
    state.write_bytes(b"no database, but a text that is long enough to be taken for one" * 100)


def _of_others(state):
    with closing(sqlite3.connect(state)) as connection, connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [(_garble, "cannot be used as the state"), (_of_others, "not the state of a server")],
)
def test_files_that_are_no_state_are_refused_and_left_alone(make_settings, tmp_path, spoil, told):
    chosen = make_settings()
    spoil(chosen.state)
    content = chosen.state.read_bytes()
    with pytest.raises(EvalcoreError, match=told):
        Served(save_router(tmp_path), chosen).__enter__()
    assert chosen.state.read_bytes() == content


def test_states_of_another_router_or_version_are_refused(make_settings, tmp_path):
    router, chosen = save_router(tmp_path), make_settings()
    with Served(router, chosen):
        pass
    with pytest.raises(EvalcoreError, match="goes on from a router"):
        Served(save_router(tmp_path, use="linucb"), chosen).__enter__()
    with closing(sqlite3.connect(chosen.state)) as connection, connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(EvalcoreError, match="version 9, expected 1"):
        Served(save_router(tmp_path), chosen).__enter__()


def test_a_damaged_snapshot_is_refused(make_settings, tmp_path):
    router, chosen = save_router(tmp_path), make_settings()
    with Served(router, chosen) as served:
        served.feedback(served.chat().headers["x-evalcore-request-id"])
    with closing(sqlite3.connect(chosen.state)) as connection, connection:
        connection.execute("UPDATE snapshot SET content = substr(content, 1, 200)")
    connection.close()
    with pytest.raises(EvalcoreError, match="the snapshot"):
        Served(router, chosen).__enter__()


@pytest.mark.parametrize(
    ("names", "told"),
    [(["small"], "'large' is in the router alone"), (["small", "large", "x"], "'x' is in the set")],
)
def test_each_arm_needs_an_upstream(make_settings, tmp_path, names, told):
    named = {name: {"base_url": "http://127.0.0.1:1/v1", "model": "m"} for name in names}
    chosen = make_settings(upstreams=named)
    with pytest.raises(EvalcoreError, match=told):
        Served(save_router(tmp_path), chosen).__enter__()
    assert not chosen.state.exists()


FEEDBACK = st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0.0, 0.3, 1.0])), max_size=40)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(FEEDBACK)
def test_the_first_feedback_on_a_request_counts_and_no_other(asked, feedback):
    served, identifiers = asked
    expected = {row["number"]: row["quality"] for row in rows(served.state, COUNTED)}
    for number, quality in feedback:
        receipt = served.feedback(identifiers[number], quality).body
        assert receipt["counted"] == (number + 1 not in expected)
        assert receipt["quality"] == expected.setdefault(number + 1, quality)
    found = {row["number"]: row["quality"] for row in rows(served.state, COUNTED)}
    assert found == expected


COUNTED = "SELECT number, quality FROM event"


@pytest.fixture
def asked(make_settings, tmp_path):
    with Served(save_router(tmp_path), make_settings()) as served:
        yield served, [served.chat().headers["x-evalcore-request-id"] for _ in range(10)]


def test_a_state_with_a_damaged_page_is_one_clear_error(make_settings, tmp_path):
    router, chosen = save_router(tmp_path), make_settings()
    with Served(router, chosen) as served:
        for number in range(60):
            reply = served.chat(f"question {number}")
            served.feedback(reply.headers["x-evalcore-request-id"])
    good = chosen.state.read_bytes()
    refused = []
    for page in range(4096, len(good), 4096):
        chosen.state.write_bytes(good[:page] + b"\xa5" * 4096 + good[page + 4096 :])
        refused += [_told(lambda: Served(router, chosen).__enter__().__exit__())]
        refused += [_told(lambda: export(chosen.state))]
    assert len(list(filter(None, refused))) > 4
    assert all("state.db: cannot be " in told for told in filter(None, refused))
    assert all("restore a copy" in told for told in filter(None, refused))
    assert not (tmp_path / "state.db.lock").exists()


def _told(start) -> str:
    try:
        start()
    except EvalcoreError as error:
        return str(error)
    return ""


def test_a_start_that_fails_leaves_no_file(make_settings, tmp_path):
    router = save_router(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as busy:
        chosen = make_settings(port=busy.getsockname()[1])
        before = sorted(tmp_path.iterdir())
        with pytest.raises(EvalcoreError, match="cannot listen"):
            serve(router, chosen, print)
        assert sorted(tmp_path.iterdir()) == before
    _garble(chosen.state)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(EvalcoreError, match="cannot be used"):
        Served(router, chosen).__enter__()
    assert sorted(tmp_path.iterdir()) == before


def test_a_lock_that_was_there_stays(make_settings, tmp_path):
    lock = tmp_path / "state.db.lock"
    lock.write_text("mine")
    with Served(save_router(tmp_path), make_settings()):
        pass
    assert lock.read_text() == "mine"


def test_a_lock_on_a_file_that_was_removed_is_none(tmp_path, monkeypatch):
    held, flock = Lock(tmp_path / "state.db"), fcntl.flock

    def late(descriptor: int, how: int) -> None:
        held.release()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(EvalcoreError, match="held by another server"):
        Lock(tmp_path / "state.db")


def _forget_the_last_snapshot(state, snapshot_every) -> None:
    """What a clean stop keeps is not what a kill leaves; the trigger stands for the kill."""
    with closing(sqlite3.connect(state)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER killed BEFORE DELETE ON snapshot BEGIN SELECT RAISE(IGNORE); END"
        )
        connection.execute(
            "CREATE TRIGGER gone BEFORE INSERT ON snapshot BEGIN SELECT RAISE(IGNORE); END"
        )
    connection.close()
    assert len(rows(state, "SELECT * FROM snapshot")) == (snapshot_every < 8)
