from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore_metallm.serving.protocol import (
    EventSplitter,
    Tokens,
    read_chat,
    read_event,
    read_tokens,
)


@given(
    st.lists(st.binary(min_size=1).filter(lambda b: not set(b) & set(b"\r\n"))),
    st.sampled_from([b"\n\n", b"\r\n\r\n"]),
    st.data(),
)
def test_events_are_the_same_however_their_bytes_arrive(contents, end, data):
    events = [content + end for content in contents]
    whole = b"".join(events) + b"rest"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)))))
    splitter, found = EventSplitter(), []
    for begin, until in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        found += splitter.feed(whole[begin:until])
    assert found == events
    assert splitter.rest() == b"rest"


@pytest.mark.parametrize(
    ("messages", "query"),
    [
        ([("system", "s"), ("user", "first"), ("assistant", "a"), ("user", "last")], "last"),
        ([("user", "first"), ("assistant", "a")], "first"),
        ([("user", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])], "a\nb"),
        ([("user", [{"type": "image_url", "image_url": {"url": "x"}}])], ""),
    ],
)
def test_the_last_message_of_the_user_is_what_a_request_is_routed_by(messages, query):
    told = [{"role": role, "content": content} for role, content in messages]
    chat = read_chat(json.dumps({"model": "m", "messages": told}).encode(), "m")
    assert chat.query == query


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4}, Tokens(3, 4)),
        ({"prompt_tokens": 3}, Tokens(3, 0)),
        ({"prompt_tokens": -3, "completion_tokens": 4}, None),
        ({"prompt_tokens": 3.0, "completion_tokens": 4}, None),
        ({"prompt_tokens": True, "completion_tokens": 4}, None),
        ({"prompt_tokens": 2**53, "completion_tokens": 4}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_tokens_are_read_or_unknown(usage, tokens):
    assert read_tokens({"usage": usage}) == tokens


def test_an_event_may_have_several_lines_and_other_fields():
    assert read_event(b': note\nid: 1\ndata: {"a":\r\ndata: 1}\n\n') == {"a": 1}
    assert read_event(b"data: [DONE]\n\n") is None
    assert read_event(b": nothing\n\n") is None
