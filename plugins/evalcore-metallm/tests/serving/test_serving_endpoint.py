"""What clients of the endpoint get, by the official SDK and by plain HTTP."""

from __future__ import annotations

import json
import time

import openai
import pytest
from served import PRICES, Served, save_router

from evalcore_metallm.logs.routing import RoutingLog
from evalcore_metallm.router import Router, RouterSettings

QUESTION = [{"role": "user", "content": "one two three four"}]


def test_a_completion_comes_from_the_arm_that_was_picked_and_is_kept(serve, upstreams):
    served = serve()
    with served.client() as client:
        raw = client.chat.completions.with_raw_response.create(
            model="router", messages=QUESTION, temperature=0.5, tools=[]
        )
    answer = raw.parse()
    (row,) = served.rows()
    arm = row["asked"]
    assert row["id"] == raw.headers["x-evalcore-request-id"]
    assert row["chosen"] == arm == raw.headers["x-evalcore-arm"]
    assert answer.choices[0].message.content == upstreams[arm].answer
    assert answer.model == f"{arm}-1"
    assert (row["prompt_tokens"], row["completion_tokens"]) == (4, 3)
    assert row["dollars"] == PRICES[arm].of(4, 3)
    assert row["status"] == "answered"
    assert row["seconds"] > 0
    assert 0 < row["propensity"] <= 1
    assert row["allowed"] == "11"
    sent = {"model": f"{arm}-1", "messages": QUESTION, "temperature": 0.5, "tools": []}
    assert upstreams[arm].bodies == [sent]


@pytest.mark.parametrize("wants_usage", [False, True])
def test_a_stream_is_passed_on_as_it_is(serve, upstreams, wants_usage):
    served = serve()
    options = {"stream_options": {"include_usage": True}} if wants_usage else {}
    with (
        served.client() as client,
        client.chat.completions.create(
            model="router", messages=QUESTION, stream=True, **options
        ) as stream,
    ):
        chunks = list(stream)
        headers = stream.response.headers
    (row,) = served.rows()
    arm = row["asked"]
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text.split() == upstreams[arm].answer.split()
    assert [c.usage is not None for c in chunks] == [False] * 4 + [True] * wants_usage
    assert headers["x-evalcore-request-id"] == row["id"]
    assert row["status"] == "answered"
    assert (row["prompt_tokens"], row["completion_tokens"]) == (4, 3)
    assert row["dollars"] == PRICES[arm].of(4, 3)
    assert upstreams[arm].bodies[0]["stream_options"] == {"include_usage": True}


def test_a_stream_is_byte_for_byte_that_of_the_upstream(serve, upstreams):
    served = serve()
    reply = served.chat(stream=True, stream_options={"include_usage": True})
    events = reply.body.split(b"\n\n")
    assert events[-2:] == [b"data: [DONE]", b""]
    told = [json.loads(event[6:]) for event in events[:-2]]
    assert [t["usage"] is not None for t in told] == [False] * 4 + [True]
    assert reply.headers["content-type"] == "text/event-stream"


def test_a_stream_without_usage_is_answered_and_of_unknown_cost(serve, upstreams):
    for upstream in upstreams.values():
        upstream.fault = "silent"
    served = serve()
    for stream in (False, True):
        reply = served.chat(stream=stream)
        receipt = served.feedback(reply.headers["x-evalcore-request-id"])
        assert receipt.body["counted"]
        assert not receipt.body["learned"]
    assert [(r["status"], r["dollars"]) for r in served.rows()] == [("answered", None)] * 2


def test_who_leaves_a_stream_ends_it_upstream(serve, upstreams):
    for upstream in upstreams.values():
        upstream.answer, upstream.pause = "word " * 1000, 0.01
    served = serve()
    with served.client() as client:
        stream = client.chat.completions.create(model="router", messages=QUESTION, stream=True)
        next(iter(stream))
        identifier = stream.response.headers["x-evalcore-request-id"]
        assert served.feedback(identifier).status == 409
        stream.close()
    _until(lambda: served.rows()[0]["status"] == "cut")
    _until(lambda: sum(upstream.left for upstream in upstreams.values()) == 1)
    assert served.rows()[0]["dollars"] is None
    receipt = served.feedback(identifier).body
    assert (receipt["counted"], receipt["learned"]) == (True, False)


def test_the_router_learns_from_feedback(serve):
    served = serve()
    before = served.learned()
    reply = served.chat()
    receipt = served.feedback(reply.headers["x-evalcore-request-id"], 0.75)
    assert receipt.body == {
        "id": reply.headers["x-evalcore-request-id"],
        "counted": True,
        "learned": True,
        "quality": 0.75,
    }
    assert any((served.learned()[name] != array).any() for name, array in before.items())


def test_feedback_counts_once(serve):
    served = serve()
    identifier = served.chat().headers["x-evalcore-request-id"]
    served.feedback(identifier, 0.25)
    after_first = served.learned()
    second = served.feedback(identifier, 1.0)
    assert second.status == 200
    assert not second.body["counted"]
    assert second.body["quality"] == 0.25
    unknown = served.feedback("no such id", 1.0)
    assert (unknown.status, unknown.body["error"]["code"]) == (404, "unknown_request")
    assert all((served.learned()[name] == array).all() for name, array in after_first.items())
    assert served.ask("GET", "/router").body["feedback"] == {
        "counted": 1,
        "repeated": 1,
        "unknown": 1,
    }


def test_a_reward_is_quality_less_price_times_cost(serve):
    served = serve(price=0.5)
    reply = served.chat("one two three four")
    (row,) = served.rows()
    cost = row["dollars"] / 1e-4  # the mean cost of the dearest arm
    sent = {"id": reply.headers["x-evalcore-request-id"], "reward": 0.7 - 0.5 * cost}
    receipt = served.ask("POST", "/feedback", sent)
    assert receipt.body["quality"] == pytest.approx(0.7, abs=1e-12)


def test_models_lists_the_router(serve):
    served = serve(name="my-router")
    with served.client() as client:
        assert [model.id for model in client.models.list()] == ["my-router"]


def test_price_budget_and_arms_change_while_it_runs(serve):
    served = serve()
    told = served.ask("PATCH", "/router", {"price": 0.25, "arms": ["large"], "budget": 5})
    assert told.status == 200
    assert (told.body["price"], told.body["budget"]) == (0.25, 5)
    assert [arm["allowed"] for arm in told.body["arms"]] == [False, True]
    assert [served.chat().headers["x-evalcore-arm"] for _ in range(5)] == ["large"] * 5
    assert {(row["propensity"], row["allowed"], row["price"]) for row in served.rows()} == {
        (1.0, "01", 0.25)
    }
    assert served.ask("GET", "/router").body["arms"][1]["requests"] == 5


def test_a_fitted_router_knows_hard_from_easy_and_the_price_turns_it(serve, tmp_path):
    easy = [f"add {number} and two" for number in range(10)]
    hard = [f"prove lemma {number}" for number in range(10)]
    log = RoutingLog(
        ids=tuple(map(str, range(20))),
        queries=(*easy, *hard),
        groups=("",) * 20,
        split=("",) * 20,
        arms=tuple(PRICES),
        prices=tuple(PRICES.values()),
        quality=[[1.0, 1.0]] * 10 + [[0.0, 1.0]] * 10,
        cost=[[1e-5, 1e-4]] * 20,
    )
    chosen = {"policy": {"use": "linucb", "alpha": 0.0}, "features": "tfidf", "price": 0.5}
    file = tmp_path / "fitted.router"
    Router.fit(log, RouterSettings.model_validate(chosen)).save(file)
    served = serve(file)
    arms = [served.chat(query).headers["x-evalcore-arm"] for query in (easy[0], hard[0])]
    assert arms == ["small", "large"]
    served.ask("PATCH", "/router", {"price": 5.0})
    assert served.chat(hard[0]).headers["x-evalcore-arm"] == "small"


def test_the_router_as_it_is_now_can_be_taken_away(serve):
    served = serve()
    served.feedback(served.chat().headers["x-evalcore-request-id"], 0.75)
    served.ask("PATCH", "/router", {"price": 0.5})
    taken = Router.loads(served.ask("GET", "/router/file").body)
    assert taken.price == 0.5
    learned = served.learned()
    assert any(array.any() for array in learned.values())
    for name, array in learned.items():
        assert array.tobytes() == taken.policy.state()[name].tobytes()


def test_a_spent_budget_refuses_requests_until_it_is_raised(serve):
    served = serve(budget=1e-9)
    assert served.chat().status == 200
    refused = served.chat()
    assert (refused.status, refused.body["error"]["code"]) == (429, "insufficient_quota")
    served.ask("PATCH", "/router", {"budget": None})
    assert served.chat().status == 200


@pytest.mark.parametrize("known", [False, True])
def test_answers_of_unknown_cost_count_for_the_budget_by_estimate(
    make_settings, upstreams, tmp_path, known
):
    router, chosen = save_router(tmp_path, use="static", arm="large"), make_settings()
    each = PRICES["large"].of(2, 3) if known else 1e-4  # the router's expectation
    with Served(router, chosen) as served:
        if known:
            served.chat("shorter")
            served.chat("one two")
        spent = sum(row["dollars"] for row in served.rows())
        for fault in ("silent", "cut", 400, 503):
            upstreams["large"].fault = upstreams["small"].fault = fault
            served.chat(stream=True)
        unknown = [row["status"] for row in served.rows() if row["dollars"] is None]
        assert unknown == ["answered", "cut", "refused"]
        told = served.ask("GET", "/router").body
        assert told["dollars"] == pytest.approx(spent)
        assert told["estimated_dollars"] == pytest.approx(2 * each)
        upstreams["large"].fault = None
        served.ask("PATCH", "/router", {"budget": spent + 2.01 * each})
        upstreams["large"].fault = "cut"
        assert served.chat(stream=True).status == 200
        assert served.chat(stream=True).status == 429
        told = served.ask("GET", "/router").body
    with Served(router, chosen) as served:
        assert served.ask("GET", "/router").body == told
        assert served.chat().status == 429


def test_keys_are_wanted_where_they_are_set(serve):
    served = serve(key="for clients", admin_key="for me")
    with served.client("for clients") as client:
        client.chat.completions.create(model="router", messages=QUESTION)
    with served.client("wrong") as client, pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="router", messages=QUESTION)
    assert served.ask("GET", "/router").status == 401
    assert served.ask("GET", "/router/file").status == 401
    as_client = {"Authorization": "Bearer for clients"}
    assert served.ask("GET", "/router", headers=as_client).status == 401
    assert served.ask("GET", "/router", headers={"Authorization": "Bearer for me"}).status == 200


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b"{", 400, None),
        (b"[]", 400, None),
        (b"[" * 100_000, 400, None),
        (b'{"model": "router", "messages": [], "temperature": NaN}', 400, None),
        (b'{"model": "router", "messages": [], "temperature": -Infinity}', 400, None),
        (b'{"model": "router", "messages": [], "temperature": 1e999}', 400, None),
        ({"messages": QUESTION}, 400, "model"),
        ({"model": "gpt", "messages": QUESTION}, 404, "model"),
        ({"model": "router"}, 400, "messages"),
        ({"model": "router", "messages": []}, 400, "messages"),
        ({"model": "router", "messages": ["hi"]}, 400, "messages"),
        ({"model": "router", "messages": [{"role": "user", "content": 7}]}, 400, "messages"),
        ({"model": "router", "messages": QUESTION, "stream": "yes"}, 400, "stream"),
        ({"model": "router", "messages": QUESTION, "stream_options": 1}, 400, "stream_options"),
        (b'{"model": "router", "pad": "' + b"x" * 5000 + b'"}', 413, None),
    ],
)
def test_bad_requests_are_told_in_the_shape_of_openai(serve, body, status, param):
    served = serve(limits={"body_bytes": 4000} if status == 413 else {})
    reply = served.ask("POST", "/chat/completions", body)
    assert reply.status == status
    error = reply.body["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert served.rows() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": "x"},
        {"id": 1, "quality": 1},
        {"id": "x", "quality": 1, "reward": 1},
        {"id": "x", "quality": 1.5},
        {"id": "x", "quality": True},
        {"id": "x", "quality": 1, "note": ""},
        b'{"id": "x", "quality": NaN}',
        b'{"id": "x", "reward": 1e999}',
    ],
)
def test_bad_feedback_is_refused(serve, body):
    assert serve().ask("POST", "/feedback", body).status == 400


GRANT = {"grant": {"dollars": 1.0, "queries": 10}}  # the policy keeps to no budget


@pytest.mark.parametrize(
    "body",
    [
        {"price": -1},
        {"price": "1"},
        {"arms": []},
        {"arms": ["gpt"]},
        {"budget": -1},
        {"seed": 1},
        GRANT,
    ],
)
def test_bad_changes_are_refused_and_change_nothing(serve, body):
    served = serve()
    before = served.ask("GET", "/router").body
    assert served.ask("PATCH", "/router", body).status == 400
    assert served.ask("GET", "/router").body == before


def test_other_paths_and_methods_are_told_too(serve):
    served = serve()
    assert served.ask("GET", "/nothing").body["error"]["code"] == "not_found"
    assert served.ask("GET", "/chat/completions").status == 405


def test_text_that_utf8_cannot_spell_is_routed(serve):
    served = serve(log_queries=True)
    body = b'{"model": "router", "messages": [{"role": "user", "content": "a \\ud800 b"}]}'
    assert served.ask("POST", "/chat/completions", body).status == 200
    assert served.rows()[0]["query"] == "a ? b"
    assert served.ask("POST", "/feedback", b'{"id": "\\ud800", "quality": 1}').status == 404


def test_it_takes_on_as_many_requests_as_it_is_told(serve, upstreams):
    for upstream in upstreams.values():
        upstream.answer, upstream.pause = "word " * 200, 0.01
    served = serve(limits={"in_flight": 1})
    with served.client() as client:
        stream = client.chat.completions.create(model="router", messages=QUESTION, stream=True)
        next(iter(stream))
        refused = served.chat()
        assert (refused.status, refused.body["error"]["code"]) == (503, "overloaded")
        stream.close()
    _until(lambda: served.rows()[0]["status"] == "cut")
    _until(lambda: served.chat(stream=True).status == 200)


def _until(fact) -> None:
    for _ in range(1000):
        if fact():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that")
